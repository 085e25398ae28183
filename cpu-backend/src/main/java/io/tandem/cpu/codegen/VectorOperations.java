package io.tandem.cpu.codegen;

import static io.tandem.cpu.codegen.VectorNames.ASSOCIATIVE;
import static io.tandem.cpu.codegen.VectorNames.BINARY;
import static io.tandem.cpu.codegen.VectorNames.BYTES;
import static io.tandem.cpu.codegen.VectorNames.COMPARISON;
import static io.tandem.cpu.codegen.VectorNames.CONVERSION;
import static io.tandem.cpu.codegen.VectorNames.INTS;
import static io.tandem.cpu.codegen.VectorNames.LANES;
import static io.tandem.cpu.codegen.VectorNames.MASK;
import static io.tandem.cpu.codegen.VectorNames.OPERATORS;
import static io.tandem.cpu.codegen.VectorNames.SPECIES;
import static io.tandem.cpu.codegen.VectorNames.VECTOR;

import io.tandem.cpu.codegen.BlockProgram.Storage;
import io.tandem.cpu.codegen.LaneOp.Code;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Locale;

/** Writes single operations on vectors: arguments are in local variables, the result is left on the stack. */
final class VectorOperations {
    private final BlockGenerator block;
    private final BlockProgram program;
    private final CodeBuilder code;
    private final ClassDesc self;

    VectorOperations(BlockGenerator block, ClassDesc self) {
        this.block = block;
        this.program = block.program;
        this.code = block.code;
        this.self = self;
    }

    /** Pushes the species of a type; for masks that of ints. */
    void species(LaneType type) {
        code.getstatic(self, type.stored().name(), SPECIES);
    }

    /** Species and number to a vector. */
    void broadcast(LaneType type) {
        ClassDesc vector = VectorNames.vector(type);
        code.invokestatic(
                vector, "broadcast", MethodTypeDesc.of(vector, SPECIES, BlockGenerator.element(type)));
    }

    /** Species, array and index to a vector. */
    void fromArray(LaneType type) {
        ClassDesc vector = VectorNames.vector(type);
        ClassDesc array = BlockGenerator.element(type).arrayType();
        code.invokestatic(
                vector, "fromArray", MethodTypeDesc.of(vector, SPECIES, array, ConstantDescs.CD_int));
    }

    /** Vector, array and index to nothing. */
    void intoArray(LaneType type) {
        ClassDesc array = BlockGenerator.element(type).arrayType();
        code.invokevirtual(
                VectorNames.vector(type),
                "intoArray",
                MethodTypeDesc.of(ConstantDescs.CD_void, array, ConstantDescs.CD_int));
    }

    /** Pushes a constant of VectorOperators that is a binary operation. */
    void operator(String name) {
        boolean shift = name.equals("LSHL") || name.equals("ASHR") || name.equals("LSHR");
        code.getstatic(OPERATORS, name, shift ? BINARY : ASSOCIATIVE);
    }

    /** Ints to the mask of those that are not 0. */
    void nonZero() {
        code.getstatic(OPERATORS, "NE", COMPARISON).iconst_0();
        code.invokevirtual(INTS, "compare", MethodTypeDesc.of(MASK, COMPARISON, ConstantDescs.CD_int));
    }

    /** Bytes to the mask of those that are not 0. */
    void nonZeroBytes() {
        code.getstatic(OPERATORS, "NE", COMPARISON).iconst_0();
        code.invokevirtual(BYTES, "compare", MethodTypeDesc.of(MASK, COMPARISON, ConstantDescs.CD_byte));
    }

    /** A mask to one of lanes of another type. */
    void castMask(LaneType type) {
        species(type);
        code.invokevirtual(MASK, "cast", MethodTypeDesc.of(MASK, SPECIES));
    }

    void maskAsInts(int op) {
        species(LaneType.I32);
        code.iconst_0();
        broadcast(LaneType.I32);
        code.iconst_1();
        mask(op, LaneType.I32);
        code.invokevirtual(INTS, "blend", MethodTypeDesc.of(INTS, ConstantDescs.CD_int, MASK));
    }

    void maskAsBytes(int op) {
        code.aload(block.value[op]).getstatic(self, VectorNames.BYTE_SPECIES, SPECIES);
        code.invokevirtual(MASK, "cast", MethodTypeDesc.of(MASK, SPECIES));
        code.invokestatic(LANES, "toBytes", MethodTypeDesc.of(BYTES, MASK));
    }

    /** Pushes a mask, for lanes of the given type. */
    private void mask(int op, LaneType type) {
        code.aload(block.value[op]);
        if (maskType(op) != type) {
            castMask(type);
        }
    }

    /** The type of the lanes to which a mask belongs, MASK for bytes. */
    private LaneType maskType(int op) {
        LaneOp mask = program.ops().get(op);
        return switch (mask.code()) {
            case INPUT -> {
                BlockProgram.Binding binding = block.binding((int) mask.bits());
                yield binding.unit() && !binding.array() && binding.storage() == Storage.BOOL
                        ? LaneType.MASK
                        : LaneType.I32;
            }
            case LITERAL -> LaneType.I32;
            case AND, OR, XOR, NOT -> maskType(mask.a());
            default -> program.ops().get(mask.a()).type();
        };
    }

    /** Pushes a mask, for lanes of the type that another mask has. */
    private void maskLike(int op, int other) {
        LaneType wanted = maskType(other);
        code.aload(block.value[op]);
        if (maskType(op) != wanted) {
            if (wanted == LaneType.MASK) {
                code.getstatic(self, VectorNames.BYTE_SPECIES, SPECIES);
                code.invokevirtual(MASK, "cast", MethodTypeDesc.of(MASK, SPECIES));
            } else {
                castMask(wanted);
            }
        }
    }

    /** Pushes the value of an operation that is neither input nor literal. */
    void compute(int i) {
        LaneOp op = program.ops().get(i);
        if (op.type() == LaneType.MASK) {
            computeMask(op);
        } else {
            computeVector(op);
        }
    }

    private void computeMask(LaneOp op) {
        Code what = op.code();
        switch (what) {
            case AND, OR, XOR -> {
                code.aload(block.value[op.a()]);
                maskLike(op.b(), op.a());
                String name = what == Code.AND ? "and" : what == Code.OR ? "or" : "xor";
                code.invokevirtual(MASK, name, MethodTypeDesc.of(MASK, MASK));
            }
            case NOT -> code.aload(block.value[op.a()]).invokevirtual(MASK, "not", MethodTypeDesc.of(MASK));
            case EQ, NE, LT, LE -> {
                ClassDesc vector = VectorNames.vector(program.ops().get(op.a()).type());
                code.aload(block.value[op.a()]).getstatic(OPERATORS, what.name(), COMPARISON);
                code.aload(block.value[op.b()]);
                code.invokevirtual(vector, "compare", MethodTypeDesc.of(MASK, COMPARISON, VECTOR));
            }
            default -> throw unknown(op);
        }
    }

    private void computeVector(LaneOp op) {
        LaneType type = op.type();
        ClassDesc vector = VectorNames.vector(type);
        switch (op.code()) {
            case CONSTANT -> {
                species(type);
                switch (type) {
                    case F32 -> code.loadConstant(Float.intBitsToFloat((int) op.bits()));
                    case F64 -> code.loadConstant(Double.longBitsToDouble(op.bits()));
                    case I64 -> code.loadConstant(op.bits());
                    case I32, MASK -> code.loadConstant((int) op.bits());
                }
                broadcast(type);
            }
            case ADD, SUB, MUL, DIV, MIN, MAX -> {
                code.aload(block.value[op.a()]).aload(block.value[op.b()]);
                String name = op.code().name().toLowerCase(Locale.ROOT);
                code.invokevirtual(vector, name, MethodTypeDesc.of(vector, VECTOR));
            }
            case FMA -> {
                code.aload(block.value[op.a()]).aload(block.value[op.b()]).aload(block.value[op.c()]);
                code.invokevirtual(vector, "fma", MethodTypeDesc.of(vector, VECTOR, VECTOR));
            }
            case NEG, ABS, SQRT -> {
                code.aload(block.value[op.a()]);
                String name = op.code().name().toLowerCase(Locale.ROOT);
                code.invokevirtual(vector, name, MethodTypeDesc.of(vector));
            }
            case AND, OR, XOR -> {
                code.aload(block.value[op.a()]);
                operator(op.code().name());
                code.aload(block.value[op.b()]);
                code.invokevirtual(vector, "lanewise", MethodTypeDesc.of(vector, BINARY, VECTOR));
            }
            case SHIFT_LEFT -> shift(op, vector, "LSHL");
            case SHIFT_RIGHT -> shift(op, vector, "ASHR");
            case SHIFT_RIGHT_UNSIGNED -> shift(op, vector, "LSHR");
            case SELECT -> {
                code.aload(block.value[op.c()]).aload(block.value[op.b()]);
                mask(op.a(), type);
                code.invokevirtual(vector, "blend", MethodTypeDesc.of(vector, VECTOR, MASK));
            }
            case CONVERT -> convert(op, vector);
            case REINTERPRET -> {
                ClassDesc from = VectorNames.vector(program.ops().get(op.a()).type());
                String name = switch (type) {
                    case F32 -> "reinterpretAsFloats";
                    case F64 -> "reinterpretAsDoubles";
                    case I32 -> "reinterpretAsInts";
                    case I64 -> "reinterpretAsLongs";
                    case MASK -> throw unknown(op);
                };
                code.aload(block.value[op.a()]).invokevirtual(from, name, MethodTypeDesc.of(vector));
            }
            case CALL -> call(op, vector);
            case CALL_WHERE -> callWhere(op, vector);
            case INPUT, LITERAL, NOT, EQ, NE, LT, LE -> throw unknown(op);
        }
    }

    private void shift(LaneOp op, ClassDesc vector, String operator) {
        code.aload(block.value[op.a()]);
        operator(operator);
        if (op.type().isWide()) {
            code.loadConstant(op.bits());
        } else {
            code.loadConstant((int) op.bits());
        }
        code.invokevirtual(
                vector, "lanewise", MethodTypeDesc.of(vector, BINARY, BlockGenerator.element(op.type())));
    }

    private void convert(LaneOp op, ClassDesc vector) {
        LaneType from = program.ops().get(op.a()).type();
        String name = letter(from) + "2" + letter(op.type());
        code.aload(block.value[op.a()]).getstatic(OPERATORS, name, CONVERSION);
        species(op.type());
        code.iconst_0().invokevirtual(
                VectorNames.vector(from),
                "convertShape",
                MethodTypeDesc.of(VECTOR, CONVERSION, SPECIES, ConstantDescs.CD_int));
        code.checkcast(vector);
    }

    private static String letter(LaneType type) {
        return switch (type) {
            case F32 -> "F";
            case F64 -> "D";
            case I32 -> "I";
            case I64 -> "L";
            case MASK -> throw new IllegalArgumentException("masks are not converted");
        };
    }

    private void call(LaneOp op, ClassDesc vector) {
        code.aload(block.value[op.a()]);
        if (LaneFunction.of(op.bits()).arity() == 2) {
            code.aload(block.value[op.b()]).loadConstant((int) op.bits());
            code.invokestatic(LANES, "call", MethodTypeDesc.of(vector, vector, vector, ConstantDescs.CD_int));
        } else {
            code.loadConstant((int) op.bits());
            code.invokestatic(LANES, "call", MethodTypeDesc.of(vector, vector, ConstantDescs.CD_int));
        }
    }

    private void callWhere(LaneOp op, ClassDesc vector) {
        Label otherwise = code.newLabel();
        Label end = code.newLabel();
        mask(op.a(), op.type());
        code.invokevirtual(MASK, "anyTrue", MethodTypeDesc.of(ConstantDescs.CD_boolean)).ifeq(otherwise);
        mask(op.a(), op.type());
        code.aload(block.value[op.b()]).aload(block.value[op.c()]).loadConstant((int) op.bits());
        code.invokestatic(
                LANES, "callWhere", MethodTypeDesc.of(vector, MASK, vector, vector, ConstantDescs.CD_int));
        code.goto_(end).labelBinding(otherwise).aload(block.value[op.c()]).labelBinding(end);
    }

    private static IllegalArgumentException unknown(LaneOp op) {
        return new IllegalArgumentException(op + " cannot be written; this is a bug in the compiler");
    }
}
