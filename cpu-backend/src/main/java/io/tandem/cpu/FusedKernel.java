package io.tandem.cpu;

import io.tandem.cpu.codegen.CompiledKernel;
import io.tandem.cpu.codegen.Parallel;
import io.tandem.cpu.kernel.NativeMemory;
import io.tandem.cpu.kernel.Place;
import io.tandem.cpu.kernel.StepKernel;
import io.tandem.cpu.kernel.StepPlaces;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Generated code for a fused group. */
final class FusedKernel implements StepKernel {
    private final CompiledKernel kernel;
    private final List<Place> operands;
    private final List<Place> results;
    private final MemorySegment[] operandMemory;
    private final MemorySegment[] resultMemory;
    private final Parallel parallel;

    FusedKernel(CompiledKernel kernel, StepPlaces places, Parallel parallel) {
        this.kernel = kernel;
        this.operands = places.operands();
        this.results = places.results();
        this.operandMemory = new MemorySegment[operands.size()];
        this.resultMemory = new MemorySegment[results.size()];
        this.parallel = parallel;
    }

    @Override
    public void bind() {
        for (int i = 0; i < operandMemory.length; i++) {
            operandMemory[i] = NativeMemory.at(operands.get(i));
        }
        for (int i = 0; i < resultMemory.length; i++) {
            resultMemory[i] = NativeMemory.at(results.get(i));
        }
    }

    @Override
    public void run() {
        kernel.run(operandMemory, resultMemory, parallel);
    }

    @Override
    public String label() {
        return "generated";
    }
}
