package io.tandem.cpu.codegen.machine;

/** What an instruction reads or writes where its encoding allows a register or memory. */
public sealed interface Operand {
    /** A register; which kind depends on the instruction. */
    record Register(int number) implements Operand {}

    /**
     * Memory at {@code base + index * scale + displacement}.
     *
     * @param base a general register
     * @param index a general register, or a vector register in gathers and scatters, or -1
     * @param scale 1, 2, 4 or 8
     * @param displacement in bytes
     * @param broadcast whether one element is read and used for all lanes
     */
    record Memory(int base, int index, int scale, int displacement, boolean broadcast) implements Operand {}

    /**
     * Memory that belongs to the code itself.
     *
     * @param label where it is
     * @param broadcast whether one element is read and used for all lanes
     */
    record Constant(Label label, boolean broadcast) implements Operand {}

    /** A register. */
    static Operand register(int number) {
        return new Register(number);
    }

    /** Memory at a register plus a displacement. */
    static Operand at(int base, int displacement) {
        return new Memory(base, -1, 1, displacement, false);
    }

    /** Memory at {@code base + index * scale}. */
    static Operand at(int base, int index, int scale) {
        return new Memory(base, index, scale, 0, false);
    }

    /** One element at a register plus a displacement, for all lanes. */
    static Operand broadcast(int base, int displacement) {
        return new Memory(base, -1, 1, displacement, true);
    }
}
