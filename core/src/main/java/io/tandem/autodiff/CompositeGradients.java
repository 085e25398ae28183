package io.tandem.autodiff;

import io.tandem.graph.CompositeKind;
import io.tandem.graph.Graph;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The gradient of a composite is a composite: its operands are the forward's operands, results and given cotangents. Its
 * body comes from differentiating the forward's body, or from a shorter rule where there is one.
 */
final class CompositeGradients {
    private CompositeGradients() {}

    static List<Optional<Tensor>> of(
            Node node, Op.Composite composite, List<Optional<Tensor>> cotangents, List<Integer> wanted) {
        if (composite.kind() instanceof CompositeKind.Custom custom) {
            return custom(node, custom, cotangents);
        }
        List<Integer> given = IntStream.range(0, cotangents.size())
                .filter(i -> cotangents.get(i).isPresent())
                .boxed()
                .toList();
        List<Tensor> operands = new ArrayList<>(node.operands());
        operands.addAll(node.results());
        given.forEach(i -> operands.add(cotangents.get(i).orElseThrow()));
        Graph body = body(composite, node, given, wanted);
        CompositeKind kind = new CompositeKind.Gradient(composite.kind(), given, wanted);
        List<Tensor> results = node.graph().add(new Op.Composite(kind, body), operands);
        List<Optional<Tensor>> gradients = new ArrayList<>();
        node.operands().forEach(x -> gradients.add(Optional.empty()));
        for (int i = 0; i < wanted.size(); i++) {
            gradients.set(wanted.get(i), Optional.of(results.get(i)));
        }
        return gradients;
    }

    private static List<Optional<Tensor>> custom(
            Node node, CompositeKind.Custom custom, List<Optional<Tensor>> cotangents) {
        List<Tensor> full = IntStream.range(0, cotangents.size())
                .mapToObj(i -> cotangents.get(i).orElseGet(() -> node.graph().zeros(node.types().get(i))))
                .toList();
        List<Optional<Tensor>> gradients =
                custom.gradient().apply(new CompositeKind.Custom.Values(node.operands(), node.results()), full);
        if (gradients.size() != node.operands().size()) {
            throw new io.tandem.graph.GraphException("the gradient of '" + custom.name() + "' yields "
                    + gradients.size() + " cotangents for " + node.operands().size() + " operands");
        }
        for (int i = 0; i < gradients.size(); i++) {
            TensorType expected = node.operand(i).type();
            Optional<Tensor> gradient = gradients.get(i);
            if (gradient.isPresent() && !gradient.get().type().equals(expected)) {
                throw new io.tandem.graph.GraphException("the gradient of '" + custom.name() + "' for operand " + i
                        + " is " + gradient.get().type() + ", but the operand is " + expected);
            }
        }
        return gradients;
    }

    private static Graph body(Op.Composite forward, Node node, List<Integer> given, List<Integer> wanted) {
        Graph body = new Graph();
        List<Tensor> operands = inputs(body, "x", node.operands().stream().map(Tensor::type).toList());
        List<Tensor> results = inputs(body, "y", node.types());
        List<Tensor> cotangents =
                inputs(body, "g", given.stream().map(i -> node.types().get(i)).toList());
        return body.inScope(node.scope(), () -> {
            if (given.equals(List.of(0))) {
                boolean mixed = isMixed(operands);
                Optional<List<Tensor>> known = mixed
                        ? rule(forward.kind(), wide(operands), wide(results), wide(cotangents).getFirst())
                        : rule(forward.kind(), operands, results, cotangents.getFirst());
                if (known.isPresent()) {
                    return body.body(wanted.stream()
                            .map(i -> known.get().get(i).cast(operands.get(i).dtype()))
                            .toList());
                }
            }
            return derive(forward.body(), body, operands, results, given, wanted);
        });
    }

    /** Whether there are operands of 16 bits beside float32: then the computation is of float32. */
    private static boolean isMixed(List<Tensor> operands) {
        return operands.stream()
                .map(Tensor::dtype)
                .filter(DType::isFloating)
                .distinct()
                .count()
                > 1;
    }

    private static List<Tensor> wide(List<Tensor> values) {
        return values.stream()
                .map(x -> x.dtype() == DType.F16 || x.dtype() == DType.BF16 ? x.cast(DType.F32) : x)
                .toList();
    }

    /** Differentiates the forward's body; where that needs the forward's results, it takes those given as operands. */
    private static Graph derive(
            Graph forward,
            Graph body,
            List<Tensor> operands,
            List<Tensor> results,
            List<Integer> given,
            List<Integer> wanted) {
        Graph draft = new Graph();
        List<Tensor> draftInputs = new ArrayList<>();
        body.inputs().forEach(x -> draftInputs.add(draft.input("i" + draftInputs.size(), x.type())));
        List<Tensor> draftOperands = draftInputs.subList(0, operands.size());
        List<Tensor> draftCotangents =
                draftInputs.subList(operands.size() + results.size(), draftInputs.size());
        List<Tensor> outputs = draft.inScope(body.scope(), () -> draft.inline(forward, draftOperands));
        List<Tensor> gradients = draft.inScope(
                body.scope(),
                () -> Gradients.gradients(
                        given.stream().map(outputs::get).toList(),
                        draftCotangents,
                        wanted.stream().map(draftOperands::get).toList()));
        draft.body(gradients);

        Map<Tensor, Tensor> known = new HashMap<>();
        for (int i = 0; i < draftInputs.size(); i++) {
            known.put(draftInputs.get(i), body.inputs().get(i));
        }
        for (int i = 0; i < outputs.size(); i++) {
            known.putIfAbsent(outputs.get(i), results.get(i));
        }
        return body.body(body.inline(draft, known));
    }

    /** Short rules for the cotangent of the first result alone; one gradient per operand, in order. */
    private static Optional<List<Tensor>> rule(CompositeKind kind, List<Tensor> x, List<Tensor> y, Tensor g) {
        return switch (kind) {
            case CompositeKind.Softmax(int axis) -> {
                Tensor p = y.getFirst();
                Tensor dot = g.mul(p).sum(axis).expandDims(axis);
                yield Optional.of(List.of(p.mul(g.sub(dot))));
            }
            case CompositeKind.LogSoftmax(int axis) -> {
                Tensor total = g.sum(axis).expandDims(axis);
                yield Optional.of(List.of(g.sub(y.getFirst().exp().mul(total))));
            }
            case CompositeKind.CrossEntropy c -> {
                Tensor logits = x.get(0);
                Tensor target = x.get(1).oneHot(logits.dim(1), logits.dtype());
                Tensor rows = g.expandDims(1);
                yield Optional.of(List.of(y.get(1).exp().sub(target).mul(rows)));
            }
            case CompositeKind.LayerNorm(int axes, double epsilon) ->
                Optional.of(layerNorm(x.get(0), x.get(1), y.get(1), y.get(2), g, axes));
            case CompositeKind.BatchNormTraining(double epsilon) ->
                Optional.of(batchNorm(x.get(0), x.get(1), y.get(1), y.get(2), g, epsilon));
            case CompositeKind.BatchNormInference b -> Optional.empty();
            case CompositeKind.Gelu gelu -> Optional.empty();
            case CompositeKind.Attention a -> Optional.empty();
            case CompositeKind.Lstm l -> Optional.empty();
            case CompositeKind.Gru gru -> Optional.empty();
            case CompositeKind.Custom c -> Optional.empty();
            case CompositeKind.Gradient of -> Optional.empty();
        };
    }

    private static List<Tensor> layerNorm(Tensor x, Tensor scale, Tensor mean, Tensor inverse, Tensor g, int count) {
        int leading = x.rank() - count;
        int[] normalized = IntStream.range(leading, x.rank()).toArray();
        List<Integer> list = IntStream.of(normalized).boxed().toList();
        Tensor keptInverse = inverse.keepDims(x.shape(), list);
        Tensor standard = x.sub(mean.keepDims(x.shape(), list)).mul(keptInverse);
        Tensor scaled = g.mul(scale);
        Tensor meanGradient = scaled.mean(normalized).keepDims(x.shape(), list);
        Tensor meanProduct = scaled.mul(standard).mean(normalized).keepDims(x.shape(), list);
        Tensor dx = scaled.sub(meanGradient).sub(standard.mul(meanProduct)).mul(keptInverse);
        int[] rows = IntStream.range(0, leading).toArray();
        Tensor product = g.mul(standard);
        return List.of(dx, leading == 0 ? product : product.sum(rows), leading == 0 ? g : g.sum(rows));
    }

    private static List<Tensor> batchNorm(
            Tensor x, Tensor scale, Tensor mean, Tensor variance, Tensor g, double epsilon) {
        int[] axes = IntStream.range(0, x.rank()).filter(i -> i != 1).toArray();
        List<Integer> list = IntStream.of(axes).boxed().toList();
        double count = (double) x.shape().size() / x.dim(1);
        Tensor inverse = variance.add(epsilon).rsqrt();
        Tensor standard = x.sub(mean.keepDims(x.shape(), list)).mul(inverse.keepDims(x.shape(), list));
        Tensor dShift = g.sum(axes);
        Tensor dScale = g.mul(standard).sum(axes);
        Tensor correction = dShift.keepDims(x.shape(), list)
                .add(standard.mul(dScale.keepDims(x.shape(), list)))
                .mul(1 / count);
        Tensor dx = g.sub(correction).mul(inverse.mul(scale).keepDims(x.shape(), list));
        return List.of(dx, dScale, dShift);
    }

    private static List<Tensor> inputs(Graph body, String name, List<TensorType> types) {
        return IntStream.range(0, types.size())
                .mapToObj(i -> body.input(name + i, types.get(i)))
                .toList();
    }
}
