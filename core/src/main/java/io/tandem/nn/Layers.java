package io.tandem.nn;

import io.tandem.graph.GraphException;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;

/** What layers check of their inputs. */
final class Layers {
    private Layers() {}

    static void requireRank(String layer, Tensor x, int low, int high) {
        if (x.rank() < low || x.rank() > high) {
            String most = high == Integer.MAX_VALUE ? "at least " + low : low + " to " + high;
            String axes = low == high ? Integer.toString(low) : most;
            throw error(x, "%s: the input %s must have %s axes".formatted(layer, x.type(), axes));
        }
    }

    /** An exception with the layer's path added to the message. */
    static GraphException error(Tensor x, String message) {
        String scope = x.graph().scope();
        return new GraphException(scope.isEmpty() ? message : message + " (in " + scope + ")");
    }

    static void requireDivisible(String layer, Tensor x, int groups) {
        if (x.dim(1) % groups != 0) {
            throw error(
                    x,
                    "%s: %d channels of the input %s do not divide into %d groups"
                            .formatted(layer, x.dim(1), x.type(), groups));
        }
    }

    /** The type that products of this element type accumulate in. */
    static DType accumulator(Tensor x) {
        return x.dtype() == DType.F16 || x.dtype() == DType.BF16 ? DType.F32 : x.dtype();
    }

    /** A vector over channels, shaped so that it broadcasts over [N, C, spatial...]. */
    static Tensor perChannel(Tensor channels, int rank) {
        int[] dims = new int[rank - 1];
        java.util.Arrays.fill(dims, 1);
        dims[0] = channels.dim(0);
        return channels.reshape(dims);
    }
}
