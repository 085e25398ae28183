package io.tandem.cpu.codegen;

import static io.tandem.cpu.codegen.machine.General.R10;
import static io.tandem.cpu.codegen.machine.General.R11;
import static io.tandem.cpu.codegen.machine.General.R8;
import static io.tandem.cpu.codegen.machine.General.R9;
import static io.tandem.cpu.codegen.machine.General.RAX;
import static io.tandem.cpu.codegen.machine.General.RBX;
import static io.tandem.cpu.codegen.machine.General.RCX;
import static io.tandem.cpu.codegen.machine.General.RDI;
import static io.tandem.cpu.codegen.machine.General.RSI;

import io.tandem.cpu.codegen.machine.Assembler;
import io.tandem.cpu.codegen.machine.Condition;
import io.tandem.cpu.codegen.machine.Frames;
import io.tandem.cpu.codegen.machine.GeneralInstruction;
import io.tandem.cpu.codegen.machine.Label;
import io.tandem.cpu.codegen.machine.MaskInstruction;
import io.tandem.cpu.codegen.machine.NativeFunction;
import io.tandem.cpu.codegen.machine.Operand;
import io.tandem.cpu.codegen.machine.VectorInstruction;
import java.util.function.Supplier;

/**
 * Machine code that transposes a matrix of 32-bit elements with at most {@link #EDGE} rows and columns, in blocks of 16
 * times 16 that go through registers. At the edges it reads and writes under masks.
 */
final class TransposeFunction {
    /** The largest number of rows and columns. */
    static final int EDGE = 64;

    private static final int BLOCK = 16;

    // parameters, in bytes: addresses, distances of rows in bytes, numbers of rows and columns
    private static final int FROM = 0;
    private static final int FROM_PITCH = 8;
    private static final int TO = 16;
    private static final int TO_PITCH = 24;
    private static final int ROWS = 32;
    private static final int COLUMNS = 40;

    /** The number of longs among the parameters. */
    static final int PARAMETERS = 6;

    private static final class Lazy implements Supplier<NativeFunction> {
        private volatile NativeFunction function;

        @Override
        public NativeFunction get() {
            NativeFunction known = function;
            if (known == null) {
                synchronized (this) {
                    known = function == null ? NativeFunction.of(write()) : function;
                    function = known;
                }
            }
            return known;
        }
    }

    private final Supplier<NativeFunction> function = new Lazy();

    /** Makes the function, so that whether there is memory for code is known in time. */
    void prepare() {
        NativeFunction unused = function.get();
    }

    /**
     * Element (i, j) at {@code from} goes to element (j, i) at {@code to}.
     *
     * @param parameters the address of room for the parameters
     */
    void call(long parameters) {
        function.get().call(parameters, 0, 0);
    }

    /** Parameters as they are to be copied to memory. */
    static void fill(long[] parameters, long from, long fromPitch, long to, long toPitch, long rows, long columns) {
        parameters[FROM / 8] = from;
        parameters[FROM_PITCH / 8] = fromPitch;
        parameters[TO / 8] = to;
        parameters[TO_PITCH / 8] = toPitch;
        parameters[ROWS / 8] = rows;
        parameters[COLUMNS / 8] = columns;
    }

    /*
     * RSI walks over the rows of the source in steps of 16, R9 over the columns; R10 and R11 are the corresponding
     * positions in the result. R8 and RCX count what is left of rows and columns.
     */
    private static byte[] write() {
        Assembler code = new Assembler();
        Frames frames = Frames.ofSystem();
        frames.begin(code);
        get(code, RSI, FROM);
        get(code, R10, TO);
        get(code, R8, ROWS);
        Label rows = code.label();
        Label columns = code.label();
        code.place(rows);
        code.general(GeneralInstruction.MOV, R9, Operand.register(RSI));
        code.general(GeneralInstruction.MOV, R11, Operand.register(R10));
        get(code, RCX, COLUMNS);
        code.place(columns);
        block(code);
        code.general(GeneralInstruction.ADD_IMMEDIATE, 0, Operand.register(R9), 4L * BLOCK);
        get(code, RAX, TO_PITCH);
        code.shift(GeneralInstruction.SHL_IMMEDIATE, 4, Operand.register(RAX), 4);
        code.general(GeneralInstruction.ADD, R11, Operand.register(RAX));
        code.general(GeneralInstruction.ADD_IMMEDIATE, 0, Operand.register(RCX), (long) -BLOCK);
        code.general(GeneralInstruction.CMP_IMMEDIATE, 7, Operand.register(RCX), 0L);
        code.jump(Condition.GREATER, columns);
        get(code, RAX, FROM_PITCH);
        code.shift(GeneralInstruction.SHL_IMMEDIATE, 4, Operand.register(RAX), 4);
        code.general(GeneralInstruction.ADD, RSI, Operand.register(RAX));
        code.general(GeneralInstruction.ADD_IMMEDIATE, 0, Operand.register(R10), 4L * BLOCK);
        code.general(GeneralInstruction.ADD_IMMEDIATE, 0, Operand.register(R8), (long) -BLOCK);
        code.general(GeneralInstruction.CMP_IMMEDIATE, 7, Operand.register(R8), 0L);
        code.jump(Condition.GREATER, rows);
        frames.end(code);
        return code.finish();
    }

    private static void get(Assembler code, int register, int parameter) {
        code.general(GeneralInstruction.MOV, register, Operand.at(RDI, parameter));
    }

    /** The lowest bits of a mask register, as many as a counter says, at most 16. */
    private static void mask(Assembler code, int mask, int counter) {
        Label whole = code.label();
        code.move(RAX, 0xffff);
        code.general(GeneralInstruction.CMP_IMMEDIATE, 7, Operand.register(counter), (long) BLOCK);
        code.jump(Condition.ABOVE_OR_EQUAL, whole);
        code.push(RCX);
        code.general(GeneralInstruction.MOV, RCX, Operand.register(counter));
        code.move(RAX, 1);
        code.general(GeneralInstruction.SHL_BY_CL, 4, Operand.register(RAX));
        code.general(GeneralInstruction.DEC, 1, Operand.register(RAX));
        code.pop(RCX);
        code.place(whole);
        code.mask(MaskInstruction.KMOVW_FROM_GENERAL, mask, 0, Operand.register(RAX));
    }

    /** One block: rows 16 to 31 of registers are read, transposed into 0 to 15 (Windows keeps six of these). */
    private static void block(Assembler code) {
        mask(code, 1, RCX);
        mask(code, 2, R8);
        // up to 16 rows; what is missing is read again from the last one and not written
        get(code, RBX, FROM_PITCH);
        code.general(GeneralInstruction.MOV, RAX, Operand.register(R9));
        for (int i = 0; i < BLOCK; i++) {
            Label missing = code.label();
            if (i > 0) {
                code.general(GeneralInstruction.CMP_IMMEDIATE, 7, Operand.register(R8), (long) i);
                code.jump(Condition.BELOW_OR_EQUAL, missing);
                code.general(GeneralInstruction.ADD, RAX, Operand.register(RBX));
            }
            code.place(missing);
            code.vector(
                    VectorInstruction.VMOVUPS,
                    512,
                    16 + i,
                    0,
                    Operand.at(RAX, 0),
                    1 | Assembler.ZEROING);
        }
        transpose(code);
        get(code, RBX, TO_PITCH);
        code.general(GeneralInstruction.MOV, RAX, Operand.register(R11));
        Label end = code.label();
        for (int j = 0; j < BLOCK; j++) {
            if (j > 0) {
                code.general(GeneralInstruction.CMP_IMMEDIATE, 7, Operand.register(RCX), (long) j);
                code.jump(Condition.BELOW_OR_EQUAL, end);
                code.general(GeneralInstruction.ADD, RAX, Operand.register(RBX));
            }
            code.vector(VectorInstruction.VMOVUPS_STORE, 512, 16 + j, 0, Operand.at(RAX, 0), 2);
        }
        code.place(end);
    }

    private static void shuffle(Assembler code, VectorInstruction instruction, int target, int a, int b,
            int immediate) {
        code.vector(instruction, 512, target, a, Operand.register(b), 0, immediate);
    }

    /**
     * Transposes registers 16 to 31 in place, four at a time: pairs of elements, pairs of pairs, then groups of four
     * lanes. Registers 0 to 3 are scratch.
     */
    private static void transpose(Assembler code) {
        // rows 4g .. 4g+3: afterwards register 16+4g+c has, in each group of four lanes, column c of these rows
        for (int g = 16; g < 32; g += 4) {
            shuffle(code, VectorInstruction.VUNPCKLPS, 0, g, g + 1, -1);
            shuffle(code, VectorInstruction.VUNPCKHPS, 1, g, g + 1, -1);
            shuffle(code, VectorInstruction.VUNPCKLPS, 2, g + 2, g + 3, -1);
            shuffle(code, VectorInstruction.VUNPCKHPS, 3, g + 2, g + 3, -1);
            shuffle(code, VectorInstruction.VUNPCKLPD, g, 0, 2, -1);
            shuffle(code, VectorInstruction.VUNPCKHPD, g + 1, 0, 2, -1);
            shuffle(code, VectorInstruction.VUNPCKLPD, g + 2, 1, 3, -1);
            shuffle(code, VectorInstruction.VUNPCKHPD, g + 3, 1, 3, -1);
        }
        // registers c, 4+c, 8+c, 12+c: a transpose of groups of lanes gives columns c, 4+c, 8+c, 12+c
        for (int c = 16; c < 20; c++) {
            shuffle(code, VectorInstruction.VSHUFF32X4, 0, c, c + 4, 0x44);
            shuffle(code, VectorInstruction.VSHUFF32X4, 1, c, c + 4, 0xee);
            shuffle(code, VectorInstruction.VSHUFF32X4, 2, c + 8, c + 12, 0x44);
            shuffle(code, VectorInstruction.VSHUFF32X4, 3, c + 8, c + 12, 0xee);
            shuffle(code, VectorInstruction.VSHUFF32X4, c, 0, 2, 0x88);
            shuffle(code, VectorInstruction.VSHUFF32X4, c + 4, 0, 2, 0xdd);
            shuffle(code, VectorInstruction.VSHUFF32X4, c + 8, 1, 3, 0x88);
            shuffle(code, VectorInstruction.VSHUFF32X4, c + 12, 1, 3, 0xdd);
        }
    }
}
