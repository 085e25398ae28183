package io.tandem.cpu.codegen.machine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes x86-64 machine code to a byte array. Displacements are always of four bytes, which keeps encoding simple;
 * constants stand behind the code and are addressed relative to it, so that code may be copied anywhere.
 */
public final class Assembler {
    /** Add to a mask register's number: lanes that are not set become zero, instead of keeping their value. */
    public static final int ZEROING = 8;

    private byte[] bytes = new byte[1024];
    private int size;
    private final List<Label> labels = new ArrayList<>();
    private final Map<Long, Label> constants = new HashMap<>();
    private final List<Long> constantValues = new ArrayList<>();

    /** The number of bytes so far. */
    public int size() {
        return size;
    }

    private void put(int value) {
        if (size == bytes.length) {
            bytes = Arrays.copyOf(bytes, 2 * size);
        }
        bytes[size++] = (byte) value;
    }

    private void put32(int value) {
        for (int i = 0; i < 32; i += 8) {
            put(value >> i);
        }
    }

    /** Bytes as they are: instructions without operands. */
    public void raw(int... values) {
        for (int value : values) {
            put(value);
        }
    }

    /** A label for later use. */
    public Label label() {
        return new Label();
    }

    /** Gives a label the current position. */
    public void place(Label label) {
        label.place(size);
        labels.add(label);
    }

    /** Jumps. */
    public void jump(Label target) {
        put(0xe9);
        distance(target, 0);
    }

    /** Jumps if a condition holds. */
    public void jump(Condition condition, Label target) {
        raw(0x0f, 0x80 | condition.code);
        distance(target, 0);
    }

    private void distance(Label target, int behind) {
        target.uses.add(new Label.Use(size, size + 4 + behind));
        put32(0);
    }

    /** Memory with a constant of eight bytes, behind the code; equal ones share it. */
    public Operand constant(long bits, boolean broadcast) {
        Label label = constants.computeIfAbsent(bits, key -> {
            constantValues.add(key);
            return new Label();
        });
        return new Operand.Constant(label, broadcast);
    }

    /** Pushes a general register. */
    public void push(int register) {
        if (register > 7) {
            put(0x41);
        }
        put(0x50 | register & 7);
    }

    /** Pops a general register. */
    public void pop(int register) {
        if (register > 7) {
            put(0x41);
        }
        put(0x58 | register & 7);
    }

    /** A general register becomes an immediate. */
    public void move(int register, long value) {
        raw(0x48 | register >> 3, 0xb8 | register & 7);
        put32((int) value);
        put32((int) (value >> 32));
    }

    /** An instruction on general registers. */
    public void general(GeneralInstruction instruction, int register, Operand operand) {
        general(instruction, register, operand, 0);
    }

    private void general(GeneralInstruction instruction, int register, Operand operand, int behind) {
        int opcode = instruction.opcode;
        if (opcode >> 8 == 0x66) {
            put(0x66);
        }
        int rex = 0x40 | (instruction.wide ? 8 : 0) | register >> 3 << 2 | high(operand);
        boolean lowByte = instruction == GeneralInstruction.MOV8_STORE && register >= 4;
        if (rex != 0x40 || lowByte) {
            put(rex);
        }
        if (opcode >> 8 == 0x0f) {
            put(0x0f);
        }
        put(opcode);
        modes(register, operand, behind);
    }

    /** The bits X and B of a prefix: the upper bits of index and base. */
    private static int high(Operand operand) {
        return switch (operand) {
            case Operand.Register(int number) -> number >> 3 & 1;
            case Operand.Memory memory ->
                (memory.index() < 0 ? 0 : memory.index() >> 3 & 1) << 1 | memory.base() >> 3 & 1;
            case Operand.Constant constant -> 0;
        };
    }

    /** An instruction on a register or memory with an immediate of four bytes. */
    public void general(GeneralInstruction instruction, int digit, Operand operand, long immediate) {
        if (immediate != (int) immediate) {
            throw new IllegalArgumentException(immediate + " does not fit an instruction");
        }
        general(instruction, digit, operand, 4);
        put32((int) immediate);
    }

    /** An instruction on a register or memory with an immediate of one byte. */
    public void shift(GeneralInstruction instruction, int digit, Operand operand, int immediate) {
        general(instruction, digit, operand, 1);
        put(immediate);
    }

    /** @param behind the number of bytes of the instruction that follow */
    private void modes(int register, Operand operand, int behind) {
        int reg = (register & 7) << 3;
        switch (operand) {
            case Operand.Register(int number) -> put(0xc0 | reg | number & 7);
            case Operand.Memory memory -> {
                boolean indexed = memory.index() >= 0;
                if (indexed || (memory.base() & 7) == 4) {
                    put(0x84 | reg);
                    int index = indexed ? memory.index() & 7 : 4;
                    int scale = Integer.numberOfTrailingZeros(memory.scale());
                    put(scale << 6 | index << 3 | memory.base() & 7);
                } else {
                    put(0x80 | reg | memory.base() & 7);
                }
                put32(memory.displacement());
            }
            case Operand.Constant(Label label, boolean broadcast) -> {
                put(0x05 | reg);
                distance(label, behind);
            }
        }
    }

    /** An instruction on mask registers; {@code second} is 0 where there are two operands. */
    public void mask(MaskInstruction instruction, int register, int second, Operand operand) {
        put(0xc4);
        put((~register & 8) << 4 | (~high(operand) & 3) << 5 | 1);
        put((~second & 15) << 3 | instruction.length << 2);
        put(instruction.opcode);
        modes(register, operand, 0);
    }

    /** An instruction on vectors, without mask and immediate. */
    public void vector(VectorInstruction instruction, int bits, int register, int second, Operand operand) {
        vector(instruction, bits, register, second, operand, 0, -1);
    }

    /** An instruction on vectors with a mask, without immediate. */
    public void vector(VectorInstruction instruction, int bits, int register, int second, Operand operand, int mask) {
        vector(instruction, bits, register, second, operand, mask, -1);
    }

    /**
     * An instruction on vectors.
     *
     * @param bits length of the vectors: 128, 256 or 512; of the longer ones if they differ
     * @param register the first operand, or a digit of the opcode
     * @param second the second operand, 0 where there are two
     * @param operand the last operand
     * @param mask a mask register, {@link #ZEROING} added or not, or 0
     * @param immediate a byte, or -1
     */
    public void vector(
            VectorInstruction instruction,
            int bits,
            int register,
            int second,
            Operand operand,
            int mask,
            int immediate) {
        int x = 0;
        int b = 0;
        int upperIndex = 0;
        boolean broadcast = false;
        switch (operand) {
            case Operand.Register(int number) -> {
                b = number >> 3 & 1;
                x = number >> 4;
            }
            case Operand.Memory memory -> {
                b = memory.base() >> 3 & 1;
                if (memory.index() >= 0) {
                    x = memory.index() >> 3 & 1;
                    upperIndex = memory.index() >> 4;
                }
                broadcast = memory.broadcast();
            }
            case Operand.Constant constant -> broadcast = constant.broadcast();
        }
        int v = second | upperIndex << 4;
        put(0x62);
        int extensions = (register >> 3 & 1) << 7 | x << 6 | b << 5 | register >> 4 << 4;
        put(~extensions & 0xf0 | instruction.map);
        put(instruction.wide << 7 | (~v & 15) << 3 | 4 | instruction.prefix);
        int length = bits == 512 ? 2 : bits == 256 ? 1 : 0;
        put((mask >> 3) << 7 | length << 5 | (broadcast ? 16 : 0) | (~v >> 4 & 1) << 3 | mask & 7);
        put(instruction.opcode);
        modes(register, operand, immediate < 0 ? 0 : 1);
        if (immediate >= 0) {
            put(immediate);
        }
    }

    /** The code with its constants. */
    public byte[] finish() {
        while (!constantValues.isEmpty() && size % 8 != 0) {
            put(0xcc);
        }
        for (long value : constantValues) {
            place(constants.get(value));
            put32((int) value);
            put32((int) (value >> 32));
        }
        for (Label label : labels) {
            for (Label.Use use : label.uses) {
                int distance = label.position() - use.end();
                for (int i = 0; i < 4; i++) {
                    bytes[use.at() + i] = (byte) (distance >> 8 * i);
                }
            }
        }
        return Arrays.copyOf(bytes, size);
    }
}
