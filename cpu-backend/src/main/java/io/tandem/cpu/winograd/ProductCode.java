package io.tandem.cpu.winograd;

import static io.tandem.cpu.codegen.machine.General.R10;
import static io.tandem.cpu.codegen.machine.General.R11;
import static io.tandem.cpu.codegen.machine.General.R12;
import static io.tandem.cpu.codegen.machine.General.R13;
import static io.tandem.cpu.codegen.machine.General.R14;
import static io.tandem.cpu.codegen.machine.General.R15;
import static io.tandem.cpu.codegen.machine.General.R8;
import static io.tandem.cpu.codegen.machine.General.R9;
import static io.tandem.cpu.codegen.machine.General.RAX;
import static io.tandem.cpu.codegen.machine.General.RBP;
import static io.tandem.cpu.codegen.machine.General.RBX;
import static io.tandem.cpu.codegen.machine.General.RCX;
import static io.tandem.cpu.codegen.machine.General.RDI;
import static io.tandem.cpu.codegen.machine.General.RDX;
import static io.tandem.cpu.codegen.machine.General.RSI;

import io.tandem.cpu.codegen.machine.Assembler;
import io.tandem.cpu.codegen.machine.Condition;
import io.tandem.cpu.codegen.machine.Frames;
import io.tandem.cpu.codegen.machine.GeneralInstruction;
import io.tandem.cpu.codegen.machine.Label;
import io.tandem.cpu.codegen.machine.Operand;
import io.tandem.cpu.codegen.machine.VectorInstruction;
import java.util.List;

/**
 * Writes machine code for products of matrices whose columns lie in blocks of 16: C [columns / 16, rows, 16] is A times B
 * [columns / 16, summed, 16]. Eight rows and two blocks of columns at a time are summed up in registers. The function takes
 * the address of its parameters.
 */
final class ProductCode {
    // parameters, in bytes
    static final int A = 0;
    static final int B = 8;
    static final int C = 16;
    /** Number of groups of eight rows. */
    static final int GROUPS = 24;
    /** Number of blocks, or pairs of blocks, of columns. */
    static final int COLUMNS = 32;
    /** Distance of blocks of columns in B. */
    static final int B_BLOCK = 40;
    /** Distance of blocks of columns in C. */
    static final int C_BLOCK = 48;
    /** The summed axis: number of blocks, of fours in a block, of single ones after them. */
    static final int BLOCKS = 56;

    static final int FOURS = 64;
    static final int SINGLES = 72;
    /** From the end of one block of the summed axis to the start of the next one in A. */
    static final int A_JUMP = 80;
    /** From one group of rows to the next one in A: after even ones, after odd ones. */
    static final int A_EVEN = 88;

    static final int A_ODD = 96;
    static final int PARAMETER_BYTES = 104;

    /** Rows that are computed together. */
    static final int ROWS = 8;

    private static final int VECTOR = 64;
    private static final int BITS = 512;

    /** How A lies in memory. */
    enum Order {
        /** [summed / 16, rows, 16]. */
        ROWS_OF_SUMMED(VECTOR, 4),
        /** [rows / 16, summed, 16]. */
        ROWS_INNERMOST(4, VECTOR);

        /** Distance of neighbouring rows. */
        final int row;
        /** Distance of neighbouring summed elements. */
        final int summed;

        Order(int row, int summed) {
            this.row = row;
            this.summed = summed;
        }
    }

    /**
     * What to write code for.
     *
     * @param pairs whether two blocks of columns are computed together, or one
     * @param adds whether the product is added to what C holds
     */
    record Form(Order order, boolean pairs, boolean adds) {}

    private final Assembler code = new Assembler();
    private final Form form;
    private final int width;
    private final List<Integer> vectors = Frames.ofSystem().vectors();

    private ProductCode(Form form) {
        this.form = form;
        this.width = form.pairs ? 2 : 1;
    }

    static byte[] write(Form form) {
        return new ProductCode(form).write();
    }

    private int sum(int row, int column) {
        return vectors.get(row * width + column);
    }

    private int factor(int column) {
        return vectors.get(ROWS * width + column);
    }

    /*
     * RBX, RDX: start of B's columns, position in it. RSI, RAX: start of A's group of rows, position in it. RCX: position in C.
     * R8, R9, R10, R11 count groups, columns, blocks and steps. R12, R13: next jumps between groups. R14, R15: distances of
     * blocks in B and C. RBP: start of C's columns.
     */
    private byte[] write() {
        Frames frames = Frames.ofSystem();
        frames.begin(code);
        get(RBX, B);
        get(RBP, C);
        get(R14, B_BLOCK);
        get(R15, C_BLOCK);
        get(R9, COLUMNS);
        Label columns = code.label();
        code.place(columns);
        get(RSI, A);
        get(R12, A_EVEN);
        get(R13, A_ODD);
        get(R8, GROUPS);
        move(RCX, RBP);
        Label groups = code.label();
        code.place(groups);
        group();
        code.general(GeneralInstruction.ADD, RSI, Operand.register(R12));
        move(RAX, R12);
        move(R12, R13);
        move(R13, RAX);
        advance(RCX, ROWS * VECTOR);
        again(R8, groups);
        for (int i = 0; i < width; i++) {
            code.general(GeneralInstruction.ADD, RBX, Operand.register(R14));
            code.general(GeneralInstruction.ADD, RBP, Operand.register(R15));
        }
        again(R9, columns);
        frames.end(code);
        return code.finish();
    }

    private void group() {
        for (int r = 0; r < ROWS; r++) {
            for (int c = 0; c < width; c++) {
                int sum = sum(r, c);
                if (form.adds) {
                    code.vector(VectorInstruction.VMOVUPS, BITS, sum, 0, inC(r, c));
                } else {
                    code.vector(VectorInstruction.VPXORD, BITS, sum, sum, Operand.register(sum));
                }
            }
        }
        move(RAX, RSI);
        move(RDX, RBX);
        get(R10, BLOCKS);
        Label blocks = code.label();
        code.place(blocks);
        steps(FOURS, 4);
        steps(SINGLES, 1);
        code.general(GeneralInstruction.ADD, RAX, Operand.at(RDI, A_JUMP));
        again(R10, blocks);
        for (int r = 0; r < ROWS; r++) {
            for (int c = 0; c < width; c++) {
                code.vector(VectorInstruction.VMOVUPS_STORE, BITS, sum(r, c), 0, inC(r, c));
            }
        }
    }

    private Operand inC(int row, int column) {
        return column == 0
                ? Operand.at(RCX, row * VECTOR)
                : new Operand.Memory(RCX, R15, 1, row * VECTOR, false);
    }

    /** A loop over as many steps as a parameter says, perhaps none. */
    private void steps(int parameter, int unroll) {
        Label again = code.label();
        Label end = code.label();
        get(R11, parameter);
        code.general(GeneralInstruction.TEST, R11, Operand.register(R11));
        code.jump(Condition.EQUAL, end);
        code.place(again);
        for (int k = 0; k < unroll; k++) {
            step(k);
        }
        advance(RAX, (long) unroll * form.order.summed);
        advance(RDX, (long) unroll * VECTOR);
        again(R11, again);
        code.place(end);
    }

    private void step(int k) {
        for (int c = 0; c < width; c++) {
            Operand place = c == 0
                    ? Operand.at(RDX, k * VECTOR)
                    : new Operand.Memory(RDX, R14, 1, k * VECTOR, false);
            code.vector(VectorInstruction.VMOVUPS, BITS, factor(k % 2 * width + c), 0, place);
        }
        for (int r = 0; r < ROWS; r++) {
            int element = element(r);
            code.vector(
                    VectorInstruction.VBROADCASTSS,
                    BITS,
                    element,
                    0,
                    Operand.at(RAX, r * form.order.row + k * form.order.summed));
            for (int c = 0; c < width; c++) {
                code.vector(
                        VectorInstruction.VFMADD231PS,
                        BITS,
                        sum(r, c),
                        element,
                        Operand.register(factor(k % 2 * width + c)));
            }
        }
    }

    /** One of two registers for elements of A, in turn. */
    private int element(int row) {
        return vectors.get((ROWS + 2) * width + row % 2);
    }

    private void get(int register, int parameter) {
        code.general(GeneralInstruction.MOV, register, Operand.at(RDI, parameter));
    }

    private void move(int to, int from) {
        code.general(GeneralInstruction.MOV, to, Operand.register(from));
    }

    private void advance(int register, long bytes) {
        code.general(GeneralInstruction.ADD_IMMEDIATE, 0, Operand.register(register), bytes);
    }

    private void again(int counter, Label start) {
        code.general(GeneralInstruction.DEC, 1, Operand.register(counter));
        code.jump(Condition.NOT_EQUAL, start);
    }
}
