package io.tandem.cpu.codegen;

import java.lang.foreign.MemorySegment;

/**
 * A kernel as executable code. It holds no memory and no state, so it may run on several threads at once.
 *
 * <p>Operands and results are dense little-endian memory, native or backed by a {@code byte[]}. A result must not
 * overlap operands, with one exception: it may be the memory of an operand which the kernel reads with the very access
 * with which it stores the result, provided that it stores it in its last pass ({@link
 * io.tandem.compile.Kernel#passes()}). An access outside the memory that was passed is an {@link
 * IndexOutOfBoundsException}.
 */
public interface CompiledKernel {
    /** The number of independent parts of the work. */
    long units();

    /** The number of units that keep one thread busy for long enough to be worth handing over (some 10 us). */
    long grain();

    /**
     * Computes units {@code fromUnit} (inclusive) to {@code toUnit} (exclusive). What is computed does not depend on
     * how units are grouped into calls, nor on the thread.
     *
     * @param operands one per operand of the kernel
     * @param results one per result of the kernel
     */
    void run(MemorySegment[] operands, MemorySegment[] results, long fromUnit, long toUnit);

    /**
     * Computes everything, spread over threads. A kernel with few rows and long folds is split inside its rows too,
     * along boundaries that depend on shapes alone, so that the result has the same bits for any number of threads, and
     * the same as that of {@link #run(MemorySegment[], MemorySegment[], long, long)}.
     */
    void run(MemorySegment[] operands, MemorySegment[] results, Parallel parallel);
}
