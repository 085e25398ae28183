package io.tandem.cpu.kernel;

import io.tandem.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Access to native memory by address. Addresses come from the plan's {@link Place places}, whose memory the device
 * keeps
 * alive and whose bounds the plan verifier has checked.
 */
public final class NativeMemory {
    /** All memory: an offset into this segment is an address. */
    public static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED;
    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED;

    private NativeMemory() {}

    /** The memory of a place. */
    public static MemorySegment at(Place place) {
        return ALL.asSlice(place.address(), place.type().bytes());
    }

    /** Copies bytes; the areas do not overlap. */
    public static void copy(long from, long to, long bytes) {
        MemorySegment.copy(ALL, from, ALL, to, bytes);
    }

    /** Sets all bytes to a value. */
    public static void fill(long address, long bytes, byte value) {
        ALL.asSlice(address, bytes).fill(value);
    }

    /** Sets bytes to zero. */
    static void clear(long address, long bytes) {
        fill(address, bytes, (byte) 0);
    }

    /** A floating element as a double. */
    static double getDouble(DType dtype, long address) {
        return switch (dtype) {
            case F64 -> ALL.get(F64, address);
            case F32 -> ALL.get(F32, address);
            case F16 -> Float.float16ToFloat(ALL.get(I16, address));
            case BF16 -> DType.bfloat16ToFloat(ALL.get(I16, address));
            case I64, I32, U8, BOOL -> getLong(dtype, address);
        };
    }

    /** An integer or truth value. */
    static long getLong(DType dtype, long address) {
        return switch (dtype) {
            case I64 -> ALL.get(I64, address);
            case I32 -> ALL.get(I32, address);
            case U8, BOOL -> ALL.get(ValueLayout.JAVA_BYTE, address) & 0xff;
            case F64, F32, F16, BF16 -> throw new IllegalArgumentException(dtype + " is no integer type");
        };
    }

    static void putInt(long address, int value) {
        ALL.set(I32, address, value);
    }

    /** A float32 element. */
    public static float getFloat(long address) {
        return ALL.get(F32, address);
    }

    /** Writes a float32 element. */
    public static void putFloat(long address, float value) {
        ALL.set(F32, address, value);
    }

    /** The bits of an element of {@code bytes} bytes, at the low end. */
    static long getBits(int bytes, long address) {
        return switch (bytes) {
            case 1 -> ALL.get(ValueLayout.JAVA_BYTE, address);
            case 2 -> ALL.get(I16, address);
            case 4 -> ALL.get(I32, address);
            case 8 -> ALL.get(I64, address);
            default -> throw new IllegalArgumentException("no element has " + bytes + " bytes");
        };
    }

    static void putBits(int bytes, long address, long bits) {
        switch (bytes) {
            case 1 -> ALL.set(ValueLayout.JAVA_BYTE, address, (byte) bits);
            case 2 -> ALL.set(I16, address, (short) bits);
            case 4 -> ALL.set(I32, address, (int) bits);
            case 8 -> ALL.set(I64, address, bits);
            default -> throw new IllegalArgumentException("no element has " + bytes + " bytes");
        }
    }

    /** Reads elements of a floating type of at most 32 bits. */
    static void read(DType dtype, long address, float[] target, int at, int count) {
        if (dtype == DType.F32) {
            MemorySegment.copy(ALL, F32, address, target, at, count);
            return;
        }
        for (int i = 0; i < count; i++) {
            target[at + i] = (float) getDouble(dtype, address + (long) i * dtype.bytes());
        }
    }

    /** Writes elements of a floating type of at most 32 bits, each rounded. */
    static void write(DType dtype, float[] source, int at, long address, int count) {
        switch (dtype) {
            case F32 -> MemorySegment.copy(source, at, ALL, F32, address, count);
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    ALL.set(I16, address + 2L * i, Float.floatToFloat16(source[at + i]));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    ALL.set(I16, address + 2L * i, DType.floatToBfloat16(source[at + i]));
                }
            }
            case F64, I64, I32, U8, BOOL -> throw new IllegalArgumentException(dtype + " does not come from float32");
        }
    }

    static void read(long address, double[] target, int at, int count) {
        MemorySegment.copy(ALL, F64, address, target, at, count);
    }

    static void write(double[] source, int at, long address, int count) {
        MemorySegment.copy(source, at, ALL, F64, address, count);
    }
}
