package io.tandem.cpu.codegen;

import io.tandem.cpu.codegen.machine.Assembler;
import io.tandem.cpu.codegen.machine.General;
import io.tandem.cpu.codegen.machine.MaskInstruction;
import io.tandem.cpu.codegen.machine.Operand;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Registers for the values of straight-line code. Uses are known in advance, so the register that is given up, where
 * all are taken, is that of the value which is used last (Belady 1966); it goes to a slot in memory, unless its home is
 * there anyway.
 */
final class LaneRegisters {
    /** Writes code that gets a value which is not in a register: a constant, an invariant, an element. */
    interface Source {
        /** Loads a value into a register. */
        void load(int value, int register);

        /** Whether {@link #load} can be called again at any time. */
        boolean canReload(int value);
    }

    private static final int NOWHERE = -1;
    private static final int NEVER = Integer.MAX_VALUE;

    private final Assembler code;
    private final LaneCode lanes;
    private final List<LaneOp> ops;
    private final ParameterLayout layout;
    private final Source source;
    /** Value of each register, or NOWHERE; vector registers, then mask registers. */
    private final int[] valueOf = new int[40];

    private final boolean[] usable = new boolean[40];
    private final boolean[] locked = new boolean[40];
    private final int[] registerOf;
    private final int[] slotOf;
    private final int[][] uses;
    private final Deque<Integer> freeSlots = new ArrayDeque<>();
    private int slots;
    private int position;

    /** Number of the first mask register in the arrays. */
    private static final int MASKS = 32;

    /** A value that has a register for a moment. */
    private static final int TEMPORARY = Integer.MAX_VALUE;

    LaneRegisters(Assembler code, LaneCode lanes, BlockProgram program, ParameterLayout layout, Source source) {
        this.code = code;
        this.lanes = lanes;
        this.ops = program.ops();
        this.layout = layout;
        this.source = source;
        registerOf = new int[ops.size()];
        slotOf = new int[ops.size()];
        uses = new int[ops.size()][];
        Arrays.fill(valueOf, NOWHERE);
        Arrays.fill(registerOf, NOWHERE);
        Arrays.fill(slotOf, NOWHERE);
        for (int mask = 2; mask < LaneCode.SCRATCH_MASK; mask++) {
            usable[MASKS + mask] = true;
        }
    }

    /** Allows a vector register to be used. */
    void add(int register) {
        usable[register] = true;
    }

    /** A slot that is never given back; returns its offset among the parameters. */
    int newSlot() {
        return layout.slot(slots++);
    }

    /** The number of slots in use so far. */
    int slots() {
        return slots;
    }

    /** Forgets all values, and learns when the values of the code that follows are used. */
    void begin(List<List<Integer>> usesOfValues) {
        Arrays.fill(valueOf, NOWHERE);
        Arrays.fill(locked, false);
        Arrays.fill(registerOf, NOWHERE);
        for (int i = 0; i < slotOf.length; i++) {
            freeSlot(i);
            uses[i] = usesOfValues.get(i).stream().mapToInt(Integer::intValue).toArray();
        }
        position = -1;
    }

    /** Comes to a position; registers of values that are not used any more become free. */
    void moveTo(int newPosition) {
        position = newPosition;
        Arrays.fill(locked, false);
        for (int i = 0; i < valueOf.length; i++) {
            if (valueOf[i] == TEMPORARY) {
                valueOf[i] = NOWHERE;
            } else if (valueOf[i] != NOWHERE && nextUse(valueOf[i], position - 1) == NEVER) {
                free(valueOf[i]);
            }
        }
    }

    private void free(int value) {
        if (registerOf[value] != NOWHERE) {
            valueOf[registerOf[value]] = NOWHERE;
            registerOf[value] = NOWHERE;
        }
        freeSlot(value);
    }

    private void freeSlot(int value) {
        if (slotOf[value] != NOWHERE) {
            freeSlots.push(slotOf[value]);
            slotOf[value] = NOWHERE;
        }
    }

    /** The first use after a position. */
    private int nextUse(int value, int after) {
        for (int use : uses[value]) {
            if (use > after) {
                return use;
            }
        }
        return NEVER;
    }

    /** Whether a value is not used after the current position. */
    boolean dies(int value) {
        return nextUse(value, position) == NEVER;
    }

    private boolean isMask(int value) {
        return ops.get(value).type() == LaneType.MASK;
    }

    boolean isInRegister(int value) {
        return registerOf[value] != NOWHERE;
    }

    /** The slot of a value that is in no register, if it has one. */
    boolean isInSlot(int value) {
        return slotOf[value] != NOWHERE;
    }

    Operand slot(int value) {
        return Operand.at(General.RDI, slotOf[value]);
    }

    /** The register of a value, which is loaded if necessary; it keeps it at least up to the next position. */
    int get(int value) {
        int register = registerOf[value];
        if (register == NOWHERE) {
            register = allocate(isMask(value));
            hold(value, register);
            locked[register] = true;
            if (slotOf[value] == NOWHERE) {
                source.load(value, number(register));
            } else if (isMask(value)) {
                code.mask(MaskInstruction.KMOVW, number(register), 0, slot(value));
            } else {
                lanes.load(ops.get(value).type(), register, slot(value), 0);
            }
        }
        locked[register] = true;
        return number(register);
    }

    private void hold(int value, int register) {
        valueOf[register] = value;
        registerOf[value] = register;
    }

    private static int number(int register) {
        return register >= MASKS ? register - MASKS : register;
    }

    /** Gives up the registers of values that are not used after the current position, so that a result may go there. */
    void releaseDying(LaneOp op) {
        for (int i = 0; i < op.arity(); i++) {
            int value = op.argument(i);
            if (registerOf[value] != NOWHERE && dies(value)) {
                locked[registerOf[value]] = false;
                free(value);
            }
        }
    }

    /** A register for a result. */
    int define(int value) {
        int register = allocate(isMask(value));
        hold(value, register);
        locked[register] = true;
        return number(register);
    }

    /** Turns the register of a value that dies into that of a result. */
    int takeOver(int dying, int result) {
        int register = registerOf[dying];
        registerOf[dying] = NOWHERE;
        freeSlot(dying);
        hold(result, register);
        return number(register);
    }

    /** A vector register up to the next position. */
    int temporary() {
        int register = allocate(false);
        valueOf[register] = TEMPORARY;
        locked[register] = true;
        return register;
    }

    private int allocate(boolean mask) {
        int from = mask ? MASKS : 0;
        int to = mask ? valueOf.length : MASKS;
        int best = NOWHERE;
        int furthest = -1;
        for (int i = from; i < to; i++) {
            if (!usable[i] || locked[i]) {
                continue;
            }
            if (valueOf[i] == NOWHERE) {
                return i;
            }
            int next = nextUse(valueOf[i], position - 1);
            if (next > furthest) {
                furthest = next;
                best = i;
            }
        }
        if (best == NOWHERE) {
            throw new IllegalStateException("an operation needs more registers than there are; this is a bug");
        }
        evict(best);
        return best;
    }

    private void evict(int register) {
        int value = valueOf[register];
        if (slotOf[value] == NOWHERE && !source.canReload(value)) {
            slotOf[value] = freeSlots.isEmpty() ? newSlot() : freeSlots.pop();
            if (isMask(value)) {
                code.mask(MaskInstruction.KMOVW_STORE, number(register), 0, slot(value));
            } else {
                lanes.store(ops.get(value).type(), register, slot(value), 0);
            }
        }
        valueOf[register] = NOWHERE;
        registerOf[value] = NOWHERE;
    }

    /** Lists without uses, one per value. */
    static List<List<Integer>> noUses(int values) {
        List<List<Integer>> lists = new ArrayList<>();
        for (int i = 0; i < values; i++) {
            lists.add(new ArrayList<>());
        }
        return lists;
    }
}
