package io.tandem.cpu.codegen;

import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;

/** A kernel as machine code, which sees native memory alone; other memory is left to code in Java. */
final class MachineKernel implements CompiledKernel {
    private final CompiledKernel machine;
    private final Supplier<CompiledKernel> compiler;
    private volatile CompiledKernel java;

    /** @param compiler makes code of the same kernel that runs on any memory, with the same units */
    MachineKernel(CompiledKernel machine, Supplier<CompiledKernel> compiler) {
        this.machine = machine;
        this.compiler = compiler;
    }

    @Override
    public long units() {
        return machine.units();
    }

    @Override
    public long grain() {
        return machine.grain();
    }

    private CompiledKernel forMemory(MemorySegment[] operands, MemorySegment[] results) {
        return isNative(operands) && isNative(results) ? machine : inJava();
    }

    private static boolean isNative(MemorySegment[] segments) {
        for (MemorySegment segment : segments) {
            if (!segment.isNative()) {
                return false;
            }
        }
        return true;
    }

    private CompiledKernel inJava() {
        CompiledKernel known = java;
        if (known == null) {
            synchronized (this) {
                known = java == null ? compiler.get() : java;
                java = known;
            }
        }
        return known;
    }

    @Override
    public void run(MemorySegment[] operands, MemorySegment[] results, long fromUnit, long toUnit) {
        forMemory(operands, results).run(operands, results, fromUnit, toUnit);
    }

    @Override
    public void run(MemorySegment[] operands, MemorySegment[] results, Parallel parallel) {
        forMemory(operands, results).run(operands, results, parallel);
    }
}
