package io.tandem.cpu.codegen;

import io.tandem.cpu.codegen.BlockProgram.Step;
import io.tandem.cpu.codegen.LaneOp.Code;
import io.tandem.cpu.codegen.machine.Assembler;
import io.tandem.cpu.codegen.machine.Frames;
import io.tandem.cpu.codegen.machine.Label;
import io.tandem.cpu.codegen.machine.MaskInstruction;
import io.tandem.cpu.codegen.machine.Operand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The values of a program in registers and memory: what is the same for the whole call or a line is computed outside of
 * the loop over columns, and kept in registers of its own where there are some to spare.
 */
final class LaneValues implements LaneRegisters.Source {
    /** When a value is computed. */
    private enum Level {
        /** Never: it is in memory. */
        CONSTANT,
        /** Once per call. */
        CALL,
        /** Once per line. */
        LINE,
        /** For each vector of columns. */
        COLUMN,
        /** Not at all: nothing depends on it. */
        UNUSED
    }

    /** Registers that code for columns needs for itself. */
    private static final int WORKING = 14;

    private final Assembler code;
    private final LaneCode lanes;
    private final LaneMemory memory;
    private final BlockProgram program;
    private final List<LaneOp> ops;
    private final ParameterLayout layout;
    private final LaneCalls calls;
    private final LaneRegisters registers;
    private final Level[] levels;
    /** The register that always holds a value, or -1. */
    private final int[] pinned;
    /** The slot of a value that is computed outside of the loop over columns and has no register, or -1. */
    private final int[] homes;

    private final int[] partials;
    private boolean rest;
    private boolean storing;

    LaneValues(
            Assembler code,
            LaneCode lanes,
            LaneMemory memory,
            BlockProgram program,
            ParameterLayout layout,
            Frames frames) {
        this.code = code;
        this.lanes = lanes;
        this.memory = memory;
        this.program = program;
        this.ops = program.ops();
        this.layout = layout;
        this.calls = new LaneCalls(code, lanes, layout, frames, program.width());
        this.registers = new LaneRegisters(code, lanes, program, layout, this);
        levels = levels();
        pinned = new int[ops.size()];
        homes = new int[ops.size()];
        Arrays.fill(pinned, -1);
        Arrays.fill(homes, -1);
        List<Integer> free = new ArrayList<>(frames.vectors());
        partials = new int[program.folds().size()];
        for (int i = 0; i < partials.length; i++) {
            partials[i] = free.removeLast();
        }
        for (int value : worthRegisters()) {
            if (free.size() > WORKING) {
                pinned[value] = free.removeLast();
            }
        }
        for (int i = 0; i < ops.size(); i++) {
            if ((levels[i] == Level.CALL || levels[i] == Level.LINE) && pinned[i] < 0) {
                homes[i] = registers.newSlot();
            }
        }
        free.forEach(registers::add);
    }

    private Level[] levels() {
        Level[] found = new Level[ops.size()];
        boolean[] needed = new boolean[ops.size()];
        program.outputs().forEach(output -> needed[output.op()] = true);
        program.folds().forEach(fold -> needed[fold.op()] = true);
        for (int i = ops.size() - 1; i >= 0; i--) {
            for (int a = 0; needed[i] && a < ops.get(i).arity(); a++) {
                needed[ops.get(i).argument(a)] = true;
            }
        }
        for (int i = 0; i < found.length; i++) {
            LaneOp op = ops.get(i);
            if (!needed[i]) {
                found[i] = Level.UNUSED;
                continue;
            }
            found[i] = switch (op.code()) {
                case CONSTANT, LITERAL -> Level.CONSTANT;
                case INPUT -> program.bindings().get((int) op.bits()).step() == Step.NONE ? Level.LINE : Level.COLUMN;
                default -> Level.CALL;
            };
            for (int a = 0; a < op.arity(); a++) {
                Level argument = found[op.argument(a)];
                found[i] = argument.compareTo(found[i]) > 0 ? argument : found[i];
            }
        }
        return found;
    }

    /** Values that the code for columns uses but does not compute, the most welcome ones first. */
    private List<Integer> worthRegisters() {
        int[] uses = new int[ops.size()];
        for (int i = 0; i < ops.size(); i++) {
            for (int a = 0; levels[i] == Level.COLUMN && a < ops.get(i).arity(); a++) {
                uses[ops.get(i).argument(a)]++;
            }
        }
        program.outputs().forEach(output -> uses[output.op()]++);
        program.folds().forEach(fold -> uses[fold.op()]++);
        Comparator<Integer> constantsLast = Comparator.comparing(i -> levels[i] == Level.CONSTANT);
        return IntStream.range(0, ops.size())
                .filter(i -> levels[i] != Level.COLUMN && levels[i] != Level.UNUSED)
                .filter(i -> uses[i] > 0 && ops.get(i).type() != LaneType.MASK)
                .boxed()
                .sorted(constantsLast.thenComparing(i -> -uses[i]))
                .toList();
    }

    /** Registers of the partial results of folds, by number. */
    int[] partials() {
        return partials.clone();
    }

    int slots() {
        return registers.slots();
    }

    boolean isOfColumn(int value) {
        return levels[value] == Level.COLUMN;
    }

    /** Writes the computation of what is the same for the whole call. */
    void fixed() {
        for (int i = 0; i < ops.size(); i++) {
            if (levels[i] == Level.CONSTANT && pinned[i] >= 0) {
                lanes.broadcast(ops.get(i).type(), pinned[i], constant(i, false));
            }
        }
        outside(Level.CALL);
    }

    /** Writes the computation of what is the same for all columns of a line. */
    void ofLine() {
        outside(Level.LINE);
    }

    private void outside(Level level) {
        List<List<Integer>> uses = LaneRegisters.noUses(ops.size());
        boolean any = false;
        for (int i = 0; i < ops.size(); i++) {
            if (levels[i] == level) {
                any = true;
                uses.get(i).add(2 * i);
                for (int a = 0; a < ops.get(i).arity(); a++) {
                    uses.get(ops.get(i).argument(a)).add(2 * i);
                }
            }
        }
        if (!any) {
            return;
        }
        registers.begin(uses);
        rest = false;
        storing = false;
        for (int i = 0; i < ops.size(); i++) {
            if (levels[i] == level) {
                registers.moveTo(2 * i);
                compute(i);
                if (pinned[i] < 0) {
                    keep(i, register(i));
                }
            }
        }
    }

    private void keep(int value, int register) {
        Operand home = Operand.at(LaneMemory.PARAMETERS, homes[value]);
        if (ops.get(value).type() == LaneType.MASK) {
            code.mask(MaskInstruction.KMOVW_STORE, register, 0, home);
        } else {
            lanes.store(ops.get(value).type(), register, home, 0);
        }
    }

    /** Begins the code of a vector of columns. */
    void beginBody(boolean rest) {
        this.rest = rest;
        storing = false;
        List<List<Integer>> uses = LaneRegisters.noUses(ops.size());
        for (int i = 0; i < ops.size(); i++) {
            if (levels[i] == Level.COLUMN) {
                for (int a = 0; a < ops.get(i).arity(); a++) {
                    uses.get(ops.get(i).argument(a)).add(2 * i);
                }
                for (var fold : program.folds()) {
                    if (fold.op() == i) {
                        uses.get(i).add(2 * i + 1);
                    }
                }
            }
        }
        for (var fold : program.folds()) {
            if (levels[fold.op()] != Level.COLUMN) {
                uses.get(fold.op()).add(2 * ops.size());
            }
        }
        for (int i = 0; i < program.outputs().size(); i++) {
            uses.get(program.outputs().get(i).op()).add(2 * ops.size() + 1 + i);
        }
        registers.begin(uses);
    }

    void moveToFold(int value) {
        registers.moveTo(levels[value] == Level.COLUMN ? 2 * value + 1 : 2 * ops.size());
    }

    /** Begins to write outputs: from here on nothing is read any more, since outputs may replace inputs. */
    void beginOutputs() {
        registers.moveTo(2 * ops.size());
        for (var output : program.outputs()) {
            if (ops.get(output.op()).code() == Code.INPUT) {
                registers.moveTo(2 * ops.size());
                storing = true;
                register(output.op());
            }
        }
        storing = true;
    }

    void moveToOutput(int number) {
        registers.moveTo(2 * ops.size() + 1 + number);
    }

    /** A vector register for a moment. */
    int temporary() {
        return registers.temporary();
    }

    /** The register that a value is in, after loading it if necessary. */
    int register(int value) {
        return pinned[value] >= 0 ? pinned[value] : registers.get(value);
    }

    private Operand constant(int value, boolean broadcast) {
        LaneOp op = ops.get(value);
        if (op.code() == Code.CONSTANT) {
            return code.constant(op.type().isWide() ? op.bits() : op.bits() & 0xffffffffL, broadcast);
        }
        int offset = layout.literal((int) op.bits());
        return broadcast
                ? Operand.broadcast(LaneMemory.PARAMETERS, offset)
                : Operand.at(LaneMemory.PARAMETERS, offset);
    }

    /** A value as the last operand of an instruction: where it is, if that is possible. */
    private Operand operand(int value) {
        if (pinned[value] >= 0) {
            return Operand.register(pinned[value]);
        }
        if (!registers.isInRegister(value)) {
            if (levels[value] == Level.CONSTANT) {
                return constant(value, true);
            }
            if (homes[value] >= 0) {
                return Operand.at(LaneMemory.PARAMETERS, homes[value]);
            }
            if (registers.dies(value)) {
                if (registers.isInSlot(value)) {
                    return registers.slot(value);
                }
                LaneOp op = ops.get(value);
                if (op.code() == Code.INPUT && !rest && memory.isPlain((int) op.bits(), op.type())) {
                    return memory.vector((int) op.bits());
                }
            }
        }
        return Operand.register(registers.get(value));
    }

    @Override
    public boolean canReload(int value) {
        if (levels[value] != Level.COLUMN) {
            return true;
        }
        LaneOp op = ops.get(value);
        return op.code() == Code.INPUT && !storing && memory.isPlain((int) op.bits(), op.type());
    }

    @Override
    public void load(int value, int register) {
        LaneOp op = ops.get(value);
        if (levels[value] == Level.CONSTANT) {
            if (op.type() == LaneType.MASK) {
                code.mask(MaskInstruction.KMOVW, register, 0, constant(value, false));
            } else {
                lanes.broadcast(op.type(), register, constant(value, false));
            }
        } else if (homes[value] >= 0) {
            Operand home = Operand.at(LaneMemory.PARAMETERS, homes[value]);
            if (op.type() == LaneType.MASK) {
                code.mask(MaskInstruction.KMOVW, register, 0, home);
            } else {
                lanes.load(op.type(), register, home, 0);
            }
        } else if (op.code() == Code.INPUT) {
            memory.load((int) op.bits(), op.type(), register, rest, registers::temporary);
        } else {
            throw new IllegalStateException("value %d of %s was lost; this is a bug".formatted(value, program));
        }
    }

    /** Writes the computation of a value. Elements of columns are read when they are used first. */
    void compute(int value) {
        LaneOp op = ops.get(value);
        if (op.code() == Code.INPUT) {
            if (levels[value] == Level.LINE) {
                int target = define(value);
                memory.load((int) op.bits(), op.type(), target, false, registers::temporary);
            }
            return;
        }
        registers.moveTo(2 * value);
        switch (op.code()) {
            case ADD, SUB, MUL, DIV, MIN, MAX, AND, OR, XOR -> binary(value, op);
            case FMA -> multiplyAdd(value, op);
            case NEG, ABS, SHIFT_LEFT, SHIFT_RIGHT, SHIFT_RIGHT_UNSIGNED -> {
                int x = register(op.a());
                if (op.code() != Code.NEG || op.type().isFloating()) {
                    registers.releaseDying(op);
                }
                int target = define(value);
                switch (op.code()) {
                    case NEG -> lanes.negate(op.type(), target, x);
                    case ABS -> lanes.absolute(op.type(), target, x);
                    default -> lanes.shift(op.code(), op.type(), target, x, (int) op.bits());
                }
            }
            case SQRT -> {
                Operand x = operand(op.a());
                registers.releaseDying(op);
                lanes.squareRoot(op.type(), define(value), x);
            }
            case NOT -> {
                int x = register(op.a());
                registers.releaseDying(op);
                lanes.logic(Code.NOT, define(value), x, 0);
            }
            case EQ, NE, LT, LE -> {
                int x = register(op.a());
                Operand y = operand(op.b());
                registers.releaseDying(op);
                lanes.compare(op.code(), ops.get(op.a()).type(), define(value), x, y);
            }
            case SELECT -> {
                int mask = register(op.a());
                int otherwise = register(op.c());
                Operand chosen = operand(op.b());
                registers.releaseDying(op);
                lanes.blend(op.type(), define(value), mask, otherwise, chosen);
            }
            case CONVERT -> {
                int x = register(op.a());
                lanes.convert(ops.get(op.a()).type(), op.type(), define(value), x);
            }
            case REINTERPRET -> {
                int x = register(op.a());
                if (pinned[op.a()] < 0 && pinned[value] < 0 && registers.dies(op.a())) {
                    registers.takeOver(op.a(), value);
                } else {
                    lanes.move(op.type(), define(value), x, 0);
                }
            }
            case CALL -> call(value, op);
            case CALL_WHERE -> callWhere(value, op);
            case INPUT, LITERAL, CONSTANT ->
                throw new IllegalArgumentException(op + " has no machine code; this is a bug");
        }
    }

    private int define(int value) {
        return pinned[value] >= 0 ? pinned[value] : registers.define(value);
    }

    private void binary(int value, LaneOp op) {
        LaneType type = op.type();
        if (type == LaneType.MASK) {
            int x = register(op.a());
            int y = register(op.b());
            registers.releaseDying(op);
            lanes.logic(op.code(), define(value), x, y);
            return;
        }
        if (!LaneCode.isSimple(op.code(), type)) {
            int x = register(op.a());
            int y = register(op.b());
            lanes.extremum(op.code() == Code.MAX, type, define(value), x, y);
            return;
        }
        boolean commutes = switch (op.code()) {
            case SUB, DIV -> false;
            default -> true;
        };
        // the argument that is not in a register goes last, where memory may stand
        boolean swapped = commutes && !isReady(op.a()) && isReady(op.b());
        int x = register(swapped ? op.b() : op.a());
        Operand y = operand(swapped ? op.a() : op.b());
        registers.releaseDying(op);
        lanes.binary(op.code(), type, define(value), x, y);
    }

    private boolean isReady(int value) {
        return pinned[value] >= 0 || registers.isInRegister(value);
    }

    /** Whether a value's register may be overwritten by the current operation. */
    private boolean isSpent(int value) {
        return pinned[value] < 0 && registers.dies(value);
    }

    private void multiplyAdd(int value, LaneOp op) {
        boolean swapped = !isReady(op.a()) && isReady(op.b()) || isReady(op.b()) && isSpent(op.b()) && !isSpent(op.a());
        int first = swapped ? op.b() : op.a();
        int second = swapped ? op.a() : op.b();
        LaneType type = op.type();
        boolean toPinned = pinned[value] >= 0;
        if (!toPinned && isReady(op.c()) && isSpent(op.c()) && op.c() != first && op.c() != second) {
            int sum = register(op.c());
            int x = register(first);
            Operand y = operand(second);
            registers.takeOver(op.c(), value);
            lanes.multiplyAdd231(type, sum, x, y);
            return;
        }
        int x = register(first);
        int y = register(second);
        Operand z = operand(op.c());
        if (!toPinned && isSpent(first) && first != second) {
            registers.takeOver(first, value);
            lanes.multiplyAdd213(type, x, y, z);
            return;
        }
        int target = define(value);
        lanes.move(type, target, x, 0);
        lanes.multiplyAdd213(type, target, y, z);
    }

    private void call(int value, LaneOp op) {
        int x = register(op.a());
        LaneType type = op.type();
        switch (LaneFunction.of(op.bits())) {
            case ROUND_TO_HALF -> lanes.roundToHalf(define(value), x);
            case DIVIDE -> divide(false, value, op, x);
            case REMAINDER -> {
                if (type.isFloating()) {
                    int y = register(op.b());
                    calls.byLane(type, define(value), x, y, () -> calls.floatingRemainder(type));
                } else {
                    divide(true, value, op, x);
                }
            }
            case EXP, EXPM1, LOG, LOG1P, SIN, COS, TANH, ERF, POW -> {
                int y = op.b() < 0 ? x : register(op.b());
                int target = define(value);
                calls.callBack(LaneFunction.of(op.bits()), x, y, OptionalInt.empty());
                calls.calledBack(target, 0);
            }
        }
    }

    private void callWhere(int value, LaneOp op) {
        int mask = register(op.a());
        int x = register(op.b());
        int otherwise = register(op.c());
        int target = define(value);
        lanes.move(op.type(), target, otherwise, 0);
        Label end = code.label();
        calls.jumpIfNone(mask, end);
        calls.callBack(LaneFunction.of(op.bits()), x, x, OptionalInt.of(mask));
        calls.calledBack(target, mask);
        code.place(end);
    }

    private void divide(boolean remainder, int value, LaneOp op, int x) {
        int y = register(op.b());
        int target = define(value);
        if (op.type() == LaneType.I32) {
            int[] free = {temporary(), temporary(), temporary()};
            lanes.divideInts(remainder, target, x, y, free);
        } else {
            calls.byLane(LaneType.I64, target, x, y, () -> calls.divideLongs(remainder));
        }
    }
}
