package io.tandem.cpu.winograd;

import static io.tandem.cpu.codegen.machine.General.R10;
import static io.tandem.cpu.codegen.machine.General.R11;
import static io.tandem.cpu.codegen.machine.General.R12;
import static io.tandem.cpu.codegen.machine.General.R13;
import static io.tandem.cpu.codegen.machine.General.R14;
import static io.tandem.cpu.codegen.machine.General.R8;
import static io.tandem.cpu.codegen.machine.General.R9;
import static io.tandem.cpu.codegen.machine.General.RAX;
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
import io.tandem.cpu.codegen.machine.MaskInstruction;
import io.tandem.cpu.codegen.machine.Operand;
import io.tandem.cpu.codegen.machine.VectorInstruction;

/**
 * Writes machine code that transforms many small squares X of 16-lane vectors, one after the other, to M X Mᵀ. The function
 * takes the address of the first tile's entry in a {@link TileGrid} (or 0), the address of its parameters, and the number of
 * squares.
 *
 * <p>RBX and R10 point to what is read and written, R8 to room for what the first of two passes leaves; R14 and R11 are the
 * distance of planes, once and times the width of a square of planes.
 */
final class TransformCode {
    // parameters, in bytes
    static final int SOURCE = 0;
    static final int TARGET = 8;
    /** Distance of the image's rows. */
    static final int ROW = 16;
    /** Distance of planes. */
    static final int PLANE = 24;
    static final int SCRATCH = 32;
    static final int BIAS = 40;
    static final int PARAMETER_BYTES = 48;

    /** Bytes of the scratch memory. */
    static final int SCRATCH_BYTES = Transform.POINTS * Transform.POINTS * 64;

    private static final int VECTOR = 64;
    private static final int BITS = 512;
    /** Distance of a filter's taps: 16 times 16 floats. */
    private static final int TAP = 1024;

    /** Where the elements of a square are. */
    enum Place {
        /** In an image, at a tile, under the tile's masks. */
        IMAGE,
        /** Each in a plane of its own; squares follow each other in it. */
        PLANES,
        /** In a filter [3, 3, 16, 16]; squares are the vectors of one block. */
        TAPS,
        /** As {@link #TAPS}, turned by half a turn. */
        TURNED_TAPS
    }

    /**
     * What to write code for.
     *
     * @param bias whether a vector is added to the elements of the result
     * @param relu whether the result is max(x, 0) in the end
     */
    record Form(Transform transform, Place source, Place target, boolean bias, boolean relu) {
        Form(Transform transform, Place source, Place target) {
            this(transform, source, target, false, false);
        }
    }

    private final Assembler code = new Assembler();
    private final Frames frames = Frames.ofSystem();
    private final Form form;
    private final int before;
    private final int after;
    private final LinearCode linear;
    private final int bias;
    private final int zero;

    private TransformCode(Form form) {
        this.form = form;
        frames.begin(code);
        double[][] matrix = form.transform.matrix();
        before = matrix[0].length;
        after = matrix.length;
        linear = new LinearCode(code, matrix, frames.vectors());
        bias = form.bias ? linear.take() : -1;
        zero = form.relu || form.source == Place.IMAGE ? linear.take() : -1;
    }

    static byte[] write(Form form) {
        return new TransformCode(form).write();
    }

    private byte[] write() {
        get(RBX, SOURCE);
        get(R10, TARGET);
        get(RCX, ROW);
        get(R14, PLANE);
        get(R8, SCRATCH);
        code.general(GeneralInstruction.MOV, R11, Operand.register(R14));
        code.general(GeneralInstruction.ADD, R11, Operand.register(R11));
        code.general(GeneralInstruction.ADD, R11, Operand.register(R14));
        code.general(GeneralInstruction.ADD, R11, Operand.register(R11));
        if (bias >= 0) {
            get(R9, BIAS);
            code.vector(VectorInstruction.VMOVUPS, BITS, bias, 0, Operand.at(R9, 0));
        }
        if (zero >= 0) {
            code.vector(VectorInstruction.VPXORD, BITS, zero, zero, Operand.register(zero));
        }
        Label next = code.label();
        code.place(next);
        boolean image = form.source == Place.IMAGE || form.target == Place.IMAGE;
        if (image) {
            code.general(GeneralInstruction.MOV, RAX, Operand.at(RDI, TileGrid.OFFSET));
            code.general(
                    GeneralInstruction.ADD, RAX, Operand.register(form.source == Place.IMAGE ? RBX : R10));
            int width = form.source == Place.IMAGE ? before : after;
            for (int j = 0; j < width; j++) {
                code.mask(MaskInstruction.KMOVW, 1 + j, 0, Operand.at(RDI, TileGrid.COLUMNS + 2 * j));
            }
        }
        if (image) {
            prefetch();
        }
        read();
        compute();
        if (image) {
            advance(RDI, TileGrid.ENTRY_BYTES);
        }
        if (form.source != Place.IMAGE) {
            advance(RBX, VECTOR);
        }
        if (form.target != Place.IMAGE) {
            advance(R10, VECTOR);
        }
        code.general(GeneralInstruction.DEC, 1, Operand.register(RDX));
        code.jump(Condition.NOT_EQUAL, next);
        frames.end(code);
        return code.finish();
    }

    /** What a later tile needs; the images are too large for the caches, and jumps from row to row too short to be foreseen. */
    private void prefetch() {
        boolean reads = form.source == Place.IMAGE;
        GeneralInstruction instruction =
                reads ? GeneralInstruction.PREFETCH : GeneralInstruction.PREFETCH_TO_WRITE;
        code.general(
                GeneralInstruction.MOV,
                R9,
                Operand.at(RDI, TileGrid.OFFSET + TileGrid.AHEAD * TileGrid.ENTRY_BYTES));
        code.general(GeneralInstruction.ADD, R9, Operand.register(reads ? RBX : R10));
        int size = reads ? before : after;
        for (int i = 0; i < size; i++) {
            // the first columns are the last ones of the tile before
            for (int j = size - Transform.RESULTS; j < size; j++) {
                code.general(instruction, 1, Operand.at(R9, j * VECTOR));
            }
            code.general(GeneralInstruction.ADD, R9, Operand.register(RCX));
        }
    }

    private void get(int register, int parameter) {
        code.general(GeneralInstruction.MOV, register, Operand.at(RSI, parameter));
    }

    private void advance(int register, long bytes) {
        code.general(GeneralInstruction.ADD_IMMEDIATE, 0, Operand.register(register), bytes);
    }

    /** The first pass goes along columns only where the second must go along the image's rows. */
    private boolean alongRowsFirst() {
        return form.target != Place.IMAGE;
    }

    /** The first pass: each line of what is read, to {@code after} vectors of scratch memory. */
    private void read() {
        if (form.source == Place.PLANES) {
            code.general(GeneralInstruction.MOV, R12, Operand.register(RBX));
        }
        for (int line = 0; line < before; line++) {
            Label outside = code.label();
            Label done = code.label();
            if (form.source == Place.IMAGE) {
                code.general(GeneralInstruction.MOVZX16, R9, Operand.at(RDI, TileGrid.ROWS + 2 * line));
                code.general(GeneralInstruction.TEST32, R9, Operand.register(R9));
                code.jump(Condition.EQUAL, outside);
            }
            int[] inputs = new int[before];
            for (int element = 0; element < before; element++) {
                inputs[element] = linear.take();
            }
            load(line, inputs);
            int[] results = linear.multiply(inputs);
            for (int i = 0; i < after; i++) {
                store(results[i], scratch(line, i));
                linear.give(results[i]);
            }
            if (form.source == Place.IMAGE) {
                code.jump(done);
                code.place(outside);
                for (int i = 0; i < after; i++) {
                    store(zero, scratch(line, i));
                }
                code.place(done);
                code.general(GeneralInstruction.ADD, RAX, Operand.register(RCX));
            }
        }
    }

    private Operand scratch(int line, int element) {
        return Operand.at(R8, (line * after + element) * VECTOR);
    }

    private void load(int line, int[] registers) {
        switch (form.source) {
            case IMAGE -> {
                for (int j = 0; j < before; j++) {
                    code.vector(
                            VectorInstruction.VMOVUPS,
                            BITS,
                            registers[j],
                            0,
                            Operand.at(RAX, j * VECTOR),
                            1 + j | Assembler.ZEROING);
                }
            }
            case PLANES -> {
                int apart = alongRowsFirst() ? R14 : R11;
                planes(before, apart, (j, at) -> load(registers[j], at));
                code.general(GeneralInstruction.ADD, R12, Operand.register(alongRowsFirst() ? R11 : R14));
            }
            case TAPS, TURNED_TAPS -> {
                for (int j = 0; j < before; j++) {
                    load(registers[j], Operand.at(RBX, tap(form.source, line, j)));
                }
            }
        }
    }

    private static int tap(Place place, int row, int column) {
        int tap = row * Transform.WEIGHTS + column;
        int last = Transform.WEIGHTS * Transform.WEIGHTS - 1;
        return (place == Place.TURNED_TAPS ? last - tap : tap) * TAP;
    }

    private interface Access {
        void at(int element, Operand place);
    }

    /** Elements at R12 and multiples of a register after it; uses R13. */
    private void planes(int count, int apart, Access access) {
        for (int i = 0; i < count; i++) {
            if (i == 3) {
                code.general(GeneralInstruction.LEA, R13, Operand.at(R12, apart, 2));
                code.general(GeneralInstruction.ADD, R13, Operand.register(apart));
            }
            int base = i < 3 ? R12 : R13;
            access.at(i, i % 3 == 0 ? Operand.at(base, 0) : Operand.at(base, apart, i % 3));
        }
    }

    /** The second pass: for each element of the lines so far, across the lines. */
    private void compute() {
        if (form.target == Place.PLANES) {
            code.general(GeneralInstruction.MOV, R12, Operand.register(R10));
        }
        Label end = code.label();
        for (int element = 0; element < after; element++) {
            if (form.target == Place.IMAGE) {
                code.general(GeneralInstruction.MOVZX16, R9, Operand.at(RDI, TileGrid.ROWS + 2 * element));
                code.general(GeneralInstruction.TEST32, R9, Operand.register(R9));
                code.jump(Condition.EQUAL, end);
            }
            int[] inputs = new int[before];
            for (int line = 0; line < before; line++) {
                inputs[line] = linear.take();
                load(inputs[line], scratch(line, element));
            }
            int[] results = linear.multiply(inputs);
            write(element, results);
            for (int register : results) {
                linear.give(register);
            }
        }
        code.place(end);
    }

    private void write(int element, int[] results) {
        switch (form.target) {
            case IMAGE -> {
                for (int j = 0; j < after; j++) {
                    finish(results[j]);
                    code.vector(
                            VectorInstruction.VMOVUPS_STORE,
                            BITS,
                            results[j],
                            0,
                            Operand.at(RAX, j * VECTOR),
                            1 + j);
                }
                code.general(GeneralInstruction.ADD, RAX, Operand.register(RCX));
            }
            case PLANES -> {
                planes(after, R11, (i, at) -> store(results[i], at));
                code.general(GeneralInstruction.ADD, R12, Operand.register(R14));
            }
            case TAPS, TURNED_TAPS -> {
                for (int i = 0; i < after; i++) {
                    store(results[i], Operand.at(R10, tap(form.target, i, element)));
                }
            }
        }
    }

    private void finish(int register) {
        if (bias >= 0) {
            code.vector(VectorInstruction.VADDPS, BITS, register, register, Operand.register(bias));
        }
        if (form.relu) {
            code.vector(VectorInstruction.VMAXPS, BITS, register, zero, Operand.register(register));
        }
    }

    private void load(int register, Operand place) {
        code.vector(VectorInstruction.VMOVUPS, BITS, register, 0, place);
    }

    private void store(int register, Operand place) {
        code.vector(VectorInstruction.VMOVUPS_STORE, BITS, register, 0, place);
    }
}
