package io.tandem.cpu.codegen;

import io.tandem.graph.Reduction;
import java.util.List;

/**
 * The code of a block: a loop over rows, lines and columns ({@link Block}), in which {@code ops} are computed for each
 * column. Programs are equal if the same class can run them, so sizes, strides and literals are no part of them.
 *
 * @param ops operations; arguments come before their users
 * @param bindings the memory that is read and written
 * @param outputs values that are written for each column
 * @param folds values that are reduced over columns, or over lines
 */
record BlockProgram(List<LaneOp> ops, List<Binding> bindings, List<Output> outputs, List<FoldOutput> folds) {
    BlockProgram {
        ops = List.copyOf(ops);
        bindings = List.copyOf(bindings);
        outputs = List.copyOf(outputs);
        folds = List.copyOf(folds);
    }

    /** Element types of memory that code reads and writes by itself. */
    enum Storage {
        F32(2, LaneType.F32),
        F64(3, LaneType.F64),
        I32(2, LaneType.I32),
        I64(3, LaneType.I64),
        /** A byte, 0 or 1; in segments alone. */
        BOOL(0, LaneType.MASK),
        /** An unsigned byte; for machine code alone. */
        U8(0, LaneType.I32),
        /** The upper half of a float; for machine code alone. */
        BF16(1, LaneType.F32),
        /** A binary16 number; for machine code alone. */
        F16(1, LaneType.F32);

        private final int shift;
        private final LaneType type;

        Storage(int shift, LaneType type) {
            this.shift = shift;
            this.type = type;
        }

        /** Binary logarithm of the size in bytes. */
        int shift() {
            return shift;
        }

        /** The type of the elements as values. */
        LaneType type() {
            return type;
        }

        static Storage ofArray(LaneType type) {
            return switch (type) {
                case F32 -> F32;
                case F64 -> F64;
                case I32, MASK -> I32;
                case I64 -> I64;
            };
        }
    }

    /** Kinds of memory that code works on. */
    enum Place {
        /** Memory of an operand or result. */
        SEGMENT,
        /**
         * An array to or from which a tile of an operand or result is copied; all tiles of a block are laid out alike.
         */
        TILE,
        /** An array with values per row, or with partial results of folds. */
        ROWS,
        /** No memory: the address itself is the value, as a number. For machine code alone. */
        COORDINATE
    }

    /** Where neighbouring columns are. */
    enum Step {
        /** All columns share one element. */
        NONE,
        /** They are neighbours in memory. */
        UNIT,
        /** At a distance that is a parameter, such that a vector spans less than 2 GiB. For machine code alone. */
        APART,
        /** At any distance. For machine code alone. */
        FAR
    }

    /**
     * A piece of memory.
     *
     * @param storage element type
     * @param place kind of memory; arrays may be read and written up to the next multiple of {@link #width()} beyond
     *     the last column
     * @param step where neighbouring columns are
     */
    record Binding(Storage storage, Place place, Step step) {
        Binding(Storage storage, Place place, boolean unit) {
            this(storage, place, unit ? Step.UNIT : Step.NONE);
        }

        boolean array() {
            return place == Place.TILE || place == Place.ROWS;
        }

        boolean unit() {
            return step == Step.UNIT;
        }
    }

    /** Writes value {@code op} for each column to a binding of unit stride. */
    record Output(int op, int binding) {}

    /**
     * Reduces value {@code op} into an array.
     *
     * @param lanes if true, column {@code j} of each line goes to element {@code j % width()}, with a set of elements
     *     per row; else lines are reduced, and each column has its element
     */
    record FoldOutput(int op, Reduction reduction, int binding, boolean lanes) {}

    /** Whether machine code of this program calls Java. */
    boolean callsBack() {
        return ops.stream()
                .anyMatch(op -> op.code() == LaneOp.Code.CALL_WHERE
                        || op.code() == LaneOp.Code.CALL
                                && LaneFunction.of(op.bits()).isCalledBack());
    }

    /**
     * The number of partial results in a fold over columns: 16, or 8 where 64-bit values occur. It depends on types
     * alone, not on the machine, so that folds have equal bits everywhere.
     */
    int width() {
        boolean wide = ops.stream().anyMatch(op -> op.type().isWide())
                || bindings.stream().anyMatch(binding -> binding.storage().type().isWide());
        return wide ? 8 : 16;
    }
}
