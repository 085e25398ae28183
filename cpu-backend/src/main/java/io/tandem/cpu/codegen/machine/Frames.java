package io.tandem.cpu.codegen.machine;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Beginnings and ends of functions, after which code sees the same on all systems: the arguments are in RDI, RSI and
 * RDX, all other general registers but RSP may be changed, and so may the vector registers of {@link #vectors()}.
 */
public final class Frames {
    private static final List<Integer> KEPT =
            List.of(General.RBX, General.RBP, General.R12, General.R13, General.R14, General.R15);
    private static final List<Integer> KEPT_ON_WINDOWS = List.of(General.RSI, General.RDI);

    /** What a called function may change, but for RAX. */
    private static final List<Integer> CHANGED = List.of(
            General.RDI, General.RSI, General.RCX, General.RDX, General.R8, General.R9, General.R10, General.R11);

    private final boolean windows;

    private Frames(boolean windows) {
        this.windows = windows;
    }

    /** Those of this system. */
    public static Frames ofSystem() {
        return new Frames(ExecutableMemory.isWindows());
    }

    /**
     * Numbers of vector registers that functions need not save. On Windows the lower parts of 6 to 15 belong to the
     * caller.
     */
    public List<Integer> vectors() {
        return IntStream.range(0, 32)
                .map(i -> (i + 16) % 32)
                .filter(i -> !windows || i < 6 || i > 15)
                .boxed()
                .toList();
    }

    /** Begins a function. */
    public void begin(Assembler code) {
        KEPT.forEach(code::push);
        if (windows) {
            KEPT_ON_WINDOWS.forEach(code::push);
            code.general(GeneralInstruction.MOV, General.RDI, Operand.register(General.RCX));
            code.general(GeneralInstruction.MOV, General.RSI, Operand.register(General.RDX));
            code.general(GeneralInstruction.MOV, General.RDX, Operand.register(General.R8));
        }
    }

    /**
     * Calls a function with three arguments from within a function. Mask and vector registers are lost.
     *
     * @param address of the function
     * @param first the first argument
     * @param second where the memory is whose address is the second argument; the third one is in RAX
     */
    public void call(Assembler code, long address, long first, Operand second) {
        CHANGED.forEach(code::push);
        // to a multiple of 16, with room that functions on Windows may use
        long room = windows ? 40 : 8;
        code.general(GeneralInstruction.ADD_IMMEDIATE, 0, Operand.register(General.RSP), -room);
        code.general(GeneralInstruction.MOV, windows ? General.R8 : General.RDX, Operand.register(General.RAX));
        code.general(GeneralInstruction.LEA, windows ? General.RDX : General.RSI, second);
        code.move(windows ? General.RCX : General.RDI, first);
        code.move(General.RAX, address);
        code.raw(0xc5, 0xf8, 0x77);
        code.general(GeneralInstruction.CALL, 2, Operand.register(General.RAX));
        code.general(GeneralInstruction.ADD_IMMEDIATE, 0, Operand.register(General.RSP), room);
        CHANGED.reversed().forEach(code::pop);
    }

    /** Ends a function; the upper parts of vector registers are cleared, since other code is slow otherwise. */
    public void end(Assembler code) {
        code.raw(0xc5, 0xf8, 0x77);
        endPlain(code);
    }

    /** Ends a function that has not changed vector registers. */
    void endPlain(Assembler code) {
        if (windows) {
            KEPT_ON_WINDOWS.reversed().forEach(code::pop);
        }
        KEPT.reversed().forEach(code::pop);
        code.raw(0xc3);
    }
}
