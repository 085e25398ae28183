package io.tandem.cpu.codegen;

import io.tandem.cpu.codegen.BlockProgram.Binding;
import io.tandem.tensor.DType;

/** Which memory code of some kind reads and writes by itself, and which comes through tiles. */
interface Reach {
    /**
     * The binding for elements of an operand or result.
     *
     * @param access number of the access
     * @param stride distance of neighbouring columns, in elements
     * @param wide whether 64-bit lanes may occur in the code
     */
    Binding elements(DType dtype, int access, long stride, boolean wide);

    /**
     * The binding for positions.
     *
     * @param stride distance of neighbouring columns' positions
     */
    Binding coordinates(DType dtype, long stride);
}
