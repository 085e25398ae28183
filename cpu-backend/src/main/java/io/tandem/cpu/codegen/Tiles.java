package io.tandem.cpu.codegen;

import io.tandem.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Copies between strided memory and arrays in which columns are neighbours: for accesses that generated code cannot
 * make itself, because elements lie apart or their type has no vectors. The loop over neighbours in memory is the inner
 * one.
 */
final class Tiles {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble F64 =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfByte I8 = ValueLayout.JAVA_BYTE;

    private Tiles() {}

    /**
     * A plane of elements: {@code lines} times {@code columns}.
     *
     * @param memory position of the first element in memory, in elements
     * @param lineStride distance of lines in memory, in elements
     * @param columnStride distance of columns in memory, in elements
     * @param array position of the first element in the array
     * @param pitch distance of lines in the array
     */
    record Plane(long memory, long lineStride, long columnStride, int array, int pitch, int lines, int columns) {
        boolean contiguous() {
            return columnStride == 1;
        }

        /** Whether neighbours in memory are on the same column rather than on the same line. */
        private boolean isTransposed() {
            return lines > 1 && Math.abs(lineStride) < Math.abs(columnStride);
        }

        /** The same elements with the axes swapped, and so distance 1 between lines in the array. */
        private Walk walk() {
            return isTransposed()
                    ? new Walk(columns, lines, columnStride, lineStride, 1, pitch)
                    : new Walk(lines, columns, lineStride, columnStride, pitch, 1);
        }
    }

    private record Walk(int outer, int inner, long outerStride, long innerStride, int outerPitch, int innerPitch) {}

    /** Reads a plane into an array of the type's lanes. */
    static void read(DType dtype, MemorySegment memory, Plane plane, Object array) {
        if (plane.contiguous() && copies(dtype)) {
            for (int i = 0; i < plane.lines; i++) {
                long from = plane.memory + i * plane.lineStride;
                int to = plane.array + i * plane.pitch;
                switch (dtype) {
                    case F32 -> MemorySegment.copy(memory, F32, from * 4, array, to, plane.columns);
                    case I32 -> MemorySegment.copy(memory, I32, from * 4, array, to, plane.columns);
                    case F64 -> MemorySegment.copy(memory, F64, from * 8, array, to, plane.columns);
                    case I64 -> MemorySegment.copy(memory, I64, from * 8, array, to, plane.columns);
                    case F16, BF16, U8, BOOL -> throw new IllegalStateException(dtype + " is not copied");
                }
            }
            return;
        }
        if (dtype == DType.F32 && plane.lineStride == 1 && plane.columnStride > 1) {
            transpose(memory, plane, (float[]) array);
            return;
        }
        Walk walk = plane.walk();
        for (int i = 0; i < walk.outer; i++) {
            long from = plane.memory + i * walk.outerStride;
            int to = plane.array + i * walk.outerPitch;
            switch (dtype) {
                case F32 ->
                    readFloats(memory, from, walk.innerStride, (float[]) array, to, walk.innerPitch, walk.inner);
                case I32 -> readInts(memory, from, walk.innerStride, (int[]) array, to, walk.innerPitch, walk.inner);
                case F64 ->
                    readDoubles(memory, from, walk.innerStride, (double[]) array, to, walk.innerPitch, walk.inner);
                case I64 -> readLongs(memory, from, walk.innerStride, (long[]) array, to, walk.innerPitch, walk.inner);
                case F16 ->
                    readHalves(memory, from, walk.innerStride, (float[]) array, to, walk.innerPitch, walk.inner);
                case BF16 ->
                    readBfloats(memory, from, walk.innerStride, (float[]) array, to, walk.innerPitch, walk.inner);
                case U8 -> readBytes(memory, from, walk.innerStride, (int[]) array, to, walk.innerPitch, walk.inner);
                // a truth value is one byte that is not 0
                case BOOL -> readTruth(memory, from, walk.innerStride, (int[]) array, to, walk.innerPitch, walk.inner);
            }
        }
    }

    /** Reads floats whose lines are neighbours in memory, eight columns at a time. */
    private static void transpose(MemorySegment memory, Plane plane, float[] array) {
        long step = plane.columnStride * 4;
        int c = 0;
        for (; c + 8 <= plane.columns; c += 8) {
            long from = plane.memory * 4 + c * step;
            int to = plane.array + c;
            for (int l = 0; l < plane.lines; l++) {
                long at = from + 4L * l;
                int cell = to + l * plane.pitch;
                array[cell] = memory.get(F32, at);
                array[cell + 1] = memory.get(F32, at + step);
                array[cell + 2] = memory.get(F32, at + 2 * step);
                array[cell + 3] = memory.get(F32, at + 3 * step);
                array[cell + 4] = memory.get(F32, at + 4 * step);
                array[cell + 5] = memory.get(F32, at + 5 * step);
                array[cell + 6] = memory.get(F32, at + 6 * step);
                array[cell + 7] = memory.get(F32, at + 7 * step);
            }
        }
        for (; c < plane.columns; c++) {
            long from = plane.memory + c * plane.columnStride;
            readFloats(memory, from, 1, array, plane.array + c, plane.pitch, plane.lines);
        }
    }

    private static boolean copies(DType dtype) {
        return switch (dtype) {
            case F32, I32, F64, I64 -> true;
            case F16, BF16, U8, BOOL -> false;
        };
    }

    /** Writes a plane from an array of the type's lanes. */
    static void write(DType dtype, Object array, Plane plane, MemorySegment memory) {
        if (plane.contiguous() && copies(dtype)) {
            for (int i = 0; i < plane.lines; i++) {
                int from = plane.array + i * plane.pitch;
                long to = plane.memory + i * plane.lineStride;
                switch (dtype) {
                    case F32 -> MemorySegment.copy(array, from, memory, F32, to * 4, plane.columns);
                    case I32 -> MemorySegment.copy(array, from, memory, I32, to * 4, plane.columns);
                    case F64 -> MemorySegment.copy(array, from, memory, F64, to * 8, plane.columns);
                    case I64 -> MemorySegment.copy(array, from, memory, I64, to * 8, plane.columns);
                    case F16, BF16, U8, BOOL -> throw new IllegalStateException(dtype + " is not copied");
                }
            }
            return;
        }
        Walk walk = plane.walk();
        for (int i = 0; i < walk.outer; i++) {
            int from = plane.array + i * walk.outerPitch;
            long to = plane.memory + i * walk.outerStride;
            switch (dtype) {
                case F32 ->
                    writeFloats((float[]) array, from, walk.innerPitch, memory, to, walk.innerStride, walk.inner);
                case I32 -> writeInts((int[]) array, from, walk.innerPitch, memory, to, walk.innerStride, walk.inner);
                case F64 ->
                    writeDoubles((double[]) array, from, walk.innerPitch, memory, to, walk.innerStride, walk.inner);
                case I64 -> writeLongs((long[]) array, from, walk.innerPitch, memory, to, walk.innerStride, walk.inner);
                case F16 ->
                    writeHalves((float[]) array, from, walk.innerPitch, memory, to, walk.innerStride, walk.inner);
                case BF16 ->
                    writeBfloats((float[]) array, from, walk.innerPitch, memory, to, walk.innerStride, walk.inner);
                case U8, BOOL ->
                    writeBytes((int[]) array, from, walk.innerPitch, memory, to, walk.innerStride, walk.inner);
            }
        }
    }

    /** Fills a plane with positions. */
    static void coordinates(DType dtype, Plane plane, Object array) {
        for (int i = 0; i < plane.lines; i++) {
            long first = plane.memory + i * plane.lineStride;
            int to = plane.array + i * plane.pitch;
            for (int j = 0; j < plane.columns; j++) {
                long position = first + j * plane.columnStride;
                switch (LaneType.of(dtype)) {
                    case F32 -> ((float[]) array)[to + j] = (float) dtype.round(position);
                    case F64 -> ((double[]) array)[to + j] = position;
                    case I32 -> ((int[]) array)[to + j] = dtype == DType.U8 ? (int) position & 0xff : (int) position;
                    case I64 -> ((long[]) array)[to + j] = position;
                    case MASK -> ((int[]) array)[to + j] = position != 0 ? 1 : 0;
                }
            }
        }
    }

    private static void readFloats(
            MemorySegment memory, long from, long stride, float[] array, int to, int step, int n) {
        for (int i = 0; i < n; i++) {
            array[to + i * step] = memory.get(F32, (from + i * stride) << 2);
        }
    }

    private static void readInts(MemorySegment memory, long from, long stride, int[] array, int to, int step, int n) {
        for (int i = 0; i < n; i++) {
            array[to + i * step] = memory.get(I32, (from + i * stride) << 2);
        }
    }

    private static void readDoubles(
            MemorySegment memory, long from, long stride, double[] array, int to, int step, int n) {
        for (int i = 0; i < n; i++) {
            array[to + i * step] = memory.get(F64, (from + i * stride) << 3);
        }
    }

    private static void readLongs(MemorySegment memory, long from, long stride, long[] array, int to, int step, int n) {
        for (int i = 0; i < n; i++) {
            array[to + i * step] = memory.get(I64, (from + i * stride) << 3);
        }
    }

    private static void readHalves(
            MemorySegment memory, long from, long stride, float[] array, int to, int step, int n) {
        for (int i = 0; i < n; i++) {
            array[to + i * step] = Float.float16ToFloat(memory.get(I16, (from + i * stride) << 1));
        }
    }

    private static void readBfloats(
            MemorySegment memory, long from, long stride, float[] array, int to, int step, int n) {
        for (int i = 0; i < n; i++) {
            array[to + i * step] = Float.intBitsToFloat(memory.get(I16, (from + i * stride) << 1) << 16);
        }
    }

    private static void readBytes(
            MemorySegment memory, long from, long stride, int[] array, int to, int step, int n) {
        for (int i = 0; i < n; i++) {
            array[to + i * step] = memory.get(I8, from + i * stride) & 0xff;
        }
    }

    private static void readTruth(MemorySegment memory, long from, long stride, int[] array, int to, int step, int n) {
        for (int i = 0; i < n; i++) {
            array[to + i * step] = memory.get(I8, from + i * stride) != 0 ? 1 : 0;
        }
    }

    private static void writeFloats(
            float[] array, int from, int step, MemorySegment memory, long to, long stride, int n) {
        for (int i = 0; i < n; i++) {
            memory.set(F32, (to + i * stride) << 2, array[from + i * step]);
        }
    }

    private static void writeInts(int[] array, int from, int step, MemorySegment memory, long to, long stride, int n) {
        for (int i = 0; i < n; i++) {
            memory.set(I32, (to + i * stride) << 2, array[from + i * step]);
        }
    }

    private static void writeDoubles(
            double[] array, int from, int step, MemorySegment memory, long to, long stride, int n) {
        for (int i = 0; i < n; i++) {
            memory.set(F64, (to + i * stride) << 3, array[from + i * step]);
        }
    }

    private static void writeLongs(
            long[] array, int from, int step, MemorySegment memory, long to, long stride, int n) {
        for (int i = 0; i < n; i++) {
            memory.set(I64, (to + i * stride) << 3, array[from + i * step]);
        }
    }

    private static void writeHalves(
            float[] array, int from, int step, MemorySegment memory, long to, long stride, int n) {
        for (int i = 0; i < n; i++) {
            memory.set(I16, (to + i * stride) << 1, Float.floatToFloat16(array[from + i * step]));
        }
    }

    private static void writeBfloats(
            float[] array, int from, int step, MemorySegment memory, long to, long stride, int n) {
        for (int i = 0; i < n; i++) {
            memory.set(I16, (to + i * stride) << 1, DType.floatToBfloat16(array[from + i * step]));
        }
    }

    private static void writeBytes(int[] array, int from, int step, MemorySegment memory, long to, long stride, int n) {
        for (int i = 0; i < n; i++) {
            memory.set(I8, to + i * stride, (byte) array[from + i * step]);
        }
    }
}
