package io.tandem.cpu.codegen.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** What this machine can run, found out by asking the processor itself. */
public final class Processor {
    private static final int OSXSAVE = 1 << 27;
    /** F, DQ, BW and VL of AVX-512. */
    private static final int AVX_512 = 1 << 16 | 1 << 17 | 1 << 30 | 1 << 31;
    /** SSE and AVX registers, mask registers, both kinds of upper parts. */
    private static final int AVX_512_STATE = 0xe6;

    private Processor() {}

    /**
     * What was found.
     *
     * @param avx512 whether code with the AVX-512 instructions F, DQ, BW and VL runs here
     * @param explanation one sentence: what there is, or why code does not run
     */
    public record Findings(boolean avx512, String explanation) {}

    /** The answer for this machine; the first call finds out. */
    public static Findings find() {
        return Holder.FINDINGS;
    }

    private static final class Holder {
        static final Findings FINDINGS = ask();
    }

    private static Findings ask() {
        String architecture = System.getProperty("os.arch", "");
        if (!architecture.equals("amd64") && !architecture.equals("x86_64")
                || ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            return new Findings(false, "there is no machine code for processors of type " + architecture);
        }
        try (Arena arena = Arena.ofConfined()) {
            NativeFunction cpuid = NativeFunction.of(cpuid());
            MemorySegment answer = arena.allocate(32, 16);
            cpuid.call(answer.address(), 0, 0);
            if (answer.get(ValueLayout.JAVA_INT, 0) < 7) {
                return new Findings(false, "the processor has no AVX-512");
            }
            cpuid.call(answer.address(), 1, 0);
            boolean knowsState = (answer.get(ValueLayout.JAVA_INT, 8) & OSXSAVE) != 0;
            cpuid.call(answer.address(), 7, 0);
            int features = answer.get(ValueLayout.JAVA_INT, 4);
            if ((features & AVX_512) != AVX_512) {
                return new Findings(false, "the processor has no AVX-512 (F, DQ, BW, VL)");
            }
            if (!knowsState) {
                return new Findings(false, "the operating system does not save AVX-512 registers");
            }
            NativeFunction.of(xgetbv()).call(answer.address(), 0, 0);
            if ((answer.get(ValueLayout.JAVA_INT, 0) & AVX_512_STATE) != AVX_512_STATE) {
                return new Findings(false, "the operating system does not save AVX-512 registers");
            }
            return new Findings(true, "machine code for AVX-512");
        } catch (ExecutableMemoryException e) {
            return new Findings(false, e.getMessage());
        } catch (UnsupportedOperationException | IllegalCallerException e) {
            return new Findings(false, "Java cannot call machine code here: " + e.getMessage());
        }
    }

    /** Arguments: where the four registers go, leaf, part of the leaf. */
    private static byte[] cpuid() {
        Assembler code = new Assembler();
        Frames frames = Frames.ofSystem();
        frames.begin(code);
        code.general(GeneralInstruction.MOV, General.RAX, Operand.register(General.RSI));
        code.general(GeneralInstruction.MOV, General.RCX, Operand.register(General.RDX));
        code.raw(0x0f, 0xa2);
        int[] registers = {General.RAX, General.RBX, General.RCX, General.RDX};
        for (int i = 0; i < registers.length; i++) {
            code.general(GeneralInstruction.MOV32_STORE, registers[i], Operand.at(General.RDI, 4 * i));
        }
        frames.endPlain(code);
        return code.finish();
    }

    /** Argument: where the lower half of the state mask goes. */
    private static byte[] xgetbv() {
        Assembler code = new Assembler();
        Frames frames = Frames.ofSystem();
        frames.begin(code);
        code.general(GeneralInstruction.XOR32, General.RCX, Operand.register(General.RCX));
        code.raw(0x0f, 0x01, 0xd0);
        code.general(GeneralInstruction.MOV32_STORE, General.RAX, Operand.at(General.RDI, 0));
        frames.endPlain(code);
        return code.finish();
    }
}
