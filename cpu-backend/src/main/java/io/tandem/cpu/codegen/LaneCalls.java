package io.tandem.cpu.codegen;

import static io.tandem.cpu.codegen.machine.General.R8;
import static io.tandem.cpu.codegen.machine.General.RAX;
import static io.tandem.cpu.codegen.machine.General.RCX;
import static io.tandem.cpu.codegen.machine.General.RDX;
import static io.tandem.cpu.codegen.machine.General.RSI;

import io.tandem.cpu.codegen.machine.Assembler;
import io.tandem.cpu.codegen.machine.Condition;
import io.tandem.cpu.codegen.machine.Frames;
import io.tandem.cpu.codegen.machine.GeneralInstruction;
import io.tandem.cpu.codegen.machine.Label;
import io.tandem.cpu.codegen.machine.MaskInstruction;
import io.tandem.cpu.codegen.machine.Operand;
import java.util.List;
import java.util.OptionalInt;

/** Writes what is computed lane by lane: in general registers, by the x87 unit, or by Java. */
final class LaneCalls {
    private final Assembler code;
    private final LaneCode lanes;
    private final ParameterLayout layout;
    private final Frames frames;
    private final int width;

    LaneCalls(Assembler code, LaneCode lanes, ParameterLayout layout, Frames frames, int width) {
        this.code = code;
        this.lanes = lanes;
        this.layout = layout;
        this.frames = frames;
        this.width = width;
    }

    /** Passes the lanes of two vectors through general registers; the result is in the target. */
    void byLane(LaneType type, int target, int a, int b, Runnable body) {
        lanes.store(type, a, LaneMemory.parameter(layout.scratch()), 0);
        lanes.store(type, b, LaneMemory.parameter(layout.scratch() + ParameterLayout.VECTOR), 0);
        code.general(GeneralInstruction.LEA, RSI, LaneMemory.parameter(layout.scratch()));
        code.move(R8, width);
        code.push(RCX);
        code.push(RDX);
        Label top = code.label();
        code.place(top);
        body.run();
        code.general(GeneralInstruction.ADD_IMMEDIATE, 0, Operand.register(RSI), (long) type.bytes());
        code.general(GeneralInstruction.DEC, 1, Operand.register(R8));
        code.jump(Condition.NOT_EQUAL, top);
        code.pop(RDX);
        code.pop(RCX);
        lanes.load(type, target, LaneMemory.parameter(layout.scratch()), 0);
    }

    /**
     * Calls Java with two vectors of doubles; the result is in scratch memory, and all registers but RAX are as before.
     *
     * @param mask the mask register of the lanes that matter, if not all do
     */
    void callBack(LaneFunction function, int x, int y, OptionalInt mask) {
        lanes.store(LaneType.F64, x, LaneMemory.parameter(layout.scratch()), 0);
        lanes.store(LaneType.F64, y, LaneMemory.parameter(layout.scratch() + ParameterLayout.VECTOR), 0);
        List<Integer> vectors = frames.vectors();
        vectors.forEach(i -> lanes.store(LaneType.F64, i, LaneMemory.parameter(layout.saved(i)), 0));
        for (int i = 1; i < 8; i++) {
            code.mask(MaskInstruction.KMOVW_STORE, i, 0, LaneMemory.parameter(layout.saved(32 + i)));
        }
        if (mask.isPresent()) {
            code.mask(MaskInstruction.KMOVW_TO_GENERAL, RAX, 0, Operand.register(mask.getAsInt()));
        } else {
            code.move(RAX, 0xff);
        }
        frames.call(code, ScalarCalls.address(), function.ordinal(), LaneMemory.parameter(layout.scratch()));
        vectors.forEach(i -> lanes.load(LaneType.F64, i, LaneMemory.parameter(layout.saved(i)), 0));
        for (int i = 1; i < 8; i++) {
            code.mask(MaskInstruction.KMOVW, i, 0, LaneMemory.parameter(layout.saved(32 + i)));
        }
    }

    /** The result of {@link #callBack}, in the lanes of a mask or in all. */
    void calledBack(int target, int mask) {
        lanes.load(LaneType.F64, target, LaneMemory.parameter(layout.scratch()), mask);
    }

    /** Jumps if no lane of a mask of doubles is set. */
    void jumpIfNone(int mask, Label target) {
        code.mask(MaskInstruction.KMOVW_TO_GENERAL, RAX, 0, Operand.register(mask));
        code.general(GeneralInstruction.AND_IMMEDIATE, 4, Operand.register(RAX), 0xffL);
        code.jump(Condition.EQUAL, target);
    }

    /** For {@link #byLane}: quotient or remainder of longs, 0 where the divisor is 0. */
    void divideLongs(boolean remainder) {
        Operand first = Operand.at(RSI, 0);
        Operand second = Operand.at(RSI, ParameterLayout.VECTOR);
        Label zero = code.label();
        Label negative = code.label();
        Label end = code.label();
        code.general(GeneralInstruction.MOV, RCX, second);
        code.general(GeneralInstruction.MOV, RAX, first);
        code.general(GeneralInstruction.TEST, RCX, Operand.register(RCX));
        code.jump(Condition.EQUAL, zero);
        // the smallest long by -1 is a fault of the processor
        code.general(GeneralInstruction.CMP_IMMEDIATE, 7, Operand.register(RCX), -1L);
        code.jump(Condition.EQUAL, negative);
        code.raw(0x48, 0x99);
        code.general(GeneralInstruction.IDIV, 7, Operand.register(RCX));
        if (remainder) {
            code.general(GeneralInstruction.MOV, RAX, Operand.register(RDX));
        }
        code.jump(end);
        code.place(negative);
        code.general(GeneralInstruction.NEG, 3, Operand.register(RAX));
        if (!remainder) {
            code.jump(end);
        }
        code.place(zero);
        code.general(GeneralInstruction.XOR32, RAX, Operand.register(RAX));
        code.place(end);
        code.general(GeneralInstruction.MOV_STORE, RAX, first);
    }

    /** For {@link #byLane}: the remainder of floating numbers, as Java's operator % has it, which is exact. */
    void floatingRemainder(LaneType type) {
        boolean wide = type.isWide();
        code.general(wide ? GeneralInstruction.FLD64 : GeneralInstruction.FLD32, 0,
                Operand.at(RSI, ParameterLayout.VECTOR));
        code.general(wide ? GeneralInstruction.FLD64 : GeneralInstruction.FLD32, 0, Operand.at(RSI, 0));
        Label again = code.label();
        code.place(again);
        // fprem; fnstsw ax; test ah, 4: partial remainders until the processor says that it is complete
        code.raw(0xd9, 0xf8, 0xdf, 0xe0, 0xf6, 0xc4, 0x04);
        code.jump(Condition.NOT_EQUAL, again);
        code.general(wide ? GeneralInstruction.FSTP64 : GeneralInstruction.FSTP32, 3, Operand.at(RSI, 0));
        // fstp st(0)
        code.raw(0xdd, 0xd8);
    }
}
