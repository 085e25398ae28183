package io.tandem.cpu.codegen;

import io.tandem.cpu.codegen.LaneOp.Code;

/**
 * Where machine code finds its parameters: a block of memory per thread, with the numbers of a call at its start, then
 * addresses by binding, literals, distances of the lanes of bindings whose columns lie apart, and room that code uses
 * for itself. Offsets are in bytes.
 */
final class ParameterLayout {
    static final int ROWS = 0;
    static final int LINES = 8;
    static final int COLUMNS = 16;
    /** The columns in whole vectors. */
    static final int WHOLE = 24;
    /** The bits of the lanes that are left after these. */
    static final int REST = 32;

    /** The bits of all lanes. */
    static final int ALL = 40;

    private static final int BINDINGS = 48;
    private static final int BINDING = 40;
    static final int VECTOR = 64;

    /** Registers that are saved around a call, all that there are. */
    private static final int SAVED = 40;

    private final int literals;
    private final int distances;
    private final int scratch;
    private final int slots;

    ParameterLayout(BlockProgram program) {
        literals = BINDINGS + BINDING * program.bindings().size();
        int count = 0;
        for (LaneOp op : program.ops()) {
            count = op.code() == Code.LITERAL ? Math.max(count, (int) op.bits() + 1) : count;
        }
        distances = align(literals + 8 * count);
        scratch = distances + VECTOR * program.bindings().size();
        slots = scratch + 2 * VECTOR + (program.callsBack() ? SAVED * VECTOR : 0);
    }

    private static int align(int offset) {
        return (offset + VECTOR - 1) & -VECTOR;
    }

    /** Address of the row's first element; code moves it from row to row. */
    int row(int binding) {
        return BINDINGS + BINDING * binding;
    }

    /** Distance of rows in bytes. */
    int rowStride(int binding) {
        return row(binding) + 8;
    }

    /** Distance of lines in bytes. */
    int lineStride(int binding) {
        return row(binding) + 16;
    }

    /** Distance of columns in bytes. */
    int columnStride(int binding) {
        return row(binding) + 24;
    }

    /** Address of the line's first element, where code has no register for it. */
    int line(int binding) {
        return row(binding) + 32;
    }

    /** The numbers from the start that change from call to call. */
    int longs() {
        return literals / 8;
    }

    int literal(int index) {
        return literals + 8 * index;
    }

    /** Distances of lanes from the first one, as ints: in bytes, or positions of coordinates. */
    int distances(int binding) {
        return distances + VECTOR * binding;
    }

    /** Two vectors for passing lanes to general registers and back. */
    int scratch() {
        return scratch;
    }

    /** Where registers are saved around a call. */
    int saved(int register) {
        return scratch + 2 * VECTOR + VECTOR * register;
    }

    /** Where vectors are kept for which there is no register. */
    int slot(int number) {
        return slots + VECTOR * number;
    }
}
