package io.tandem.nn;

import io.tandem.graph.Composites;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.Optional;

/**
 * Multi-head attention (Vaswani et al., 2017): queries, keys and values of all heads by one dense layer each, scaled
 * dot-product attention per head, and a dense layer on the joined heads. As a layer it is self-attention on [N, T,
 * width]; {@link #apply(Tensor, Tensor, Tensor)} takes keys and values from elsewhere.
 *
 * @param heads number of heads, a divisor of the width
 * @param causal whether position t sees positions up to t alone
 * @param query makes queries [N, T, width]
 * @param key makes keys [N, S, width]
 * @param value makes values [N, S, width]
 * @param output from the joined heads [N, T, width] to the result
 * @param dropout of attention weights, in training
 */
public record MultiHeadAttention(
        int heads, boolean causal, Dense query, Dense key, Dense value, Dense output, Dropout dropout)
        implements Layer {
    /** Checks the heads. */
    public MultiHeadAttention {
        if (heads < 1 || query.units() % heads != 0) {
            throw new IllegalArgumentException(
                    "attention: width " + query.units() + " does not divide into " + heads + " heads");
        }
        if (key.units() != query.units() || value.units() % heads != 0) {
            throw new IllegalArgumentException("attention: keys must be as wide as queries, and values divide into "
                    + heads + " heads; widths are " + query.units() + ", " + key.units() + " and " + value.units());
        }
    }

    /** Attention that sees all positions, with biases and without dropout. */
    public static MultiHeadAttention of(int width, int heads) {
        return new MultiHeadAttention(
                heads, false, Dense.of(width), Dense.of(width), Dense.of(width), Dense.of(width), Dropout.of(0));
    }

    /** This layer seeing no later positions, with parameters of its own. */
    public MultiHeadAttention withCausalMask() {
        return new MultiHeadAttention(
                heads, true, fresh(query), fresh(key), fresh(value), fresh(output), dropout);
    }

    /** This layer with dropout of attention weights in training, and parameters of its own. */
    public MultiHeadAttention withDropout(double rate) {
        return new MultiHeadAttention(
                heads, causal, fresh(query), fresh(key), fresh(value), fresh(output), Dropout.of(rate));
    }

    /** This layer without biases, and with parameters of its own. */
    public MultiHeadAttention withoutBias() {
        return new MultiHeadAttention(
                heads,
                causal,
                query.withoutBias(),
                key.withoutBias(),
                value.withoutBias(),
                output.withoutBias(),
                dropout);
    }

    /** This layer with other initial weights, and parameters of its own. */
    public MultiHeadAttention withWeights(Initializer initializer) {
        return new MultiHeadAttention(
                heads,
                causal,
                query.withWeights(initializer),
                key.withWeights(initializer),
                value.withWeights(initializer),
                output.withWeights(initializer),
                dropout);
    }

    private static Dense fresh(Dense dense) {
        return new Dense(dense.units(), dense.weight().fresh(), dense.bias().map(Param::fresh));
    }

    @Override
    public Tensor forward(Tensor x) {
        return attend(x, x, x, Optional.empty());
    }

    /**
     * Attention to other positions.
     *
     * @param queries [N, T, ...]
     * @param keys [N, S, ...]
     * @param values [N, S, ...]
     * @return [N, T, width]
     */
    public Tensor apply(Tensor queries, Tensor keys, Tensor values) {
        return Trace.of(queries).enter(this, () -> attend(queries, keys, values, Optional.empty()));
    }

    /**
     * Attention to some of other positions.
     *
     * @param queries [N, T, ...]
     * @param keys [N, S, ...]
     * @param values [N, S, ...]
     * @param mask of truth values, true where attention is allowed: [N, S] for all queries of a sample, [N, T, S], or
     *     [1, T, S] for all samples; each query must have at least one position
     * @return [N, T, width]
     */
    public Tensor apply(Tensor queries, Tensor keys, Tensor values, Tensor mask) {
        return Trace.of(queries).enter(this, () -> attend(queries, keys, values, Optional.of(mask)));
    }

    private Tensor attend(Tensor queries, Tensor keys, Tensor values, Optional<Tensor> mask) {
        for (Tensor x : new Tensor[] {queries, keys, values}) {
            Layers.requireRank("attention", x, 3, 3);
        }
        if (keys.dim(0) != queries.dim(0) || values.dim(0) != queries.dim(0) || values.dim(1) != keys.dim(1)) {
            throw Layers.error(
                    queries,
                    "attention: queries %s, keys %s and values %s must be [N, T, ...], [N, S, ...] and [N, S, ...]"
                            .formatted(queries.type(), keys.type(), values.type()));
        }
        Tensor q = split(query.apply(queries));
        Tensor k = split(key.apply(keys));
        Tensor v = split(value.apply(values));
        Optional<Tensor> allowed = mask.map(m -> expand(m, queries, queries.dim(1), keys.dim(1)));
        double scale = 1 / Math.sqrt(q.dim(-1));
        boolean drops = dropout.rate() > 0 && Trace.of(queries).mode() == Mode.TRAINING;
        Tensor heads =
                drops ? dropping(q, k, v, allowed, scale) : Composites.attention(q, k, v, allowed, causal, scale);
        Tensor joined = heads.permute(0, 2, 1, 3).flatten(2);
        return output.apply(joined);
    }

    private Tensor dropping(Tensor q, Tensor k, Tensor v, Optional<Tensor> allowed, double scale) {
        Tensor scores = q.matmul(k, false, true).mul(scale);
        Tensor never = scores.like(Double.NEGATIVE_INFINITY);
        if (causal) {
            TensorType index = new TensorType(DType.I32, scores.shape().subShape(2, 4));
            Tensor past = q.graph().iota(index, 1).le(q.graph().iota(index, 0));
            scores = past.select(scores, never);
        }
        Tensor visible = scores;
        Tensor weights =
                allowed.map(a -> a.select(visible, never)).orElse(visible).softmax(-1);
        return dropout.apply(weights).matmul(v);
    }

    /** [N, T, width] to [N, heads, T, width / heads]. */
    private Tensor split(Tensor x) {
        return x.reshape(Shape.of(x.dim(0), x.dim(1), heads, x.dim(2) / heads)).permute(0, 2, 1, 3);
    }

    private static Tensor expand(Tensor mask, Tensor queries, int t, int s) {
        int n = queries.dim(0);
        boolean truth = mask.dtype() == DType.BOOL;
        if (truth && mask.shape().equals(Shape.of(n, s))) {
            return mask.reshape(n, 1, 1, s);
        }
        if (truth && (mask.shape().equals(Shape.of(n, t, s)) || mask.shape().equals(Shape.of(1, t, s)))) {
            return mask.expandDims(1);
        }
        throw Layers.error(
                queries,
                ("attention: a mask for %d samples, %d queries and %d keys must be bool of shape [%d, %d],"
                        + " [%d, %d, %d] or [1, %d, %d], got %s")
                        .formatted(n, t, s, n, s, n, t, s, t, s, mask.type()));
    }
}
