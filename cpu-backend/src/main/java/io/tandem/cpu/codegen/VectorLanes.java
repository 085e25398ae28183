package io.tandem.cpu.codegen;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * What generated vector code needs at run time, and the only class here that names classes of the incubator module: it
 * is loaded when the module is there, see {@link KernelCompiler}.
 */
final class VectorLanes {
    private VectorLanes() {}

    /** The size of the machine's vectors. */
    static int preferredBits() {
        return VectorShape.preferredShape().vectorBitSize();
    }

    static VectorSpecies<Float> floats(int lanes) {
        return VectorSpecies.of(float.class, VectorShape.forBitSize(32 * lanes));
    }

    static VectorSpecies<Double> doubles(int lanes) {
        return VectorSpecies.of(double.class, VectorShape.forBitSize(64 * lanes));
    }

    static VectorSpecies<Integer> ints(int lanes) {
        return VectorSpecies.of(int.class, VectorShape.forBitSize(32 * lanes));
    }

    static VectorSpecies<Long> longs(int lanes) {
        return VectorSpecies.of(long.class, VectorShape.forBitSize(64 * lanes));
    }

    static VectorSpecies<Byte> bytes(int lanes) {
        return VectorSpecies.of(byte.class, VectorShape.forBitSize(8 * lanes));
    }

    static VectorMask<Integer> maskAll(VectorSpecies<Integer> species, double value) {
        return species.maskAll(value != 0);
    }

    static VectorMask<Integer> maskAll(VectorSpecies<Integer> species, int value) {
        return species.maskAll(value != 0);
    }

    /** Truth values as bytes. */
    static ByteVector toBytes(VectorMask<Byte> mask) {
        return ByteVector.zero(mask.vectorSpecies()).blend((byte) 1, mask);
    }

    // Reading and writing the rest of a line, under a mask. These are methods of more than 35 bytes of code because the
    // JIT's first compiler, which inlines shorter ones and everything below them, would run out of registers otherwise;
    // the second one inlines them.

    private static void checkPart(int column, int columns, MemorySegment memory) {
        if (column < 0 || columns < 0) {
            throw new IndexOutOfBoundsException("column " + column + " of " + columns + " in " + memory);
        }
    }

    static FloatVector loadFloats(
            VectorSpecies<Float> species, MemorySegment memory, long start, int column, int columns) {
        checkPart(column, columns, memory);
        VectorMask<Float> mask = species.indexInRange(column, columns);
        long position = start + ((long) column << 2);
        return FloatVector.fromMemorySegment(species, memory, position, ByteOrder.LITTLE_ENDIAN, mask);
    }

    static DoubleVector loadDoubles(
            VectorSpecies<Double> species, MemorySegment memory, long start, int column, int columns) {
        checkPart(column, columns, memory);
        VectorMask<Double> mask = species.indexInRange(column, columns);
        long position = start + ((long) column << 3);
        return DoubleVector.fromMemorySegment(species, memory, position, ByteOrder.LITTLE_ENDIAN, mask);
    }

    static IntVector loadInts(
            VectorSpecies<Integer> species, MemorySegment memory, long start, int column, int columns) {
        checkPart(column, columns, memory);
        VectorMask<Integer> mask = species.indexInRange(column, columns);
        long position = start + ((long) column << 2);
        return IntVector.fromMemorySegment(species, memory, position, ByteOrder.LITTLE_ENDIAN, mask);
    }

    static LongVector loadLongs(
            VectorSpecies<Long> species, MemorySegment memory, long start, int column, int columns) {
        checkPart(column, columns, memory);
        VectorMask<Long> mask = species.indexInRange(column, columns);
        long position = start + ((long) column << 3);
        return LongVector.fromMemorySegment(species, memory, position, ByteOrder.LITTLE_ENDIAN, mask);
    }

    static ByteVector loadBytes(
            VectorSpecies<Byte> species, MemorySegment memory, long start, int column, int columns) {
        checkPart(column, columns, memory);
        VectorMask<Byte> mask = species.indexInRange(column, columns);
        long position = start + column;
        return ByteVector.fromMemorySegment(species, memory, position, ByteOrder.LITTLE_ENDIAN, mask);
    }

    static void store(FloatVector values, MemorySegment memory, long start, int column, int columns) {
        checkPart(column, columns, memory);
        VectorMask<Float> mask = values.species().indexInRange(column, columns);
        long position = start + ((long) column << 2);
        values.intoMemorySegment(memory, position, ByteOrder.LITTLE_ENDIAN, mask);
    }

    static void store(DoubleVector values, MemorySegment memory, long start, int column, int columns) {
        checkPart(column, columns, memory);
        VectorMask<Double> mask = values.species().indexInRange(column, columns);
        long position = start + ((long) column << 3);
        values.intoMemorySegment(memory, position, ByteOrder.LITTLE_ENDIAN, mask);
    }

    static void store(IntVector values, MemorySegment memory, long start, int column, int columns) {
        checkPart(column, columns, memory);
        VectorMask<Integer> mask = values.species().indexInRange(column, columns);
        long position = start + ((long) column << 2);
        values.intoMemorySegment(memory, position, ByteOrder.LITTLE_ENDIAN, mask);
    }

    static void store(LongVector values, MemorySegment memory, long start, int column, int columns) {
        checkPart(column, columns, memory);
        VectorMask<Long> mask = values.species().indexInRange(column, columns);
        long position = start + ((long) column << 3);
        values.intoMemorySegment(memory, position, ByteOrder.LITTLE_ENDIAN, mask);
    }

    static void store(ByteVector values, MemorySegment memory, long start, int column, int columns) {
        checkPart(column, columns, memory);
        VectorMask<Byte> mask = values.species().indexInRange(column, columns);
        long position = start + column;
        values.intoMemorySegment(memory, position, ByteOrder.LITTLE_ENDIAN, mask);
    }

    static FloatVector call(FloatVector x, int function) {
        float[] values = x.toArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (LaneFunction.of(function)) {
                case ROUND_TO_HALF -> ScalarFunctions.roundToHalf(values[i]);
                default -> throw unknown(function);
            };
        }
        return FloatVector.fromArray(x.species(), values, 0);
    }

    static FloatVector call(FloatVector x, FloatVector y, int function) {
        float[] values = x.toArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (LaneFunction.of(function)) {
                case REMAINDER -> ScalarFunctions.remainder(values[i], y.lane(i));
                default -> throw unknown(function);
            };
        }
        return FloatVector.fromArray(x.species(), values, 0);
    }

    static DoubleVector call(DoubleVector x, int function) {
        double[] values = x.toArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = ScalarFunctions.apply(LaneFunction.of(function), values[i]);
        }
        return DoubleVector.fromArray(x.species(), values, 0);
    }

    /** The function of x where the mask is set, else {@code otherwise}. */
    static DoubleVector callWhere(VectorMask<Double> mask, DoubleVector x, DoubleVector otherwise, int function) {
        double[] values = otherwise.toArray();
        for (int i = 0; i < values.length; i++) {
            if (mask.laneIsSet(i)) {
                values[i] = ScalarFunctions.apply(LaneFunction.of(function), x.lane(i));
            }
        }
        return DoubleVector.fromArray(x.species(), values, 0);
    }

    static DoubleVector call(DoubleVector x, DoubleVector y, int function) {
        double[] values = x.toArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = ScalarFunctions.apply(LaneFunction.of(function), values[i], y.lane(i));
        }
        return DoubleVector.fromArray(x.species(), values, 0);
    }

    static IntVector call(IntVector x, IntVector y, int function) {
        int[] values = x.toArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (LaneFunction.of(function)) {
                case DIVIDE -> ScalarFunctions.divide(values[i], y.lane(i));
                case REMAINDER -> ScalarFunctions.remainder(values[i], y.lane(i));
                default -> throw unknown(function);
            };
        }
        return IntVector.fromArray(x.species(), values, 0);
    }

    static LongVector call(LongVector x, LongVector y, int function) {
        long[] values = x.toArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (LaneFunction.of(function)) {
                case DIVIDE -> ScalarFunctions.divide(values[i], y.lane(i));
                case REMAINDER -> ScalarFunctions.remainder(values[i], y.lane(i));
                default -> throw unknown(function);
            };
        }
        return LongVector.fromArray(x.species(), values, 0);
    }

    private static IllegalArgumentException unknown(int function) {
        return new IllegalArgumentException(
                LaneFunction.of(function) + " is not defined for lanes of this type; this is a bug in the compiler");
    }
}
