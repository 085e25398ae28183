package io.tandem.cpu.codegen;

import static io.tandem.cpu.codegen.machine.General.RAX;
import static io.tandem.cpu.codegen.machine.General.RCX;
import static io.tandem.cpu.codegen.machine.General.RDI;
import static io.tandem.cpu.codegen.machine.General.RDX;
import static io.tandem.cpu.codegen.machine.General.RSI;
import static io.tandem.cpu.codegen.machine.General.R8;

import io.tandem.cpu.codegen.BlockProgram.Binding;
import io.tandem.cpu.codegen.BlockProgram.Place;
import io.tandem.cpu.codegen.BlockProgram.Step;
import io.tandem.cpu.codegen.BlockProgram.Storage;
import io.tandem.cpu.codegen.machine.Assembler;
import io.tandem.cpu.codegen.machine.Condition;
import io.tandem.cpu.codegen.machine.General;
import io.tandem.cpu.codegen.machine.GeneralInstruction;
import io.tandem.cpu.codegen.machine.Label;
import io.tandem.cpu.codegen.machine.MaskInstruction;
import io.tandem.cpu.codegen.machine.Operand;
import io.tandem.cpu.codegen.machine.VectorInstruction;
import java.util.List;
import java.util.function.IntSupplier;

/** Writes code that moves elements between memory and vector registers, whatever their type and distance. */
final class LaneMemory {
    /** The register of the parameters' address. */
    static final int PARAMETERS = RDI;

    /** The register of the column. */
    static final int COLUMN = RCX;

    /** The register that counts lines. */
    static final int LINE = RDX;

    /** The mask register of the lanes that are left at the end of a line. */
    static final int REST_MASK = 1;

    /** Registers of the addresses of bindings; what does not fit stays among the parameters. */
    private static final List<Integer> POINTERS = List.of(
            General.R9,
            General.R10,
            General.R11,
            General.RBX,
            General.RBP,
            General.R12,
            General.R13,
            General.R14,
            General.R15);

    private final Assembler code;
    private final LaneCode lanes;
    private final BlockProgram program;
    private final ParameterLayout layout;
    private final int width;

    LaneMemory(Assembler code, LaneCode lanes, BlockProgram program, ParameterLayout layout) {
        this.code = code;
        this.lanes = lanes;
        this.program = program;
        this.layout = layout;
        this.width = program.width();
    }

    private Binding binding(int number) {
        return program.bindings().get(number);
    }

    /** A parameter by its offset. */
    static Operand parameter(int offset) {
        return Operand.at(PARAMETERS, offset);
    }

    /** Goes to the first line of the row, for all bindings. */
    void openRow() {
        for (int i = 0; i < program.bindings().size(); i++) {
            if (i < POINTERS.size()) {
                code.general(GeneralInstruction.MOV, POINTERS.get(i), parameter(layout.row(i)));
            } else {
                code.general(GeneralInstruction.MOV, RAX, parameter(layout.row(i)));
                code.general(GeneralInstruction.MOV_STORE, RAX, parameter(layout.line(i)));
            }
        }
    }

    /** Goes to the next line, for all bindings. */
    void nextLine() {
        for (int i = 0; i < program.bindings().size(); i++) {
            if (binding(i).place() == Place.ROWS) {
                continue;
            }
            if (i < POINTERS.size()) {
                code.general(GeneralInstruction.ADD, POINTERS.get(i), parameter(layout.lineStride(i)));
            } else {
                code.general(GeneralInstruction.MOV, RAX, parameter(layout.lineStride(i)));
                code.general(GeneralInstruction.ADD_STORE, RAX, parameter(layout.line(i)));
            }
        }
    }

    /** Goes to the next row, for all bindings. */
    void nextRow() {
        for (int i = 0; i < program.bindings().size(); i++) {
            code.general(GeneralInstruction.MOV, RAX, parameter(layout.rowStride(i)));
            code.general(GeneralInstruction.ADD_STORE, RAX, parameter(layout.row(i)));
        }
    }

    /** The register that holds the address of a binding's line; RSI if it has none of its own. */
    private int pointer(int binding) {
        if (binding < POINTERS.size()) {
            return POINTERS.get(binding);
        }
        code.general(GeneralInstruction.MOV, RSI, parameter(layout.line(binding)));
        return RSI;
    }

    /** The vector of a binding of unit stride at the current column, or the row's own element if it has none. */
    Operand vector(int number) {
        Binding binding = binding(number);
        return binding.unit()
                ? Operand.at(pointer(number), COLUMN, 1 << binding.storage().shift())
                : Operand.at(pointer(number), 0);
    }

    /** Whether instructions can take a vector of a binding from memory, as it is. */
    boolean isPlain(int number, LaneType type) {
        return binding(number).unit()
                && binding(number).place() != Place.COORDINATE
                && binding(number).storage().type() == type
                && switch (binding(number).storage()) {
                    case F32, F64, I32, I64 -> true;
                    case BOOL, U8, BF16, F16 -> false;
                };
    }

    /**
     * Reads a vector, or a mask.
     *
     * @param rest whether this is the rest of a line
     * @param free gives registers for a moment
     */
    void load(int number, LaneType type, int target, boolean rest, IntSupplier free) {
        Binding binding = binding(number);
        if (binding.place() == Place.COORDINATE) {
            coordinates(number, target, type == LaneType.MASK ? free : () -> target);
            return;
        }
        switch (binding.step()) {
            case UNIT -> loadUnit(number, type, target, rest, free);
            case NONE -> loadShared(number, type, target);
            case APART -> {
                if (isGathered(binding)) {
                    gather(number, target, rest, free);
                } else {
                    loadFar(number, type, target, rest, free);
                }
            }
            case FAR -> loadFar(number, type, target, rest, free);
        }
    }

    private static boolean isGathered(Binding binding) {
        return switch (binding.storage()) {
            case F32, F64, I32, I64 -> binding.step() == Step.APART;
            case BOOL, U8, BF16, F16 -> false;
        };
    }

    private void loadUnit(int number, LaneType type, int target, boolean rest, IntSupplier free) {
        Storage storage = binding(number).storage();
        int mask = rest ? REST_MASK | Assembler.ZEROING : 0;
        Operand memory = vector(number);
        int bits = lanes.bits(LaneType.I32);
        switch (storage) {
            case F32, F64, I64 -> lanes.load(type, target, memory, mask);
            case I32 -> {
                if (type == LaneType.MASK) {
                    int ints = free.getAsInt();
                    lanes.load(LaneType.I32, ints, memory, mask);
                    lanes.nonZero(target, ints);
                } else {
                    lanes.load(type, target, memory, mask);
                }
            }
            case U8 -> code.vector(VectorInstruction.VPMOVZXBD, bits, target, 0, memory, mask);
            case BF16 -> {
                code.vector(VectorInstruction.VPMOVZXWD, bits, target, 0, memory, mask);
                lanes.shift(LaneOp.Code.SHIFT_LEFT, LaneType.I32, target, target, 16);
            }
            case F16 -> code.vector(VectorInstruction.VCVTPH2PS, bits, target, 0, memory, mask);
            case BOOL -> {
                int truth = free.getAsInt();
                VectorInstruction read = width == 8 && !rest ? VectorInstruction.VMOVQ : VectorInstruction.VMOVDQU8;
                code.vector(read, 128, truth, 0, memory, mask);
                code.vector(VectorInstruction.VPTESTMB, 128, target, truth, Operand.register(truth));
            }
        }
    }

    private void loadShared(int number, LaneType type, int target) {
        Storage storage = binding(number).storage();
        Operand memory = Operand.at(pointer(number), 0);
        int bits = lanes.bits(LaneType.I32);
        switch (storage) {
            case F32, F64, I32, I64 -> {
                if (type == LaneType.MASK) {
                    code.general(GeneralInstruction.MOV32, RAX, memory);
                    truth(target);
                } else {
                    lanes.broadcast(type, target, memory);
                }
            }
            case U8 -> {
                code.general(GeneralInstruction.MOVZX8, RAX, memory);
                code.vector(VectorInstruction.VPBROADCASTD, bits, target, 0, Operand.register(RAX));
            }
            case BF16 -> {
                code.general(GeneralInstruction.MOVZX16, RAX, memory);
                code.shift(GeneralInstruction.SHL_IMMEDIATE, 4, Operand.register(RAX), 16);
                code.vector(VectorInstruction.VPBROADCASTD, bits, target, 0, Operand.register(RAX));
            }
            case F16 -> {
                code.vector(VectorInstruction.VPBROADCASTW, bits / 2, target, 0, memory);
                code.vector(VectorInstruction.VCVTPH2PS, bits, target, 0, Operand.register(target));
            }
            case BOOL -> {
                code.general(GeneralInstruction.MOVZX8, RAX, memory);
                truth(target);
            }
        }
    }

    /** All lanes of a mask as RAX is 0 or not. */
    private void truth(int mask) {
        code.general(GeneralInstruction.NEG32, 3, Operand.register(RAX));
        code.general(GeneralInstruction.SBB32, RAX, Operand.register(RAX));
        code.mask(MaskInstruction.KMOVW_FROM_GENERAL, mask, 0, Operand.register(RAX));
    }

    /** The address (or position) of the current column, in RAX. */
    private void columnAddress(int number) {
        code.general(GeneralInstruction.MOV, RAX, parameter(layout.columnStride(number)));
        code.general(GeneralInstruction.IMUL, RAX, Operand.register(COLUMN));
        code.general(GeneralInstruction.ADD, RAX, Operand.register(pointer(number)));
    }

    private void coordinates(int number, int target, IntSupplier vector) {
        Binding binding = binding(number);
        int bits = lanes.bits(LaneType.I32);
        int at = vector.getAsInt();
        columnAddress(number);
        code.vector(VectorInstruction.VPBROADCASTD, bits, at, 0, Operand.register(RAX));
        lanes.binary(LaneOp.Code.ADD, LaneType.I32, at, at, parameter(layout.distances(number)));
        switch (binding.storage()) {
            case I32 -> {}
            case U8 -> lanes.binary(LaneOp.Code.AND, LaneType.I32, at, at, code.constant(0xff, true));
            case F32 -> code.vector(VectorInstruction.VCVTDQ2PS, bits, at, 0, Operand.register(at));
            case F64 -> code.vector(VectorInstruction.VCVTDQ2PD, 512, at, 0, Operand.register(at));
            case I64 -> code.vector(VectorInstruction.VPMOVSXDQ, 512, at, 0, Operand.register(at));
            case BOOL -> lanes.nonZero(target, at);
            case BF16, F16 -> throw new IllegalArgumentException("coordinates are no 16-bit numbers");
        }
    }

    /** The lanes that a gather or scatter is for, in the scratch mask, which these instructions clear. */
    private void gatherMask(boolean rest) {
        if (rest) {
            code.mask(MaskInstruction.KMOVW, LaneCode.SCRATCH_MASK, 0, Operand.register(REST_MASK));
        } else {
            code.general(GeneralInstruction.MOV32, RAX, parameter(ParameterLayout.ALL));
            code.mask(MaskInstruction.KMOVW_FROM_GENERAL, LaneCode.SCRATCH_MASK, 0, Operand.register(RAX));
        }
    }

    private void gather(int number, int target, boolean rest, IntSupplier free) {
        LaneType type = binding(number).storage().type();
        int distances = free.getAsInt();
        lanes.load(LaneType.I32, distances, parameter(layout.distances(number)), 0);
        gatherMask(rest);
        columnAddress(number);
        lanes.binary(LaneOp.Code.XOR, type, target, target, Operand.register(target));
        code.vector(
                type.isWide() ? VectorInstruction.VGATHERDPD : VectorInstruction.VGATHERDPS,
                lanes.bits(type),
                target,
                0,
                Operand.at(RAX, distances, 1),
                LaneCode.SCRATCH_MASK);
    }

    private void scatter(int number, int source, boolean rest, IntSupplier free) {
        LaneType type = binding(number).storage().type();
        int distances = free.getAsInt();
        lanes.load(LaneType.I32, distances, parameter(layout.distances(number)), 0);
        gatherMask(rest);
        columnAddress(number);
        code.vector(
                type.isWide() ? VectorInstruction.VSCATTERDPD : VectorInstruction.VSCATTERDPS,
                lanes.bits(type),
                source,
                0,
                Operand.at(RAX, distances, 1),
                LaneCode.SCRATCH_MASK);
    }

    private interface ElementCode {
        void write(Operand memory, Operand lane);
    }

    /** A loop over the elements of the current vector, one by one; RDX is free inside. */
    private void elements(int number, boolean rest, ElementCode body) {
        columnAddress(number);
        if (rest) {
            code.general(GeneralInstruction.MOV, R8, parameter(ParameterLayout.COLUMNS));
            code.general(GeneralInstruction.SUB, R8, Operand.register(COLUMN));
        } else {
            code.move(R8, width);
        }
        code.push(RCX);
        code.push(RDX);
        code.general(GeneralInstruction.LEA, RCX, parameter(layout.scratch()));
        Label top = code.label();
        code.place(top);
        body.write(Operand.at(RAX, 0), Operand.at(RCX, 0));
        code.general(GeneralInstruction.ADD, RAX, parameter(layout.columnStride(number)));
        int lane = Math.max(4, 1 << binding(number).storage().shift());
        code.general(GeneralInstruction.ADD_IMMEDIATE, 0, Operand.register(RCX), (long) lane);
        code.general(GeneralInstruction.DEC, 1, Operand.register(R8));
        code.jump(Condition.NOT_EQUAL, top);
        code.pop(RDX);
        code.pop(RCX);
    }

    private void loadFar(int number, LaneType type, int target, boolean rest, IntSupplier free) {
        Storage storage = binding(number).storage();
        elements(number, rest, (memory, lane) -> {
            GeneralInstruction read =
                    switch (storage) {
                        case BOOL, U8 -> GeneralInstruction.MOVZX8;
                        case BF16, F16 -> GeneralInstruction.MOVZX16;
                        case F32, I32 -> GeneralInstruction.MOV32;
                        case F64, I64 -> GeneralInstruction.MOV;
                    };
            boolean wide = storage.shift() == 3;
            code.general(read, RDX, memory);
            code.general(wide ? GeneralInstruction.MOV_STORE : GeneralInstruction.MOV32_STORE, RDX, lane);
        });
        Operand scratch = parameter(layout.scratch());
        switch (storage) {
            case F32, F64, I32, I64 -> lanes.load(type, target, scratch, 0);
            case U8 -> lanes.load(LaneType.I32, target, scratch, 0);
            case BF16 -> {
                lanes.load(LaneType.I32, target, scratch, 0);
                lanes.shift(LaneOp.Code.SHIFT_LEFT, LaneType.I32, target, target, 16);
            }
            case F16 -> {
                int bits = lanes.bits(LaneType.F32);
                lanes.load(LaneType.I32, target, scratch, 0);
                code.vector(VectorInstruction.VPMOVDW_STORE, bits, target, 0, Operand.register(target));
                code.vector(VectorInstruction.VCVTPH2PS, bits, target, 0, Operand.register(target));
            }
            case BOOL -> {
                int ints = free.getAsInt();
                lanes.load(LaneType.I32, ints, scratch, 0);
                lanes.nonZero(target, ints);
            }
        }
    }

    /** Writes a vector, or a mask. */
    void store(int number, LaneType type, int source, boolean rest, IntSupplier free) {
        Binding binding = binding(number);
        if (isGathered(binding)) {
            scatter(number, source, rest, free);
        } else if (binding.unit()) {
            storeUnit(number, type, source, rest ? REST_MASK : 0, free);
        } else {
            storeFar(number, source, rest, free);
        }
    }

    private void storeUnit(int number, LaneType type, int source, int mask, IntSupplier free) {
        int bits = lanes.bits(LaneType.I32);
        switch (binding(number).storage()) {
            case F32, F64, I64 -> lanes.store(type, source, vector(number), mask);
            case I32 -> {
                int ints = type == LaneType.MASK ? truthInts(source, free) : source;
                lanes.store(LaneType.I32, ints, vector(number), mask);
            }
            case U8 -> code.vector(VectorInstruction.VPMOVDB_STORE, bits, source, 0, vector(number), mask);
            case BF16 -> {
                int upper = free.getAsInt();
                lanes.shift(LaneOp.Code.SHIFT_RIGHT_UNSIGNED, LaneType.I32, upper, source, 16);
                code.vector(VectorInstruction.VPMOVDW_STORE, bits, upper, 0, vector(number), mask);
            }
            case F16 -> code.vector(VectorInstruction.VCVTPS2PH_STORE, bits, source, 0, vector(number), mask, 0);
            case BOOL -> {
                int truth = free.getAsInt();
                code.vector(VectorInstruction.VPMOVM2B, 128, truth, 0, Operand.register(source));
                code.vector(VectorInstruction.VPABSB, 128, truth, 0, Operand.register(truth));
                VectorInstruction write = mask != 0
                        ? VectorInstruction.VMOVDQU8_STORE
                        : width == 8 ? VectorInstruction.VMOVQ_STORE : VectorInstruction.VMOVUPS_STORE;
                code.vector(write, 128, truth, 0, vector(number), mask);
            }
        }
    }

    /** The lanes of a mask as ints, 0 or 1. */
    private int truthInts(int mask, IntSupplier free) {
        int ints = free.getAsInt();
        int bits = lanes.bits(LaneType.I32);
        code.vector(VectorInstruction.VPMOVM2D, bits, ints, 0, Operand.register(mask));
        code.vector(VectorInstruction.VPABSD, bits, ints, 0, Operand.register(ints));
        return ints;
    }

    private void storeFar(int number, int source, boolean rest, IntSupplier free) {
        Storage storage = binding(number).storage();
        int bits = lanes.bits(LaneType.I32);
        int ready = switch (storage) {
            case F32, F64, I32, I64, U8 -> source;
            case BF16 -> {
                int upper = free.getAsInt();
                lanes.shift(LaneOp.Code.SHIFT_RIGHT_UNSIGNED, LaneType.I32, upper, source, 16);
                yield upper;
            }
            case F16 -> {
                int half = free.getAsInt();
                code.vector(VectorInstruction.VCVTPS2PH_STORE, bits, source, 0, Operand.register(half), 0, 0);
                code.vector(VectorInstruction.VPMOVZXWD, bits, half, 0, Operand.register(half));
                yield half;
            }
            case BOOL -> truthInts(source, free);
        };
        lanes.store(storage.type().stored(), ready, parameter(layout.scratch()), 0);
        elements(number, rest, (memory, lane) -> {
            boolean wide = storage.shift() == 3;
            code.general(wide ? GeneralInstruction.MOV : GeneralInstruction.MOV32, RDX, lane);
            GeneralInstruction write =
                    switch (storage) {
                        case BOOL, U8 -> GeneralInstruction.MOV8_STORE;
                        case BF16, F16 -> GeneralInstruction.MOV16_STORE;
                        case F32, I32 -> GeneralInstruction.MOV32_STORE;
                        case F64, I64 -> GeneralInstruction.MOV_STORE;
                    };
            code.general(write, RDX, memory);
        });
    }
}
