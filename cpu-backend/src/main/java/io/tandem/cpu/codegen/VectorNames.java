package io.tandem.cpu.codegen;

import io.tandem.cpu.codegen.BlockProgram.Storage;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;

/** Names of the classes that generated vector code refers to. */
final class VectorNames {
    static final ClassDesc FLOATS = vectorApi("FloatVector");
    static final ClassDesc DOUBLES = vectorApi("DoubleVector");
    static final ClassDesc INTS = vectorApi("IntVector");
    static final ClassDesc LONGS = vectorApi("LongVector");
    static final ClassDesc BYTES = vectorApi("ByteVector");
    static final ClassDesc VECTOR = vectorApi("Vector");
    static final ClassDesc MASK = vectorApi("VectorMask");
    static final ClassDesc SPECIES = vectorApi("VectorSpecies");
    static final ClassDesc OPERATORS = vectorApi("VectorOperators");
    static final ClassDesc BINARY = vectorApi("VectorOperators$Binary");
    static final ClassDesc ASSOCIATIVE = vectorApi("VectorOperators$Associative");
    static final ClassDesc COMPARISON = vectorApi("VectorOperators$Comparison");
    static final ClassDesc CONVERSION = vectorApi("VectorOperators$Conversion");
    static final ClassDesc LANES = ClassDesc.of("io.tandem.cpu.codegen.VectorLanes");
    static final ClassDesc BYTE_ORDER = ClassDesc.of("java.nio.ByteOrder");
    static final ClassDesc VALUE_LAYOUT = ClassDesc.of("java.lang.foreign.ValueLayout");

    /** The field that holds the species of bytes; those of other types are named by their type. */
    static final String BYTE_SPECIES = "I8";

    private VectorNames() {}

    private static ClassDesc vectorApi(String name) {
        return ClassDesc.of("jdk.incubator.vector." + name);
    }

    /** The class of vectors of numbers of a type. */
    static ClassDesc vector(LaneType type) {
        return switch (type) {
            case F32 -> FLOATS;
            case F64 -> DOUBLES;
            case I32 -> INTS;
            case I64 -> LONGS;
            case MASK -> throw new IllegalArgumentException("masks are no vectors");
        };
    }

    /** The method of {@link VectorLanes} that reads the rest of a line. */
    static String restLoad(LaneType type) {
        return switch (type) {
            case F32 -> "loadFloats";
            case F64 -> "loadDoubles";
            case I32 -> "loadInts";
            case I64 -> "loadLongs";
            case MASK -> throw new IllegalArgumentException("masks are no vectors");
        };
    }

    /** A constant of ValueLayout, and the Java type that it reads. */
    record Layout(String field, ClassDesc type, ClassDesc element) {}

    static Layout layout(Storage storage) {
        return switch (storage) {
            case F32 -> layout("JAVA_FLOAT_UNALIGNED", "OfFloat", ConstantDescs.CD_float);
            case F64 -> layout("JAVA_DOUBLE_UNALIGNED", "OfDouble", ConstantDescs.CD_double);
            case I32 -> layout("JAVA_INT_UNALIGNED", "OfInt", ConstantDescs.CD_int);
            case I64 -> layout("JAVA_LONG_UNALIGNED", "OfLong", ConstantDescs.CD_long);
            case BOOL -> layout("JAVA_BYTE", "OfByte", ConstantDescs.CD_byte);
            case U8, BF16, F16 -> throw new IllegalArgumentException("vector code does not read " + storage);
        };
    }

    private static Layout layout(String field, String type, ClassDesc element) {
        return new Layout(field, ClassDesc.of("java.lang.foreign.ValueLayout$" + type), element);
    }
}
