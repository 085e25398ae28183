package io.tandem.cpu.codegen.machine;

/** Instructions on general registers: a register, and a register or memory. Of 64 bits, where nothing else is said. */
public enum GeneralInstruction {
    MOV(0x8b, true),
    MOV_STORE(0x89, true),
    /** Four bytes, with zeros above them. */
    MOV32(0x8b, false),
    /** Four bytes to memory. */
    MOV32_STORE(0x89, false),
    /** Two bytes to memory. */
    MOV16_STORE(0x6689, false),
    /** One byte to memory. */
    MOV8_STORE(0x88, false),
    /** One byte, with zeros above it. */
    MOVZX8(0x0fb6, false),
    /** Two bytes, with zeros above them. */
    MOVZX16(0x0fb7, false),
    LEA(0x8d, true),
    ADD(0x03, true),
    ADD_STORE(0x01, true),
    SUB(0x2b, true),
    CMP(0x3b, true),
    CMP32(0x3b, false),
    TEST(0x85, true),
    TEST32(0x85, false),
    AND(0x23, true),
    OR(0x0b, true),
    XOR32(0x33, false),
    SBB32(0x1b, false),
    IMUL(0x0faf, true),
    /** One operand; the register operand is 7. */
    IDIV(0xf7, true),
    /** One operand; the register operand is 3. */
    NEG(0xf7, true),
    /** One operand; the register operand is 3. */
    NEG32(0xf7, false),
    /** One operand; the register operand is 1. */
    DEC(0xff, true),
    /** With an immediate of four bytes; the register operand is 0. */
    ADD_IMMEDIATE(0x81, true),
    /** With an immediate of four bytes; the register operand is 7. */
    CMP_IMMEDIATE(0x81, true),
    /** With an immediate of four bytes; the register operand is 4. */
    AND_IMMEDIATE(0x81, true),
    /** With an immediate of one byte; the register operand is 4. */
    SHL_IMMEDIATE(0xc1, true),
    /** The address is in the operand; the register operand is 2. */
    CALL(0xff, false),
    /** Brings memory into all caches; the register operand is 1. */
    PREFETCH(0x0f18, false),
    /** Brings memory into the caches, to be written; the register operand is 1. */
    PREFETCH_TO_WRITE(0x0f0d, false),
    /** By RCX; the register operand is 4. */
    SHL_BY_CL(0xd3, true),
    /** A float to the x87 stack; the register operand is 0. */
    FLD32(0xd9, false),
    /** A double to the x87 stack; the register operand is 0. */
    FLD64(0xdd, false),
    /** A float from the x87 stack; the register operand is 3. */
    FSTP32(0xd9, false),
    /** A double from the x87 stack; the register operand is 3. */
    FSTP64(0xdd, false);

    final int opcode;
    final boolean wide;

    GeneralInstruction(int opcode, boolean wide) {
        this.opcode = opcode;
        this.wide = wide;
    }
}
