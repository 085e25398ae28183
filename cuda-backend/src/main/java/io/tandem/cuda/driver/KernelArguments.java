package io.tandem.cuda.driver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The arguments of one kernel launch, packed as the device expects them: each value at the next multiple of its
 * alignment, in little-endian order.
 *
 * <p>Immutable. Example, for {@code k(float* a, const float* b, long long n)}:
 * {@code KernelArguments.builder().pointer(a).pointer(b).int64(n).build()}. Note that CUDA's {@code long} has 64 bits
 * on Linux and 32 on Windows; generated code should say {@code long long}.
 */
public final class KernelArguments {

    /** Bytes that the arguments of one launch may take on every device. */
    public static final int MAX_BYTES = 4096;

    /** No arguments. */
    public static final KernelArguments NONE = builder().build();

    private final byte[] block;
    private final int[] offsets;
    private final int[] sizes;

    private KernelArguments(byte[] block, int[] offsets, int[] sizes) {
        this.block = block;
        this.offsets = offsets;
        this.sizes = sizes;
    }

    /** Starts an empty list of arguments. */
    public static Builder builder() {
        return new Builder();
    }

    /** Number of arguments. */
    public int count() {
        return offsets.length;
    }

    /**
     * Where an argument starts in the block.
     *
     * @param index position of the argument
     */
    public int offset(int index) {
        return offsets[index];
    }

    /**
     * Bytes that an argument takes.
     *
     * @param index position of the argument
     */
    public int size(int index) {
        return sizes[index];
    }

    /** Bytes of the whole block. */
    public int byteSize() {
        return block.length;
    }

    /** The packed block, a read-only view in little-endian order. */
    public ByteBuffer block() {
        return ByteBuffer.wrap(block).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Collects arguments in the order of the kernel's parameters. */
    public static final class Builder {

        private final ByteBuffer bytes = ByteBuffer.allocate(MAX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        private final List<int[]> places = new ArrayList<>();

        private Builder() {}

        private Builder place(int size, int alignment) {
            int at = (bytes.position() + alignment - 1) / alignment * alignment;
            if (at + size > MAX_BYTES) {
                throw new IllegalArgumentException("kernel arguments take more than " + MAX_BYTES + " bytes (argument "
                        + places.size() + "); put tables in device memory");
            }
            bytes.position(at);
            places.add(new int[] {at, size});
            return this;
        }

        /**
         * A device address.
         *
         * @param address 0 for a null pointer
         */
        public Builder pointer(long address) {
            return int64(address);
        }

        /** A 32-bit integer, {@code int} or {@code unsigned}. */
        public Builder int32(int value) {
            place(4, 4);
            bytes.putInt(value);
            return this;
        }

        /** A 64-bit integer, {@code long long} (and {@code long} on Linux). */
        public Builder int64(long value) {
            place(8, 8);
            bytes.putLong(value);
            return this;
        }

        /** A {@code float}. */
        public Builder float32(float value) {
            place(4, 4);
            bytes.putFloat(value);
            return this;
        }

        /** A {@code double}. */
        public Builder float64(double value) {
            place(8, 8);
            bytes.putDouble(value);
            return this;
        }

        /**
         * A structure passed by value.
         *
         * @param value     its bytes, with its inner and trailing padding
         * @param alignment its alignment, a power of two up to 16
         */
        public Builder struct(byte[] value, int alignment) {
            if (Integer.bitCount(alignment) != 1 || alignment > 16) {
                throw new IllegalArgumentException("alignment " + alignment + " is not a power of two up to 16");
            }
            place(value.length, alignment);
            bytes.put(value);
            return this;
        }

        /** The packed arguments. */
        public KernelArguments build() {
            byte[] block = new byte[bytes.position()];
            bytes.get(0, block);
            int[] offsets = places.stream().mapToInt(p -> p[0]).toArray();
            int[] sizes = places.stream().mapToInt(p -> p[1]).toArray();
            return new KernelArguments(block, offsets, sizes);
        }
    }
}
