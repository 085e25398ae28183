package io.tandem.cpu.onednn;

import java.util.Arrays;
import java.util.Set;

/**
 * Layer normalization over the last axis (Ba et al., 2016): src and dst [..., C]; mean and variance (biased) float32
 * [...]; scale and shift float32 [C].
 */
public sealed interface LayerNormalization extends Operation {

    /** Variants. */
    enum Flag {
        /** Mean and variance are given, instead of computed from the source. */
        GLOBAL_STATISTICS(1),
        /** There is a scale. */
        SCALE(2),
        /** There is a shift. */
        SHIFT(4);

        private final int code;

        Flag(int code) {
            this.code = code;
        }

        static int codes(Set<Flag> flags) {
            return flags.stream().mapToInt(f -> f.code).reduce(0, (a, b) -> a | b);
        }
    }

    /**
     * Result of the normalization. Arguments: {@link Argument#SRC}, {@link Argument#DST}, {@link Argument#SCALE},
     * {@link Argument#SHIFT}; {@link Argument#MEAN} and {@link Argument#VARIANCE}, which are results in training
     * without given statistics, operands with them, and not used in inference without them.
     *
     * @param statistics sizes and layout of mean and variance
     * @param epsilon added to the variance
     */
    record Forward(
            Propagation propagation,
            MemoryDescriptor src,
            MemoryDescriptor dst,
            MemoryDescriptor statistics,
            float epsilon,
            Set<Flag> flags)
            implements LayerNormalization {
        /** Checks sizes. */
        public Forward {
            flags = Set.copyOf(flags);
            requireSizes(src, dst, statistics);
        }
    }

    /**
     * Gradients with respect to source, scale and shift. Arguments: {@link Argument#SRC}, {@link Argument#MEAN},
     * {@link Argument#VARIANCE}, {@link Argument#DIFF_DST}, {@link Argument#SCALE}, {@link Argument#DIFF_SRC},
     * {@link Argument#DIFF_SCALE}, {@link Argument#DIFF_SHIFT}.
     *
     * @param flags those of the forward operation
     * @param forward the descriptor of the forward operation for training
     */
    record Backward(
            MemoryDescriptor diffSrc,
            MemoryDescriptor diffDst,
            MemoryDescriptor src,
            MemoryDescriptor statistics,
            float epsilon,
            Set<Flag> flags,
            PrimitiveDescriptor forward)
            implements LayerNormalization {
        /** Checks sizes. */
        public Backward {
            flags = Set.copyOf(flags);
            requireSizes(src, diffSrc, statistics);
            requireSizes(src, diffDst, statistics);
        }
    }

    private static void requireSizes(MemoryDescriptor src, MemoryDescriptor dst, MemoryDescriptor statistics) {
        if (src.rank() < 2 || !src.sameDims(dst.dims())
                || !statistics.sameDims(Arrays.copyOf(src.dims(), src.rank() - 1))) {
            throw new IllegalArgumentException("layer normalization: " + src + " -> " + dst + " with statistics "
                    + statistics
                    + ": sizes must be equal, of rank 2 or more, and the statistics those without the last "
                    + "axis");
        }
    }
}
