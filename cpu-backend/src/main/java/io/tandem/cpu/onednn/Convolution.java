package io.tandem.cpu.onednn;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Convolution over one to three spatial axes: src [N, I, ...], weights [O, I, ...] or with groups [G, O/G, I/G, ...],
 * bias [O], dst [N, O, ...]. Plain weights fall to slow implementations: leave the weights' layout open.
 *
 * <p>Of activations, channels last is fast for all shapes. Blocked layouts are a little faster for gradients of
 * weights, but plain loops, a hundred times slower, compute them where channels or groups do not fill the blocks. Plain
 * activations are reordered inside the primitive, each time. Mixed layouts of src and dst are slow but for a first
 * layer with 1 or 3 channels, where plain src and blocked dst is what oneDNN chooses itself. See
 * {@link PrimitiveDescriptor#isReference}.
 */
public sealed interface Convolution extends Operation {

    /** How the filter moves. */
    WindowGeometry geometry();

    /**
     * Result of a convolution. Arguments: {@link Argument#SRC}, {@link Argument#WEIGHTS}, {@link Argument#BIAS},
     * {@link Argument#DST}.
     */
    record Forward(
            Propagation propagation,
            MemoryDescriptor src,
            MemoryDescriptor weights,
            Optional<MemoryDescriptor> bias,
            MemoryDescriptor dst,
            WindowGeometry geometry)
            implements Convolution {
        /** Checks sizes. */
        public Forward {
            requireSizes(src, weights, bias, dst, geometry);
        }
    }

    /**
     * Gradient with respect to the source. Arguments: {@link Argument#DIFF_DST}, {@link Argument#WEIGHTS},
     * {@link Argument#DIFF_SRC}.
     *
     * @param forward the forward operation's descriptor; it may be closed once this operation has a descriptor
     */
    record BackwardData(
            MemoryDescriptor diffSrc,
            MemoryDescriptor weights,
            MemoryDescriptor diffDst,
            WindowGeometry geometry,
            PrimitiveDescriptor forward)
            implements Convolution {
        /** Checks sizes. */
        public BackwardData {
            requireSizes(diffSrc, weights, Optional.empty(), diffDst, geometry);
        }
    }

    /**
     * Gradients with respect to weights and bias. Arguments: {@link Argument#SRC}, {@link Argument#DIFF_DST},
     * {@link Argument#DIFF_WEIGHTS}, {@link Argument#DIFF_BIAS}.
     *
     * @param forward the forward operation's descriptor; it may be closed once this operation has a descriptor
     */
    record BackwardWeights(
            MemoryDescriptor src,
            MemoryDescriptor diffWeights,
            Optional<MemoryDescriptor> diffBias,
            MemoryDescriptor diffDst,
            WindowGeometry geometry,
            PrimitiveDescriptor forward)
            implements Convolution {
        /** Checks sizes. */
        public BackwardWeights {
            requireSizes(src, diffWeights, diffBias, diffDst, geometry);
        }
    }

    private static void requireSizes(MemoryDescriptor src, MemoryDescriptor weights, Optional<MemoryDescriptor> bias,
            MemoryDescriptor dst, WindowGeometry geometry) {
        String what = "convolution: " + src + " with " + weights + bias.map(b -> " + " + b).orElse("") + " -> " + dst;
        int axes = geometry.axes();
        boolean grouped = weights.rank() == axes + 3;
        if (axes < 1 || axes > 3 || (!grouped && weights.rank() != axes + 2)) {
            throw new IllegalArgumentException(what + ": weights need rank " + (axes + 2) + ", or " + (axes + 3)
                    + " with groups, for " + axes + " spatial axes (1 to 3)");
        }
        int first = grouped ? 1 : 0;
        List<Long> window = IntStream.range(first + 2, weights.rank()).mapToObj(weights::dim).toList();
        geometry.requireFit(what, src, window, dst);
        long groups = grouped ? weights.dim(0) : 1;
        if (src.dim(0) != dst.dim(0)) {
            throw new IllegalArgumentException(what + ": batch sizes differ");
        }
        if (src.dim(1) != groups * weights.dim(first + 1) || dst.dim(1) != groups * weights.dim(first)) {
            throw new IllegalArgumentException(what + ": weights take " + groups * weights.dim(first + 1)
                    + " channels to " + groups * weights.dim(first));
        }
        if (bias.isPresent() && !bias.get().sameDims(dst.dim(1))) {
            throw new IllegalArgumentException(what + ": the bias must have the sizes [" + dst.dim(1) + "]");
        }
    }
}
