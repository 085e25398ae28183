package io.tandem.cpu.onednn;

import java.util.Set;

/**
 * Batch normalization over all axes but axis 1 (Ioffe and Szegedy, 2015): src and dst [N, C, ...]; mean, variance
 * (biased), scale and shift float32 [C]. Plain layouts are six times slower than channels last or blocked ones.
 */
public sealed interface BatchNormalization extends Operation {

    /** Variants. */
    enum Flag {
        /** Mean and variance are given, instead of computed from the source. */
        GLOBAL_STATISTICS(1),
        /** There is a scale. */
        SCALE(2),
        /** There is a shift. */
        SHIFT(4),
        /** The result passes through a ReLU; in training that leaves a workspace. */
        RELU(8);

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
     * without given statistics, operands with them, and not used in inference without them; {@link Argument#WORKSPACE}
     * for RELU in training.
     *
     * @param epsilon added to the variance
     */
    record Forward(
            Propagation propagation, MemoryDescriptor src, MemoryDescriptor dst, float epsilon, Set<Flag> flags)
            implements BatchNormalization {
        /** Checks sizes. */
        public Forward {
            flags = Set.copyOf(flags);
            requireSame(src, dst);
        }
    }

    /**
     * Gradients with respect to source, scale and shift. Arguments: {@link Argument#SRC}, {@link Argument#MEAN},
     * {@link Argument#VARIANCE}, {@link Argument#DIFF_DST}, {@link Argument#SCALE}, {@link Argument#WORKSPACE} for
     * RELU, {@link Argument#DIFF_SRC}, {@link Argument#DIFF_SCALE}, {@link Argument#DIFF_SHIFT}.
     *
     * @param flags those of the forward operation
     * @param forward the descriptor of the forward operation for training
     */
    record Backward(
            MemoryDescriptor diffSrc,
            MemoryDescriptor diffDst,
            MemoryDescriptor src,
            float epsilon,
            Set<Flag> flags,
            PrimitiveDescriptor forward)
            implements BatchNormalization {
        /** Checks sizes. */
        public Backward {
            flags = Set.copyOf(flags);
            requireSame(src, diffSrc);
            requireSame(src, diffDst);
        }
    }

    private static void requireSame(MemoryDescriptor a, MemoryDescriptor b) {
        if (!a.sameDims(b.dims())) {
            throw new IllegalArgumentException("batch normalization: " + a + " and " + b + " differ in size");
        }
    }
}
