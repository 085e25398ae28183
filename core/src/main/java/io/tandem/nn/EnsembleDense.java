package io.tandem.nn;

import io.tandem.graph.Tensor;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The same dense layer of several models side by side, each with weights of its own: a whole ensemble trains in one graph,
 * in little more time than one small model. From [N, inputs], the same samples for all members, or [N, members, inputs], a
 * sample of each member's own, to [N, members, units]; elementwise layers such as activations go between.
 *
 * <p>No value of one member depends on another. With a loss that is the sum over members of each one's mean, such as {@code
 * (y, f) -> Losses.meanSquaredError().of(y, f).mul(members)}, and an optimizer that works element by element (all but {@link
 * io.tandem.optim.Lamb}), each member is trained as if it were alone.
 *
 * @param members number of models
 * @param units number of outputs of each
 * @param weight [members, units, inputs]
 * @param bias [members, units]
 */
public record EnsembleDense(int members, int units, Param weight, Param bias) implements Layer {
    /** Checks the sizes. */
    public EnsembleDense {
        if (members < 1 || units < 1) {
            throw new IllegalArgumentException("ensemble of dense layers: members and units must be at least 1, got "
                    + members + " and " + units);
        }
    }

    /** Layers with Glorot-uniform weights and biases that start at zero. */
    public static EnsembleDense of(int members, int units) {
        return new EnsembleDense(
                members,
                units,
                Param.of(perMember(Initializers.glorotUniform())),
                Param.of(perMember(Initializers.zeros())));
    }

    /**
     * These layers with other initial weights, and parameters of their own.
     *
     * @param initializer is asked for the weights [units, inputs] of each member, with a seed of its own
     */
    public EnsembleDense withWeights(Initializer initializer) {
        return new EnsembleDense(members, units, Param.of(perMember(initializer)), bias.fresh());
    }

    /** These layers with other initial biases, each member's [units], and parameters of their own. */
    public EnsembleDense withBias(Initializer initializer) {
        return new EnsembleDense(members, units, weight.fresh(), Param.of(perMember(initializer)));
    }

    /** An initializer of parameters [members, ...] that draws each member's on its own. */
    private static Initializer perMember(Initializer initializer) {
        return (type, seed) -> {
            int count = type.shape().dim(0);
            TensorType one = type.with(type.shape().without(0));
            List<NDArray> drawn = IntStream.range(0, count)
                    .mapToObj(m -> initializer.initialize(one, seed ^ PathHash.of("member." + m)))
                    .toList();
            int size = Math.toIntExact(one.shape().size());
            return NDArray.generate(type, i -> drawn.get(i / size).getDouble(i % size));
        };
    }

    @Override
    public Tensor forward(Tensor x) {
        Layers.requireRank("ensemble of dense layers", x, 2, 3);
        if (x.rank() == 3 && x.dim(1) != members) {
            throw Layers.error(
                    x,
                    "ensemble of dense layers: the input %s must be [N, inputs] or [N, %d, inputs] for %d members"
                            .formatted(x.type(), members, members));
        }
        Trace trace = Trace.of(x);
        Tensor w = trace.param(weight, Shape.of(members, units, x.dim(-1)));
        Tensor b = trace.param(bias, Shape.of(members, units));
        Tensor rows = x.rank() == 2 ? x.expandDims(0) : x.transpose(0, 1);
        return rows.matmul(w, false, true).add(b.expandDims(1)).transpose(0, 1);
    }
}
