package io.tandem.cpu.onednn;

import java.util.Arrays;

/** Sizes and layouts that recurrent layers share. */
final class RecurrentSizes {
    private RecurrentSizes() {}

    static void require(String what, MemoryDescriptor descriptor, long... dims) {
        if (!descriptor.sameDims(dims)) {
            throw new IllegalArgumentException(
                    what + ": sizes must be " + Arrays.toString(dims) + ", not " + descriptor);
        }
    }

    /** A row-major matrix [gates x units, inputs] seen as [1, 1, inputs, gates, units]. */
    static MemoryDescriptor matrixWeights(DataType type, long inputs, long gates, long units) {
        return MemoryDescriptor.permuted(type, new long[] {1, 1, inputs, gates, units}, 0, 1, 3, 4, 2);
    }
}
