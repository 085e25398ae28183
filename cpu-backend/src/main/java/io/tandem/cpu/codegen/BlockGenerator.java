package io.tandem.cpu.codegen;

import io.tandem.cpu.codegen.BlockProgram.Binding;
import io.tandem.cpu.codegen.LaneOp.Code;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;

/**
 * Writes the body of {@link Block#run}, or of a method like it: the loops. What happens to a column is the business of
 * subclasses.
 */
abstract class BlockGenerator {
    static final ClassDesc SEGMENT = ClassDesc.of("java.lang.foreign.MemorySegment");
    static final ClassDesc OBJECT_ARRAY = ConstantDescs.CD_Object.arrayType();

    private static final int SEGMENTS = 1;
    private static final int ARRAYS = 2;
    private static final int ADDRESSES = 3;
    static final int LITERALS = 4;
    private static final int ROWS = 5;
    private static final int LINES = 6;
    static final int COLUMNS = 7;

    final BlockProgram program;
    final CodeBuilder code;
    /** Local variable of each operation's value. */
    final int[] value;
    /** Local variable of each binding's memory. */
    final int[] memory;
    /** Local variable of the position of each binding's row: int for arrays, long for segments. */
    final int[] rowBase;
    /** Local variable of the position of each binding's line. */
    final int[] lineBase;
    /** Local variable of the column. */
    final int column;

    private final boolean[] invariant;

    BlockGenerator(BlockProgram program, CodeBuilder code) {
        this.program = program;
        this.code = code;
        int bindings = program.bindings().size();
        value = new int[program.ops().size()];
        memory = new int[bindings];
        rowBase = new int[bindings];
        lineBase = new int[bindings];
        column = code.allocateLocal(TypeKind.INT);
        for (int i = 0; i < bindings; i++) {
            memory[i] = code.allocateLocal(TypeKind.REFERENCE);
            rowBase[i] = code.allocateLocal(position(i));
            lineBase[i] = code.allocateLocal(position(i));
        }
        invariant = new boolean[program.ops().size()];
        for (int i = 0; i < invariant.length; i++) {
            LaneOp op = program.ops().get(i);
            boolean constant = op.code() != Code.INPUT || !binding((int) op.bits()).unit();
            for (int a = 0; a < op.arity(); a++) {
                constant &= invariant[op.argument(a)];
            }
            invariant[i] = constant;
            value[i] = code.allocateLocal(kind(op.type()));
        }
    }

    /** How values of a type are held in local variables. */
    abstract TypeKind kind(LaneType type);

    /** Computes an operation into its local variable, once for all columns of a line. */
    abstract void invariant(int op);

    /** Reads the partial results of the row's folds. */
    abstract void beginRow();

    /** Writes the partial results of the row's folds. */
    abstract void endRow();

    /** Writes the loop over columns. */
    abstract void columns();

    final Binding binding(int i) {
        return program.bindings().get(i);
    }

    final boolean isInvariant(int op) {
        return invariant[op];
    }

    final void generate() {
        for (int i = 0; i < memory.length; i++) {
            openBinding(i);
        }
        fixedValues();
        int row = code.allocateLocal(TypeKind.INT);
        int line = code.allocateLocal(TypeKind.INT);
        loop(row, ROWS, () -> {
            beginRow();
            for (int i = 0; i < memory.length; i++) {
                copyPosition(i);
            }
            loop(line, LINES, () -> {
                lineValues();
                columns();
                for (int i = 0; i < memory.length; i++) {
                    advance(i, lineBase[i], Block.LINE);
                }
            });
            endRow();
            for (int i = 0; i < memory.length; i++) {
                advance(i, rowBase[i], Block.ROW);
            }
        });
        code.return_();
    }

    /** Computes what is the same in the whole call. */
    private void fixedValues() {
        for (int i = 0; i < value.length; i++) {
            if (isFixed(i)) {
                invariant(i);
            }
        }
    }

    /** Computes what is the same for all columns of a line. */
    private void lineValues() {
        for (int i = 0; i < value.length; i++) {
            if (invariant[i] && !isFixed(i)) {
                invariant(i);
            }
        }
    }

    /** Whether a value is the same in the whole call. */
    private boolean isFixed(int op) {
        Code what = program.ops().get(op).code();
        return what == Code.CONSTANT || what == Code.LITERAL;
    }

    private void openBinding(int i) {
        Binding binding = binding(i);
        code.aload(binding.array() ? ARRAYS : SEGMENTS).loadConstant(i).aaload();
        if (binding.array()) {
            code.checkcast(element(binding.storage().type()).arrayType());
        }
        code.astore(memory[i]);
        loadAddress(i, Block.START);
        code.storeLocal(position(i), rowBase[i]);
    }

    private TypeKind position(int i) {
        return binding(i).array() ? TypeKind.INT : TypeKind.LONG;
    }

    private void copyPosition(int i) {
        code.loadLocal(position(i), rowBase[i]).storeLocal(position(i), lineBase[i]);
    }

    private void advance(int i, int local, int address) {
        if (binding(i).array()) {
            code.iload(local);
            loadAddress(i, address);
            code.iadd().istore(local);
        } else {
            code.lload(local);
            loadAddress(i, address);
            code.ladd().lstore(local);
        }
    }

    private void loadAddress(int i, int address) {
        code.aload(ADDRESSES).loadConstant(Block.ADDRESSES * i + address).laload();
        if (binding(i).array()) {
            code.l2i();
        }
    }

    /** A loop of an int local variable from 0 to another. */
    final void loop(int counter, int limit, Runnable body) {
        Label top = code.newLabel();
        Label end = code.newLabel();
        code.iconst_0().istore(counter);
        code.labelBinding(top).iload(counter).iload(limit).if_icmpge(end);
        body.run();
        code.iinc(counter, 1).goto_(top).labelBinding(end);
    }

    /** The Java type of one value. */
    static ClassDesc element(LaneType type) {
        return switch (type) {
            case F32 -> ConstantDescs.CD_float;
            case F64 -> ConstantDescs.CD_double;
            case I32, MASK -> ConstantDescs.CD_int;
            case I64 -> ConstantDescs.CD_long;
        };
    }
}
