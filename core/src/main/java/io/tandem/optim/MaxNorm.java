package io.tandem.optim;

import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Keeps the weights that enter a unit from growing (Srebro et al., 2005; Srivastava et al., 2014): after each update,
 * every slice of a parameter along its first axis whose L2 norm exceeds the limit is scaled back to it. Dense layers and
 * convolutions have one slice per unit or filter.
 *
 * @param limit largest norm, positive
 * @param applies to which parameters, by path; parameters with fewer than two axes are never limited
 */
public record MaxNorm(double limit, Predicate<String> applies) {
    /** Checks the limit. */
    public MaxNorm {
        if (!(limit > 0)) {
            throw new IllegalArgumentException("max-norm: the limit must be positive, got " + limit);
        }
    }

    /** A limit for all parameters with at least two axes, as a rule 3 or 4. */
    public static MaxNorm of(double limit) {
        return new MaxNorm(limit, path -> true);
    }

    /** This limit on the parameters whose paths are chosen. */
    public MaxNorm on(Predicate<String> paths) {
        return new MaxNorm(limit, paths);
    }

    /** The limited value of a parameter. */
    public Tensor limit(String path, Tensor param) {
        if (param.rank() < 2 || !applies.test(path)) {
            return param;
        }
        int[] inner = IntStream.range(1, param.rank()).toArray();
        Tensor norm = param.square().sum(inner).cast(DType.F64).sqrt();
        // At least the limit, so that nothing is divided by zero and small slices keep their bits.
        Tensor factor = norm.maximum(limit).reciprocal().mul(limit).cast(param.dtype());
        Shape kept = Shape.of(IntStream.range(0, param.rank())
                .map(axis -> axis == 0 ? param.dim(0) : 1)
                .toArray());
        return param.mul(factor.reshape(kept));
    }

    /** All limits, one after the other. */
    public static Tensor limit(List<MaxNorm> limits, String path, Tensor param) {
        Tensor limited = param;
        for (MaxNorm limit : limits) {
            limited = limit.limit(path, limited);
        }
        return limited;
    }
}
