package io.tandem.cpu.codegen;

import io.tandem.graph.Reduction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * An array of lanes in native memory, where machine code reaches it: row values, or partial results of folds. The
 * memory lives for as long as this object is reachable.
 */
final class NativeLanes {
    private static final int ALIGNMENT = 64;

    private final LaneType type;
    private final FoldFunctions functions;
    private final MemorySegment memory;

    NativeLanes(LaneType type, int length, FoldFunctions functions) {
        this.type = type;
        this.functions = functions;
        long bytes = ((long) length * type.bytes() + ALIGNMENT - 1) & -ALIGNMENT;
        // a vector of any length may begin at the last element
        memory = Arena.ofAuto().allocate(bytes + ALIGNMENT, ALIGNMENT);
    }

    /** The address of the first element. */
    long address() {
        return memory.address();
    }

    private static long vectors(long elements, LaneType type) {
        return (elements * type.bytes() + ALIGNMENT - 1) / ALIGNMENT;
    }

    /** Fills the array with what a reduction gives for no elements. */
    void clear(Reduction reduction) {
        functions.clear(type, reduction).call(memory.address(), memory.byteSize() / ALIGNMENT, 0);
    }

    /** As {@link FoldArithmetic#reduceLanes}. */
    void reduceLanes(Reduction reduction, int rows, int width) {
        functions.reduceLanes(type, reduction, width).call(memory.address(), rows, 0);
    }

    /** Combines the first {@code n} elements of another array into those of this one; further ones may change. */
    void combine(Reduction reduction, NativeLanes part, int n) {
        functions.combine(type, reduction).call(memory.address(), part.memory.address(), vectors(n, type));
    }
}
