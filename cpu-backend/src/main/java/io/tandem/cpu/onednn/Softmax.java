package io.tandem.cpu.onednn;

/**
 * Softmax or its logarithm along an axis. The gradient along any other than the innermost axis is computed by plain
 * loops.
 */
public sealed interface Softmax extends Operation {

    /** Which of the two. */
    enum Kind {
        /** Softmax. */
        SOFTMAX(196608),
        /** Logarithm of the softmax. */
        LOG_SOFTMAX(196609);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    /** The axis along which the results add up to 1. */
    int axis();

    /** The function. Arguments: {@link Argument#SRC}, {@link Argument#DST}. */
    record Forward(Propagation propagation, Kind kind, MemoryDescriptor src, MemoryDescriptor dst, int axis)
            implements Softmax {
        /** Checks sizes. */
        public Forward {
            requireSizes(src, dst, axis);
        }
    }

    /**
     * Gradient with respect to the source, from the forward result. Arguments: {@link Argument#DST},
     * {@link Argument#DIFF_DST}, {@link Argument#DIFF_SRC}.
     *
     * @param forward the descriptor of the forward operation for training
     */
    record Backward(
            Kind kind,
            MemoryDescriptor diffSrc,
            MemoryDescriptor diffDst,
            MemoryDescriptor dst,
            int axis,
            PrimitiveDescriptor forward)
            implements Softmax {
        /** Checks sizes. */
        public Backward {
            requireSizes(diffSrc, dst, axis);
            requireSizes(diffDst, dst, axis);
        }
    }

    private static void requireSizes(MemoryDescriptor src, MemoryDescriptor dst, int axis) {
        if (!src.sameDims(dst.dims()) || axis < 0 || axis >= src.rank()) {
            throw new IllegalArgumentException(
                    "softmax along axis " + axis + ": " + src + " -> " + dst + " is not possible");
        }
    }
}
