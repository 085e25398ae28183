package io.tandem.cpu.onednn;

import java.util.List;

/**
 * Pooling over one to three spatial axes: src [N, C, ...], dst [N, C, ...]. A ceiling in the result's size is
 * expressed by a larger padding at the end. Channels last and blocked layouts are three times as fast as plain ones.
 * Plain loops compute pooling with dilation in every layout.
 */
public sealed interface Pooling extends Operation {

    /** How the values of a window are combined. */
    enum Kind {
        /** Largest value; of equal ones the first. */
        MAX(511),
        /** Mean, where padding counts as zeros. */
        AVERAGE_INCLUDE_PADDING(767),
        /** Mean of the values that are not padding. */
        AVERAGE_EXCLUDE_PADDING(1023);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    /** How the values of a window are combined. */
    Kind kind();

    /** Sizes of the window. */
    List<Integer> window();

    /** How the window moves. */
    WindowGeometry geometry();

    /**
     * Result of a pooling. Arguments: {@link Argument#SRC}, {@link Argument#DST}, and for MAX in training
     * {@link Argument#WORKSPACE}.
     */
    record Forward(
            Propagation propagation,
            Kind kind,
            MemoryDescriptor src,
            MemoryDescriptor dst,
            List<Integer> window,
            WindowGeometry geometry)
            implements Pooling {
        /** Checks sizes. */
        public Forward {
            window = List.copyOf(window);
            requireSizes(src, dst, window, geometry);
        }
    }

    /**
     * Gradient with respect to the source. Arguments: {@link Argument#DIFF_DST}, {@link Argument#DIFF_SRC}, and for MAX
     * {@link Argument#WORKSPACE}.
     *
     * @param forward the descriptor of the forward operation for training; it may be closed once this operation has a
     *     descriptor
     */
    record Backward(
            Kind kind,
            MemoryDescriptor diffSrc,
            MemoryDescriptor diffDst,
            List<Integer> window,
            WindowGeometry geometry,
            PrimitiveDescriptor forward)
            implements Pooling {
        /** Checks sizes. */
        public Backward {
            window = List.copyOf(window);
            requireSizes(diffSrc, diffDst, window, geometry);
        }
    }

    private static void requireSizes(MemoryDescriptor src, MemoryDescriptor dst, List<Integer> window,
            WindowGeometry geometry) {
        String what = "pooling: " + src + " -> " + dst;
        geometry.requireFit(what, src, window.stream().map(Integer::longValue).toList(), dst);
        if (src.dim(0) != dst.dim(0) || src.dim(1) != dst.dim(1)) {
            throw new IllegalArgumentException(what + ": batch and channels must stay");
        }
    }
}
