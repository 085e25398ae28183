package io.tandem.cpu.codegen.machine;

/** Instructions on mask registers, of 16 bits, in their VEX encoding. */
public enum MaskInstruction {
    KANDW(1, 0x41),
    KNOTW(0, 0x44),
    KORW(1, 0x45),
    KXORW(1, 0x47),
    /** From a mask register or memory. */
    KMOVW(0, 0x90),
    /** To memory. */
    KMOVW_STORE(0, 0x91),
    /** From a general register. */
    KMOVW_FROM_GENERAL(0, 0x92),
    /** From a mask register to a general register, which is the first operand. */
    KMOVW_TO_GENERAL(0, 0x93);

    final int length;
    final int opcode;

    MaskInstruction(int length, int opcode) {
        this.length = length;
        this.opcode = opcode;
    }
}
