package io.tandem.graph;

import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** Builds the composites: each method adds one to the graph of its first operand, with its definition as body. */
public final class Composites {
    private Composites() {}

    /** Softmax along an axis. */
    public static Tensor softmax(Tensor x, int axis) {
        return call(new CompositeKind.Softmax(axis), List.of(x), in -> {
            Tensor e = in.getFirst().sub(keep(in.getFirst().max(axis), axis)).exp();
            return List.of(e.div(keep(e.sum(axis), axis)));
        })
                .getFirst();
    }

    /** Logarithm of the softmax along an axis. */
    public static Tensor logSoftmax(Tensor x, int axis) {
        return call(new CompositeKind.LogSoftmax(axis), List.of(x), in -> List.of(logSoftmaxBody(in.getFirst(), axis)))
                .getFirst();
    }

    private static Tensor logSoftmaxBody(Tensor x, int axis) {
        Tensor shifted = x.sub(keep(x.max(axis), axis));
        return shifted.sub(keep(shifted.exp().sum(axis).log(), axis));
    }

    /**
     * Cross-entropy of class indices, per row.
     *
     * @param logits [rows, classes]
     * @param labels [rows], int32 or int64
     * @return losses [rows]
     */
    public static Tensor crossEntropy(Tensor logits, Tensor labels) {
        if (logits.rank() != 2 || labels.rank() != 1 || labels.dim(0) != logits.dim(0)) {
            throw logits.error("cross-entropy: logits " + logits.type() + " and labels " + labels.type()
                    + " must be [rows, classes] and [rows]");
        }
        return call(new CompositeKind.CrossEntropy(), List.of(logits, labels), in -> {
            Tensor logProbabilities = logSoftmaxBody(in.get(0), 1);
            Tensor classes = in.get(1).graph().iota(in.get(1).type().with(logits.shape()), 1);
            Tensor picked = classes.eq(in.get(1).expandDims(1))
                    .select(logProbabilities, logProbabilities.like(0))
                    .sum(1);
            Tensor valid = in.get(1).ge(0).and(in.get(1).lt(logits.dim(1)));
            Tensor loss = valid.select(picked.neg(), picked.like(Double.POSITIVE_INFINITY));
            return List.of(loss, logProbabilities);
        })
                .getFirst();
    }

    /**
     * Layer normalization over the axes that scale and shift have.
     *
     * @return y, mean and 1 / standard deviation
     */
    public static List<Tensor> layerNorm(Tensor x, Tensor scale, Tensor shift, double epsilon) {
        int count = scale.rank();
        if (count > x.rank() || !x.shape().subShape(x.rank() - count, x.rank()).equals(scale.shape())) {
            throw x.error("layer-norm: scale " + scale.type() + " must have the trailing axes of " + x.type());
        }
        int[] axes = IntStream.range(x.rank() - count, x.rank()).toArray();
        List<Integer> list = IntStream.of(axes).boxed().toList();
        return call(new CompositeKind.LayerNorm(count, epsilon), List.of(x, scale, shift), in -> {
            Tensor mean = in.get(0).mean(axes);
            Tensor centered = in.get(0).sub(mean.keepDims(x.shape(), list));
            Tensor inverse = centered.square().mean(axes).add(epsilon).rsqrt();
            Tensor y = centered.mul(inverse.keepDims(x.shape(), list))
                    .mul(in.get(1))
                    .add(in.get(2));
            return List.of(y, mean, inverse);
        });
    }

    /**
     * Batch normalization with the batch's own statistics, over all axes but axis 1.
     *
     * @return y, mean [C] and biased variance [C]
     */
    public static List<Tensor> batchNormTraining(Tensor x, Tensor scale, Tensor shift, double epsilon) {
        requireChannels("batch-norm", x, scale);
        int[] axes = IntStream.range(0, x.rank()).filter(i -> i != 1).toArray();
        return call(new CompositeKind.BatchNormTraining(epsilon), List.of(x, scale, shift), in -> {
            Tensor mean = in.get(0).mean(axes);
            Tensor centered = in.get(0).sub(perChannel(mean, x.rank()));
            Tensor variance = centered.square().mean(axes);
            Tensor y = normalize(centered, in.get(1), in.get(2), variance, epsilon);
            return List.of(y, mean, variance);
        });
    }

    /** Batch normalization with given statistics. */
    public static Tensor batchNormInference(
            Tensor x, Tensor scale, Tensor shift, Tensor mean, Tensor variance, double epsilon) {
        requireChannels("batch-norm", x, scale);
        return call(new CompositeKind.BatchNormInference(epsilon), List.of(x, scale, shift, mean, variance), in -> {
            Tensor centered = in.get(0).sub(perChannel(in.get(3), x.rank()));
            return List.of(normalize(centered, in.get(1), in.get(2), in.get(4), epsilon));
        })
                .getFirst();
    }

    private static Tensor normalize(Tensor centered, Tensor scale, Tensor shift, Tensor variance, double epsilon) {
        int rank = centered.rank();
        Tensor factor = variance.add(epsilon).rsqrt().mul(scale);
        return centered.mul(perChannel(factor, rank)).add(perChannel(shift, rank));
    }

    /** GELU: x Φ(x), exact or in the tanh form. */
    public static Tensor gelu(Tensor x, boolean tanhForm) {
        return call(new CompositeKind.Gelu(tanhForm), List.of(x), in -> {
            Tensor v = in.getFirst();
            Tensor inner = tanhForm
                    ? v.add(v.mul(v).mul(v).mul(0.044715)).mul(Math.sqrt(2 / Math.PI)).tanh()
                    : v.mul(Math.sqrt(0.5)).erf();
            return List.of(v.mul(0.5).mul(inner.add(1)));
        })
                .getFirst();
    }

    /**
     * Scaled dot-product attention.
     *
     * @param query [..., T, D]
     * @param key [..., S, D]
     * @param value [..., S, E]
     * @param mask [..., T, S] of truth values, true where attention is allowed; a row without any gives NaN
     * @param causal whether position t sees positions up to t alone
     * @param scale factor of the scores, as a rule 1 / sqrt(D)
     * @return [..., T, E]
     */
    public static Tensor attention(
            Tensor query, Tensor key, Tensor value, Optional<Tensor> mask, boolean causal, double scale) {
        Shape batch = query.shape().subShape(0, query.rank() - 2);
        Shape scoresShape = batch.concat(Shape.of(query.dim(-2), key.dim(-2)));
        List<Tensor> operands = new ArrayList<>(List.of(query, key, value));
        mask.ifPresent(m -> operands.add(m.broadcastTo(scoresShape)));
        return call(new CompositeKind.Attention(scale, causal, mask.isPresent()), operands, in -> {
            Tensor scores = in.get(0).matmul(in.get(1), false, true).mul(scale);
            Tensor minus = scores.like(Double.NEGATIVE_INFINITY);
            if (causal) {
                TensorType index = new TensorType(DType.I32, scoresShape);
                Graph graph = scores.graph();
                Tensor allowed = graph.iota(index, -1).le(graph.iota(index, -2));
                scores = allowed.select(scores, minus);
            }
            if (in.size() > 3) {
                scores = in.get(3).select(scores, minus);
            }
            return List.of(softmax(scores, scores.rank() - 1).matmul(in.get(2)));
        })
                .getFirst();
    }

    /**
     * One LSTM layer over a sequence; operands as {@link CompositeKind.Lstm} says.
     *
     * @return all h [T, N, H], last h [N, H], last c [N, H]
     */
    public static List<Tensor> lstm(
            Tensor x, Tensor h0, Tensor c0, Tensor inputWeight, Tensor recurrentWeight, Tensor bias, boolean reverse) {
        int hidden = h0.dim(-1);
        requireRecurrent("lstm", x, h0, inputWeight, recurrentWeight, 4);
        List<Tensor> operands = List.of(x, h0, c0, inputWeight, recurrentWeight, bias);
        return call(new CompositeKind.Lstm(reverse), operands, in -> {
            Tensor projected = in.get(0).matmul(in.get(3), false, true).add(in.get(5));
            List<Tensor> results = scan(
                    projected.dim(0), reverse, List.of(in.get(1), in.get(2)), List.of(projected), List.of(in.get(4)),
                    s -> {
                        Tensor gates = s.scanned(0).add(s.carry(0).matmul(s.fixed(0), false, true));
                        Tensor i = gates.slice(1, 0, hidden).sigmoid();
                        Tensor f = gates.slice(1, hidden, 2 * hidden).sigmoid();
                        Tensor g = gates.slice(1, 2 * hidden, 3 * hidden).tanh();
                        Tensor o = gates.slice(1, 3 * hidden, 4 * hidden).sigmoid();
                        Tensor c = f.mul(s.carry(1)).add(i.mul(g));
                        Tensor h = o.mul(c.tanh());
                        return new ScanStep.Next(List.of(h, c), List.of(h));
                    });
            return List.of(results.get(2), results.get(0), results.get(1));
        });
    }

    /**
     * One GRU layer over a sequence, reset after the recurrent product; operands as {@link CompositeKind.Gru} says.
     *
     * @return all h [T, N, H], last h [N, H]
     */
    public static List<Tensor> gru(
            Tensor x,
            Tensor h0,
            Tensor inputWeight,
            Tensor recurrentWeight,
            Tensor inputBias,
            Tensor recurrentBias,
            boolean reverse) {
        int hidden = h0.dim(-1);
        requireRecurrent("gru", x, h0, inputWeight, recurrentWeight, 3);
        List<Tensor> operands = List.of(x, h0, inputWeight, recurrentWeight, inputBias, recurrentBias);
        return call(new CompositeKind.Gru(reverse), operands, in -> {
            Tensor projected = in.get(0).matmul(in.get(2), false, true).add(in.get(4));
            List<Tensor> fixed = List.of(in.get(3), in.get(5));
            List<Tensor> results =
                    scan(projected.dim(0), reverse, List.of(in.get(1)), List.of(projected), fixed, s -> {
                        Tensor input = s.scanned(0);
                        Tensor recurrent = s.carry(0).matmul(s.fixed(0), false, true).add(s.fixed(1));
                        Tensor r = part(input, hidden, 0).add(part(recurrent, hidden, 0)).sigmoid();
                        Tensor z = part(input, hidden, 1).add(part(recurrent, hidden, 1)).sigmoid();
                        Tensor n = part(input, hidden, 2)
                                .add(r.mul(part(recurrent, hidden, 2)))
                                .tanh();
                        Tensor h = n.add(z.mul(s.carry(0).sub(n)));
                        return new ScanStep.Next(List.of(h), List.of(h));
                    });
            return List.of(results.get(1), results.get(0));
        });
    }

    /**
     * A function with a gradient of its own.
     *
     * @param name for printing
     * @param operands what it is applied to
     * @param forward from the operands to the results
     * @param gradient from operands, results and the results' cotangents to the operands' cotangents
     * @return the results
     */
    public static List<Tensor> custom(
            String name,
            List<Tensor> operands,
            UnaryOperator<List<Tensor>> forward,
            BiFunction<CompositeKind.Custom.Values, List<Tensor>, List<Optional<Tensor>>> gradient) {
        return call(new CompositeKind.Custom(name, gradient), operands, forward);
    }

    /**
     * A loop over axis 0 of the scanned values; see {@link Op.Scan}.
     *
     * @param length number of iterations
     * @param reverse whether it runs from the last index to the first
     * @param carries initial values of what is carried from one iteration to the next
     * @param scanned values that are sliced along axis 0
     * @param fixed values that each iteration sees whole
     * @param step one iteration
     * @return last carries, then stacked values
     */
    public static List<Tensor> scan(
            int length,
            boolean reverse,
            List<Tensor> carries,
            List<Tensor> scanned,
            List<Tensor> fixed,
            java.util.function.Function<ScanStep, ScanStep.Next> step) {
        Graph body = new Graph();
        List<Tensor> bodyCarries = inputs(body, "carry", carries, false);
        List<Tensor> bodyScanned = inputs(body, "scanned", scanned, true);
        List<Tensor> bodyFixed = inputs(body, "fixed", fixed, false);
        Tensor index = body.input("index", TensorType.of(DType.I64));
        ScanStep.Next next = step.apply(new ScanStep(bodyCarries, bodyScanned, bodyFixed, index));
        List<Tensor> results = new ArrayList<>(next.carries());
        results.addAll(next.stacked());
        body.body(results);
        List<Tensor> operands = new ArrayList<>(carries);
        operands.addAll(scanned);
        operands.addAll(fixed);
        Graph graph = operands.getFirst().graph();
        return graph.add(new Op.Scan(body, length, reverse, carries.size(), scanned.size()), operands)
                .subList(0, results.size());
    }

    private static List<Tensor> inputs(Graph body, String name, List<Tensor> values, boolean sliced) {
        return IntStream.range(0, values.size())
                .mapToObj(i -> {
                    TensorType type = values.get(i).type();
                    return body.input(name + i, sliced ? type.with(type.shape().without(0)) : type);
                })
                .toList();
    }

    /** Adds a composite whose body is what {@code build} makes of stand-ins for the operands. */
    static List<Tensor> call(CompositeKind kind, List<Tensor> operands, UnaryOperator<List<Tensor>> build) {
        Graph outer = operands.getFirst().graph();
        Graph body = new Graph();
        List<Tensor> inputs = IntStream.range(0, operands.size())
                .mapToObj(i -> body.input(Integer.toString(i), operands.get(i).type()))
                .toList();
        body.body(body.inScope(outer.scope(), () -> build.apply(inputs)));
        return outer.add(new Op.Composite(kind, body), operands);
    }

    private static Tensor keep(Tensor reduced, int axis) {
        return reduced.expandDims(axis);
    }

    private static Tensor part(Tensor gates, int hidden, int gate) {
        return gates.slice(1, gate * hidden, (gate + 1) * hidden);
    }

    private static Tensor perChannel(Tensor channels, int rank) {
        int[] dims = new int[rank - 1];
        java.util.Arrays.fill(dims, 1);
        dims[0] = channels.dim(0);
        return channels.reshape(dims);
    }

    private static void requireChannels(String what, Tensor x, Tensor scale) {
        if (x.rank() < 2 || scale.rank() != 1 || scale.dim(0) != x.dim(1)) {
            throw x.error(what + ": x " + x.type() + " must be [N, C, ...] and scale " + scale.type() + " [C]");
        }
    }

    private static void requireRecurrent(
            String what, Tensor x, Tensor h0, Tensor inputWeight, Tensor recurrentWeight, int gates) {
        boolean fits = x.rank() == 3
                && h0.rank() == 2
                && h0.dim(0) == x.dim(1)
                && inputWeight.shape().equals(Shape.of(gates * h0.dim(1), x.dim(2)))
                && recurrentWeight.shape().equals(Shape.of(gates * h0.dim(1), h0.dim(1)));
        if (!fits) {
            throw x.error(
                    ("%s: x %s, h0 %s, input weights %s and recurrent weights %s must be [T, N, I], [N, H], [%dH, I]"
                            + " and [%dH, H]")
                            .formatted(what, x.type(), h0.type(), inputWeight.type(), recurrentWeight.type(), gates,
                                    gates));
        }
    }
}
