package io.tandem.cpu.codegen;

import io.tandem.cpu.codegen.BlockProgram.Binding;
import io.tandem.cpu.codegen.BlockProgram.FoldOutput;
import io.tandem.cpu.codegen.BlockProgram.Output;
import io.tandem.cpu.codegen.BlockProgram.Place;
import io.tandem.cpu.codegen.LaneOp.Code;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/**
 * Blocks as scalar code, one column at a time. All bindings must be arrays: over these, the JIT compiler vectorises
 * simple loops by itself. Masks are ints, 0 or 1.
 */
final class ScalarGenerator extends BlockGenerator {
    private static final ClassDesc MATH = ClassDesc.of("java.lang.Math");
    private static final ClassDesc FUNCTIONS = ClassDesc.of(ScalarFunctions.class.getName());

    ScalarGenerator(BlockProgram program, CodeBuilder code) {
        super(program, code);
        for (Binding binding : program.bindings()) {
            if (!binding.array()) {
                throw new IllegalArgumentException("scalar blocks work on arrays, not on " + binding);
            }
        }
    }

    @Override
    TypeKind kind(LaneType type) {
        return scalarKind(type);
    }

    private static TypeKind scalarKind(LaneType type) {
        return switch (type) {
            case F32 -> TypeKind.FLOAT;
            case F64 -> TypeKind.DOUBLE;
            case I32, MASK -> TypeKind.INT;
            case I64 -> TypeKind.LONG;
        };
    }

    @Override
    void invariant(int op) {
        compute(op);
    }

    @Override
    void beginRow() {
        // partial results stay in their array
    }

    @Override
    void endRow() {
        // partial results stay in their array
    }

    @Override
    void columns() {
        loop(column, COLUMNS, () -> {
            for (int i = 0; i < value.length; i++) {
                if (!isInvariant(i)) {
                    compute(i);
                }
            }
            for (FoldOutput fold : program.folds()) {
                fold(fold);
            }
            for (Output output : program.outputs()) {
                LaneType type = type(output.op());
                position(output.binding());
                load(output.op());
                code.arrayStore(scalarKind(type));
            }
        });
    }

    private void fold(FoldOutput fold) {
        LaneType type = type(fold.op());
        TypeKind kind = scalarKind(type);
        if (fold.lanes()) {
            code.aload(memory[fold.binding()]).iload(rowBase[fold.binding()]);
            code.iload(column).loadConstant(program.width() - 1).iand().iadd();
        } else {
            position(fold.binding());
        }
        code.dup2().arrayLoad(kind);
        load(fold.op());
        switch (fold.reduction()) {
            case SUM -> add(type);
            case MAX -> code.invokestatic(MATH, "max", method(type, type, type));
            case MIN -> code.invokestatic(MATH, "min", method(type, type, type));
        }
        code.arrayStore(kind);
    }

    private LaneType type(int op) {
        return program.ops().get(op).type();
    }

    private void load(int op) {
        code.loadLocal(scalarKind(type(op)), value[op]);
    }

    /**
     * The array of a binding and the index of the column in it. Tiles share one index, which tells the JIT compiler
     * that a store to one touches no other column of another, even if it cannot tell their arrays apart.
     */
    private void position(int binding) {
        int base = binding;
        if (isWholeTile(binding)) {
            base = 0;
            while (!isWholeTile(base)) {
                base++;
            }
        }
        code.aload(memory[binding]).iload(lineBase[base]);
        if (binding(binding).unit()) {
            code.iload(column).iadd();
        }
    }

    private boolean isWholeTile(int binding) {
        return binding(binding).place() == Place.TILE && binding(binding).unit();
    }

    private static MethodTypeDesc method(LaneType result, LaneType... parameters) {
        ClassDesc[] types = new ClassDesc[parameters.length];
        for (int i = 0; i < types.length; i++) {
            types[i] = element(parameters[i]);
        }
        return MethodTypeDesc.of(element(result), types);
    }

    private void compute(int i) {
        LaneOp op = program.ops().get(i);
        LaneType type = op.type();
        switch (op.code()) {
            case INPUT -> {
                position((int) op.bits());
                code.arrayLoad(scalarKind(type));
            }
            case LITERAL -> {
                code.aload(LITERALS).loadConstant((int) op.bits()).daload();
                convert(LaneType.F64, type.stored());
            }
            case CONSTANT -> constant(type, op.bits());
            case ADD, SUB, MUL, DIV, MIN, MAX, FMA, NEG, ABS, SQRT, AND, OR, XOR, NOT -> {
                for (int a = 0; a < op.arity(); a++) {
                    load(op.argument(a));
                }
                arithmetic(op.code(), type);
            }
            case SHIFT_LEFT, SHIFT_RIGHT, SHIFT_RIGHT_UNSIGNED -> {
                load(op.a());
                code.loadConstant((int) op.bits());
                shift(op.code(), type);
            }
            case EQ, NE, LT, LE -> compare(op);
            case SELECT -> {
                Label otherwise = code.newLabel();
                Label end = code.newLabel();
                load(op.a());
                code.ifeq(otherwise);
                load(op.b());
                code.goto_(end).labelBinding(otherwise);
                load(op.c());
                code.labelBinding(end);
            }
            case CONVERT -> {
                load(op.a());
                convert(type(op.a()), type);
            }
            case REINTERPRET -> {
                load(op.a());
                reinterpret(type(op.a()));
            }
            case CALL -> {
                LaneFunction function = LaneFunction.of(op.bits());
                load(op.a());
                if (function.arity() == 2) {
                    load(op.b());
                    code.invokestatic(FUNCTIONS, function.method(), method(type, type, type));
                } else {
                    code.invokestatic(FUNCTIONS, function.method(), method(type, type));
                }
            }
            case CALL_WHERE -> {
                Label otherwise = code.newLabel();
                Label end = code.newLabel();
                load(op.a());
                code.ifeq(otherwise);
                load(op.b());
                code.invokestatic(FUNCTIONS, LaneFunction.of(op.bits()).method(), method(type, type));
                code.goto_(end).labelBinding(otherwise);
                load(op.c());
                code.labelBinding(end);
            }
        }
        code.storeLocal(scalarKind(type), value[i]);
    }

    private void constant(LaneType type, long bits) {
        switch (type) {
            case F32 -> code.loadConstant(Float.intBitsToFloat((int) bits));
            case F64 -> code.loadConstant(Double.longBitsToDouble(bits));
            case I32, MASK -> code.loadConstant((int) bits);
            case I64 -> code.loadConstant(bits);
        }
    }

    private void add(LaneType type) {
        arithmetic(Code.ADD, type);
    }

    private void arithmetic(Code what, LaneType type) {
        switch (type) {
            case F32 -> floatArithmetic(what);
            case F64 -> doubleArithmetic(what);
            case I32, MASK -> intArithmetic(what);
            case I64 -> longArithmetic(what);
        }
    }

    private void floatArithmetic(Code what) {
        LaneType type = LaneType.F32;
        switch (what) {
            case ADD -> code.fadd();
            case SUB -> code.fsub();
            case MUL -> code.fmul();
            case DIV -> code.fdiv();
            case NEG -> code.fneg();
            case SQRT -> code.f2d()
                    .invokestatic(MATH, "sqrt", method(LaneType.F64, LaneType.F64))
                    .d2f();
            default -> mathCall(what, type);
        }
    }

    private void doubleArithmetic(Code what) {
        switch (what) {
            case ADD -> code.dadd();
            case SUB -> code.dsub();
            case MUL -> code.dmul();
            case DIV -> code.ddiv();
            case NEG -> code.dneg();
            case SQRT -> code.invokestatic(MATH, "sqrt", method(LaneType.F64, LaneType.F64));
            default -> mathCall(what, LaneType.F64);
        }
    }

    private void intArithmetic(Code what) {
        switch (what) {
            case ADD -> code.iadd();
            case SUB -> code.isub();
            case MUL -> code.imul();
            case NEG -> code.ineg();
            case AND -> code.iand();
            case OR -> code.ior();
            case XOR -> code.ixor();
            case NOT -> code.iconst_1().ixor();
            default -> mathCall(what, LaneType.I32);
        }
    }

    private void longArithmetic(Code what) {
        switch (what) {
            case ADD -> code.ladd();
            case SUB -> code.lsub();
            case MUL -> code.lmul();
            case NEG -> code.lneg();
            case AND -> code.land();
            case OR -> code.lor();
            case XOR -> code.lxor();
            default -> mathCall(what, LaneType.I64);
        }
    }

    private void mathCall(Code what, LaneType type) {
        switch (what) {
            case MIN -> code.invokestatic(MATH, "min", method(type, type, type));
            case MAX -> code.invokestatic(MATH, "max", method(type, type, type));
            case FMA -> code.invokestatic(MATH, "fma", method(type, type, type, type));
            case ABS -> code.invokestatic(MATH, "abs", method(type, type));
            default -> throw new IllegalArgumentException("there is no %s of %s".formatted(what, type));
        }
    }

    private void shift(Code what, LaneType type) {
        boolean wide = type.isWide();
        switch (what) {
            case SHIFT_LEFT -> {
                if (wide) {
                    code.lshl();
                } else {
                    code.ishl();
                }
            }
            case SHIFT_RIGHT -> {
                if (wide) {
                    code.lshr();
                } else {
                    code.ishr();
                }
            }
            default -> {
                if (wide) {
                    code.lushr();
                } else {
                    code.iushr();
                }
            }
        }
    }

    private void compare(LaneOp op) {
        Label yes = code.newLabel();
        Label end = code.newLabel();
        load(op.a());
        load(op.b());
        // with NaN, less-than must see "greater", and equal must see "different"
        switch (type(op.a())) {
            case F32 -> code.fcmpg();
            case F64 -> code.dcmpg();
            case I64 -> code.lcmp();
            case I32, MASK -> code.invokestatic(
                    ConstantDescs.CD_Integer, "compare", method(LaneType.I32, LaneType.I32, LaneType.I32));
        }
        switch (op.code()) {
            case EQ -> code.ifeq(yes);
            case NE -> code.ifne(yes);
            case LT -> code.iflt(yes);
            case LE -> code.ifle(yes);
            default -> throw new IllegalArgumentException(op.code() + " compares nothing");
        }
        code.iconst_0().goto_(end).labelBinding(yes).iconst_1().labelBinding(end);
    }

    private void convert(LaneType from, LaneType to) {
        if (from != to) {
            code.conversion(scalarKind(from), scalarKind(to));
        }
    }

    private void reinterpret(LaneType from) {
        switch (from) {
            case F32 -> code.invokestatic(
                    ConstantDescs.CD_Float, "floatToRawIntBits", method(LaneType.I32, LaneType.F32));
            case I32 -> code.invokestatic(ConstantDescs.CD_Float, "intBitsToFloat", method(LaneType.F32, LaneType.I32));
            case F64 -> code.invokestatic(
                    ConstantDescs.CD_Double, "doubleToRawLongBits", method(LaneType.I64, LaneType.F64));
            case I64 -> code.invokestatic(
                    ConstantDescs.CD_Double, "longBitsToDouble", method(LaneType.F64, LaneType.I64));
            case MASK -> throw new IllegalArgumentException("masks have no bits");
        }
    }
}
