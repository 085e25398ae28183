package io.tandem.cuda.simulation;

import io.tandem.cuda.lib.DataType;
import io.tandem.cuda.lib.TensorDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Reads and writes the operands of library stand-ins as doubles. Elements between those of a strided operand are
 * neither read nor written.
 */
final class Operands {

    private final SimulatedMemory memory;
    private final String call;

    Operands(SimulatedMemory memory, String call) {
        this.memory = memory;
        this.call = call;
    }

    /** A dense array. */
    double[] read(String name, long address, DataType type, int count) {
        double[] values = new double[count];
        if (count > 0) {
            read(name, address, type, values, 0, count);
        }
        return values;
    }

    private void read(String name, long address, DataType type, double[] into, int at, int count) {
        MemorySegment bytes = memory.read(call, name, address, (long) count * type.bytes());
        for (int i = 0; i < count; i++) {
            into[at + i] = get(bytes, type, i);
        }
    }

    /** A dense array. */
    void write(String name, long address, DataType type, double[] values) {
        if (values.length > 0) {
            write(name, address, type, values, 0, values.length);
        }
    }

    private void write(String name, long address, DataType type, double[] from, int at, int count) {
        MemorySegment bytes = memory.write(call, name, address, (long) count * type.bytes());
        for (int i = 0; i < count; i++) {
            set(bytes, type, i, from[at + i]);
        }
    }

    /** {@code alpha * values + beta * old}; the old values are not read where beta is 0. */
    void blend(String name, long address, DataType type, double alpha, double[] values, double beta) {
        write(name, address, type, blended(alpha, values, beta, () -> read(name, address, type, values.length)));
    }

    /** A column-major matrix, packed. */
    double[] readMatrix(String name, long address, DataType type, int rows, int columns, int leading) {
        if (leading == rows) {
            return read(name, address, type, Math.multiplyExact(rows, columns));
        }
        double[] values = new double[Math.multiplyExact(rows, columns)];
        for (int j = 0; j < columns; j++) {
            read(name, address + (long) j * leading * type.bytes(), type, values, j * rows, rows);
        }
        return values;
    }

    void writeMatrix(String name, long address, DataType type, int rows, int columns, int leading, double[] values) {
        for (int j = 0; j < columns; j++) {
            write(name, address + (long) j * leading * type.bytes(), type, values, j * rows, rows);
        }
    }

    /** A strided tensor, packed in row-major order. */
    double[] readTensor(String name, long address, TensorDescriptor form) {
        int count = Math.toIntExact(form.elements());
        if (isRowMajor(form)) {
            return read(name, address, form.type(), count);
        }
        boolean dense = form.spanBytes() == form.elements() * form.type().bytes();
        MemorySegment all = dense ? memory.read(call, name, address, form.spanBytes()) : null;
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            long at = offset(form, i);
            if (dense) {
                values[i] = get(all, form.type(), at);
            } else {
                read(name, address + at * form.type().bytes(), form.type(), values, i, 1);
            }
        }
        return values;
    }

    void writeTensor(String name, long address, TensorDescriptor form, double[] values) {
        if (isRowMajor(form)) {
            write(name, address, form.type(), values);
            return;
        }
        boolean dense = form.spanBytes() == form.elements() * form.type().bytes();
        MemorySegment all = dense ? memory.write(call, name, address, form.spanBytes()) : null;
        for (int i = 0; i < values.length; i++) {
            long at = offset(form, i);
            if (dense) {
                set(all, form.type(), at, values[i]);
            } else {
                write(name, address + at * form.type().bytes(), form.type(), values, i, 1);
            }
        }
    }

    /** {@code alpha * values + beta * old}; the old values are not read where beta is 0. */
    void blendTensor(
            String name, long address, TensorDescriptor form, double alpha, double[] values, double beta) {
        writeTensor(name, address, form, blended(alpha, values, beta, () -> readTensor(name, address, form)));
    }

    private interface Old {
        double[] values();
    }

    private static double[] blended(double alpha, double[] values, double beta, Old old) {
        double[] result = new double[values.length];
        double[] before = beta == 0 ? null : old.values();
        for (int i = 0; i < result.length; i++) {
            result[i] = alpha * values[i] + (before == null ? 0 : beta * before[i]);
        }
        return result;
    }

    /** The library uses a workspace: what it held is lost. */
    void useWorkspace(String name, long address, long bytes) {
        memory.declareUndefined(call + ", " + name, address, bytes);
    }

    private static boolean isRowMajor(TensorDescriptor form) {
        int stride = 1;
        for (int i = form.rank() - 1; i >= 0; i--) {
            if (form.stride(i) != stride && form.size(i) != 1) {
                return false;
            }
            stride *= form.size(i);
        }
        return true;
    }

    private static long offset(TensorDescriptor form, int index) {
        long at = 0;
        for (int i = form.rank() - 1; i >= 0; i--) {
            at += (long) (index % form.size(i)) * form.stride(i);
            index /= form.size(i);
        }
        return at;
    }

    private static double get(MemorySegment bytes, DataType type, long index) {
        return switch (type) {
            case F64 -> bytes.getAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, index);
            case F32 -> bytes.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, index);
            case F16 -> Float.float16ToFloat(bytes.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, index));
            case BF16 -> Float.intBitsToFloat(bytes.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, index) << 16);
            case I8 -> bytes.get(ValueLayout.JAVA_BYTE, index);
            case I32 -> bytes.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, index);
        };
    }

    private static void set(MemorySegment bytes, DataType type, long index, double value) {
        switch (type) {
            case F64 -> bytes.setAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, index, value);
            case F32 -> bytes.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, index, (float) value);
            case F16 -> bytes.setAtIndex(
                    ValueLayout.JAVA_SHORT_UNALIGNED, index, Float.floatToFloat16((float) value));
            case BF16 -> bytes.setAtIndex(
                    ValueLayout.JAVA_SHORT_UNALIGNED,
                    index,
                    (short) (Float.floatToRawIntBits((float) toBfloat16(value)) >>> 16));
            case I8 -> bytes.set(ValueLayout.JAVA_BYTE, index, (byte) Math.clamp(Math.rint(value), -128, 127));
            case I32 -> bytes.setAtIndex(ValueLayout.JAVA_INT_UNALIGNED, index, (int) Math.rint(value));
        }
    }

    /** Rounds to a mantissa of 7 bits, ties to even. */
    static double toBfloat16(double value) {
        return roundMantissa((float) value, 16);
    }

    /** Rounds to a mantissa of 10 bits, ties to even. */
    static double toTf32(double value) {
        return roundMantissa((float) value, 13);
    }

    private static float roundMantissa(float value, int drop) {
        if (!Float.isFinite(value)) {
            return value;
        }
        int bits = Float.floatToRawIntBits(value);
        int half = (1 << (drop - 1)) - 1 + (bits >>> drop & 1);
        return Float.intBitsToFloat((bits + half) >>> drop << drop);
    }
}
