package io.tandem.cpu.codegen;

import static io.tandem.cpu.codegen.VectorNames.BYTES;
import static io.tandem.cpu.codegen.VectorNames.BYTE_ORDER;
import static io.tandem.cpu.codegen.VectorNames.LANES;
import static io.tandem.cpu.codegen.VectorNames.MASK;
import static io.tandem.cpu.codegen.VectorNames.SPECIES;
import static io.tandem.cpu.codegen.VectorNames.VECTOR;

import io.tandem.cpu.codegen.BlockProgram.Binding;
import io.tandem.cpu.codegen.BlockProgram.FoldOutput;
import io.tandem.cpu.codegen.BlockProgram.Output;
import io.tandem.cpu.codegen.BlockProgram.Storage;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/**
 * Blocks as Vector API code. All vectors of a block have the same number of lanes, whatever their element types; what
 * is left of a line after whole vectors is done under a mask. Only names of the incubator module's classes occur here.
 */
final class VectorGenerator extends BlockGenerator {
    /** Columns of a line. */
    enum Part {
        /** Up to a multiple of the step. */
        WHOLE,
        /** After that, under a mask. */
        REST,
        /** All, under a mask. */
        ALL
    }

    private final VectorOperations operations;
    private final ClassDesc self;
    private final int lanes;
    private final int step;
    private final Part part;
    private final int limit;
    /** Local variables of the masks of a part, for 32-bit and 64-bit lanes. */
    private final int[] partMask = new int[2];
    /** Local variables of the folds' partial results, by fold and vector of a step. */
    private final int[][] partial;

    /**
     * @param self the class that is being written
     * @param lanes lanes of a vector, a divisor of the program's width
     * @param part the columns for which the method is
     */
    VectorGenerator(BlockProgram program, CodeBuilder code, ClassDesc self, int lanes, Part part) {
        super(program, code);
        this.self = self;
        this.lanes = lanes;
        this.part = part;
        this.step = step(program, lanes);
        this.operations = new VectorOperations(this, self);
        this.limit = code.allocateLocal(TypeKind.INT);
        for (int i = 0; i < partMask.length; i++) {
            partMask[i] = code.allocateLocal(TypeKind.REFERENCE);
        }
        partial = new int[program.folds().size()][step / lanes];
        for (int[] locals : partial) {
            for (int i = 0; i < locals.length; i++) {
                locals[i] = code.allocateLocal(TypeKind.REFERENCE);
            }
        }
    }

    /** Columns that a loop takes at once: as many as there are partial results. */
    static int step(BlockProgram program, int lanes) {
        return isOrdered(program) ? program.width() : lanes;
    }

    /** Whether lines share partial results. */
    static boolean isOrdered(BlockProgram program) {
        return program.folds().stream().anyMatch(FoldOutput::lanes);
    }

    @Override
    TypeKind kind(LaneType type) {
        return TypeKind.REFERENCE;
    }

    @Override
    void invariant(int i) {
        LaneOp op = program.ops().get(i);
        switch (op.code()) {
            case INPUT -> broadcastElement((int) op.bits(), op.type());
            case LITERAL -> broadcastLiteral((int) op.bits(), op.type());
            default -> operations.compute(i);
        }
        code.astore(value[i]);
    }

    private void broadcastLiteral(int index, LaneType type) {
        operations.species(type);
        code.aload(LITERALS).loadConstant(index).daload();
        switch (type) {
            case MASK -> code.invokestatic(
                    LANES, "maskAll", MethodTypeDesc.of(MASK, SPECIES, ConstantDescs.CD_double));
            case F32, F64, I32, I64 -> {
                if (type != LaneType.F64) {
                    code.conversion(TypeKind.DOUBLE, TypeKind.from(element(type)));
                }
                operations.broadcast(type);
            }
        }
    }

    /** The one element that all columns share. */
    private void broadcastElement(int index, LaneType type) {
        Binding binding = binding(index);
        operations.species(type);
        code.aload(memory[index]);
        if (binding.array()) {
            code.iload(lineBase[index]).arrayLoad(TypeKind.from(element(binding.storage().type())));
        } else {
            VectorNames.Layout layout = VectorNames.layout(binding.storage());
            code.getstatic(VectorNames.VALUE_LAYOUT, layout.field(), layout.type()).lload(lineBase[index]);
            code.invokeinterface(
                    SEGMENT,
                    "get",
                    MethodTypeDesc.of(layout.element(), layout.type(), ConstantDescs.CD_long));
        }
        if (type == LaneType.MASK) {
            code.invokestatic(LANES, "maskAll", MethodTypeDesc.of(MASK, SPECIES, ConstantDescs.CD_int));
        } else {
            operations.broadcast(type);
        }
    }

    @Override
    void beginRow() {
        eachPartial((fold, part) -> {
            LaneType type = program.ops().get(fold.op()).type();
            operations.species(type);
            partialPosition(fold, part);
            operations.fromArray(type);
            code.astore(partialLocal(fold, part));
        });
    }

    @Override
    void endRow() {
        eachPartial((fold, part) -> {
            LaneType type = program.ops().get(fold.op()).type();
            code.aload(partialLocal(fold, part));
            partialPosition(fold, part);
            operations.intoArray(type);
        });
    }

    private interface PartialBody {
        void emit(FoldOutput fold, int part);
    }

    private void eachPartial(PartialBody body) {
        for (FoldOutput fold : program.folds()) {
            for (int part = 0; fold.lanes() && part < step / lanes; part++) {
                body.emit(fold, part);
            }
        }
    }

    private int partialLocal(FoldOutput fold, int part) {
        return partial[program.folds().indexOf(fold)][part];
    }

    private void partialPosition(FoldOutput fold, int part) {
        code.aload(memory[fold.binding()]).iload(rowBase[fold.binding()]);
        code.loadConstant(part * lanes).iadd();
    }

    @Override
    void columns() {
        switch (part) {
            case WHOLE -> {
                code.iload(COLUMNS).loadConstant(-step).iand().istore(limit);
                vectorLoop(limit, false);
            }
            case REST -> {
                code.iload(COLUMNS).loadConstant(-step).iand().istore(column);
                vectors(true);
            }
            case ALL -> vectorLoop(COLUMNS, true);
        }
    }

    private void vectorLoop(int bound, boolean masked) {
        Label top = code.newLabel();
        Label end = code.newLabel();
        code.iconst_0().istore(column);
        code.labelBinding(top).iload(column).iload(bound).if_icmpge(end);
        vectors(masked);
        code.iinc(column, step).goto_(top).labelBinding(end);
    }

    private void vectors(boolean masked) {
        for (int part = 0; part < step / lanes; part++) {
            if (masked) {
                masks(part);
            }
            for (int i = 0; i < value.length; i++) {
                if (!isInvariant(i)) {
                    LaneOp op = program.ops().get(i);
                    switch (op.code()) {
                        case INPUT -> load((int) op.bits(), op.type(), part, masked);
                        default -> operations.compute(i);
                    }
                    code.astore(value[i]);
                }
            }
            for (FoldOutput fold : program.folds()) {
                fold(fold, part, masked);
            }
            for (Output output : program.outputs()) {
                store(output, part, masked);
            }
        }
    }

    private void masks(int part) {
        boolean[] used = new boolean[partMask.length];
        program.folds().forEach(fold -> used[maskOf(program.ops().get(fold.op()).type())] |= fold.lanes());
        for (int i = 0; i < used.length; i++) {
            if (used[i]) {
                code.getstatic(self, i == 0 ? "F32" : "F64", SPECIES);
                code.iload(column).loadConstant(part * lanes).iadd().iload(COLUMNS);
                code.invokeinterface(
                        SPECIES,
                        "indexInRange",
                        MethodTypeDesc.of(MASK, ConstantDescs.CD_int, ConstantDescs.CD_int));
                code.astore(partMask[i]);
            }
        }
    }

    private static int maskOf(LaneType type) {
        return type.isWide() ? 1 : 0;
    }

    private void loadMask(LaneType type) {
        code.aload(partMask[maskOf(type)]);
        if (!type.isFloating()) {
            operations.castMask(type);
        }
    }

    /** Position of a part in an array or segment, after whose reference it goes. */
    private void position(int index, int part) {
        Binding binding = binding(index);
        if (binding.array()) {
            code.iload(lineBase[index]).iload(column).iadd();
            if (part > 0) {
                code.loadConstant(part * lanes).iadd();
            }
        } else {
            code.lload(lineBase[index]).iload(column);
            if (part > 0) {
                code.loadConstant(part * lanes).iadd();
            }
            code.i2l();
            if (binding.storage().shift() > 0) {
                code.loadConstant(binding.storage().shift()).lshl();
            }
            code.ladd();
        }
    }

    private void load(int index, LaneType type, int part, boolean masked) {
        Binding binding = binding(index);
        LaneType stored = binding.storage().type();
        if (binding.array()) {
            operations.species(stored);
            code.aload(memory[index]);
            position(index, part);
            operations.fromArray(stored);
            if (type == LaneType.MASK) {
                operations.nonZero();
            }
            return;
        }
        boolean bytes = binding.storage() == Storage.BOOL;
        ClassDesc vector = bytes ? BYTES : VectorNames.vector(stored);
        if (bytes) {
            code.getstatic(self, VectorNames.BYTE_SPECIES, SPECIES);
        } else {
            operations.species(stored);
        }
        code.aload(memory[index]);
        if (masked) {
            restPosition(index, part);
            code.invokestatic(
                    LANES,
                    bytes ? "loadBytes" : VectorNames.restLoad(stored),
                    MethodTypeDesc.of(
                            vector,
                            SPECIES,
                            SEGMENT,
                            ConstantDescs.CD_long,
                            ConstantDescs.CD_int,
                            ConstantDescs.CD_int));
        } else {
            position(index, part);
            code.getstatic(BYTE_ORDER, "LITTLE_ENDIAN", BYTE_ORDER);
            code.invokestatic(
                    vector,
                    "fromMemorySegment",
                    MethodTypeDesc.of(vector, SPECIES, SEGMENT, ConstantDescs.CD_long, BYTE_ORDER));
        }
        if (bytes) {
            operations.nonZeroBytes();
        }
    }

    private void store(Output output, int part, boolean masked) {
        Binding binding = binding(output.binding());
        LaneType type = program.ops().get(output.op()).type();
        if (binding.array()) {
            if (type == LaneType.MASK) {
                operations.maskAsInts(output.op());
            } else {
                code.aload(value[output.op()]);
            }
            code.aload(memory[output.binding()]);
            position(output.binding(), part);
            operations.intoArray(type.stored());
            return;
        }
        boolean bytes = binding.storage() == Storage.BOOL;
        ClassDesc vector = bytes ? BYTES : VectorNames.vector(type);
        if (bytes) {
            operations.maskAsBytes(output.op());
        } else {
            code.aload(value[output.op()]);
        }
        code.aload(memory[output.binding()]);
        if (masked) {
            restPosition(output.binding(), part);
            code.invokestatic(
                    LANES,
                    "store",
                    MethodTypeDesc.of(
                            ConstantDescs.CD_void,
                            vector,
                            SEGMENT,
                            ConstantDescs.CD_long,
                            ConstantDescs.CD_int,
                            ConstantDescs.CD_int));
        } else {
            position(output.binding(), part);
            code.getstatic(BYTE_ORDER, "LITTLE_ENDIAN", BYTE_ORDER);
            code.invokevirtual(
                    vector,
                    "intoMemorySegment",
                    MethodTypeDesc.of(ConstantDescs.CD_void, SEGMENT, ConstantDescs.CD_long, BYTE_ORDER));
        }
    }

    /** Start of the line, column and number of columns, as the methods for the rest of a line take them. */
    private void restPosition(int index, int part) {
        code.lload(lineBase[index]).iload(column);
        if (part > 0) {
            code.loadConstant(part * lanes).iadd();
        }
        code.iload(COLUMNS);
    }

    private void fold(FoldOutput fold, int part, boolean masked) {
        LaneType type = program.ops().get(fold.op()).type();
        ClassDesc vector = VectorNames.vector(type);
        String operator = switch (fold.reduction()) {
            case SUM -> "ADD";
            case MAX -> "MAX";
            case MIN -> "MIN";
        };
        if (!fold.lanes()) {
            // columns beyond the last one are folded as well: the array has room for them
            operations.species(type);
            code.aload(memory[fold.binding()]);
            position(fold.binding(), part);
            operations.fromArray(type);
            operations.operator(operator);
            code.aload(value[fold.op()]);
            code.invokevirtual(vector, "lanewise", MethodTypeDesc.of(vector, VectorNames.BINARY, VECTOR));
            code.aload(memory[fold.binding()]);
            position(fold.binding(), part);
            operations.intoArray(type);
            return;
        }
        code.aload(partialLocal(fold, part));
        operations.operator(operator);
        code.aload(value[fold.op()]);
        if (masked) {
            loadMask(type);
            code.invokevirtual(vector, "lanewise", MethodTypeDesc.of(vector, VectorNames.BINARY, VECTOR, MASK));
        } else {
            code.invokevirtual(vector, "lanewise", MethodTypeDesc.of(vector, VectorNames.BINARY, VECTOR));
        }
        code.astore(partialLocal(fold, part));
    }
}
