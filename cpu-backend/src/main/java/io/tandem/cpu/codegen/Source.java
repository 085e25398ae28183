package io.tandem.cpu.codegen;

import io.tandem.tensor.DType;

/** What a binding of a block stands for. */
sealed interface Source {
    /** Elements of an operand. */
    record Operand(int operand, DType dtype, int access) implements Source {}

    /** Positions themselves, as numbers. */
    record Coordinate(DType dtype, int access) implements Source {}

    /** Elements of a result. */
    record Result(int result, DType dtype, int access) implements Source {}

    /** An array with one value per row. */
    record RowValue(int slot) implements Source {}

    /** The partial results of a fold, by number among the folds of the pass. */
    record Partial(int fold) implements Source {}
}
