package io.tandem.cuda.lowering;

import io.tandem.compile.Kernel;
import io.tandem.cuda.codegen.Alignments;
import io.tandem.cuda.codegen.CudaCode;
import io.tandem.cuda.codegen.KernelGenerator;
import io.tandem.cuda.codegen.SegmentedCode;
import io.tandem.cuda.driver.KernelArguments;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Runs a fused kernel. */
final class FusedStep implements StepKernel {
    private final LoweringContext context;
    private final Kernel kernel;
    private final List<Place> operands;
    private final List<Place> results;
    private final Region scratch;
    private final Alignments alignments;
    private final boolean aliased;
    private final CudaCode code;
    private final List<KernelLibrary.Handle> stages = new ArrayList<>();

    /**
     * Generates a kernel; it must be {@linkplain #requested requested} before it can run.
     *
     * @param scratch the device's scratch memory
     */
    FusedStep(LoweringContext context, Kernel kernel, List<Place> operands, List<Place> results, Region scratch) {
        this.context = context;
        this.kernel = kernel;
        this.operands = operands;
        this.results = results;
        this.scratch = scratch;
        this.alignments = new Alignments(
                operands.stream().map(Place::alignment).toList(),
                results.stream().map(Place::alignment).toList());
        this.aliased = results.stream().anyMatch(r -> operands.stream().anyMatch(r::overlaps));
        this.code = KernelGenerator.generate(kernel, alignments, aliased);
    }

    /** This step, after it has asked for the compilation of its kernel. */
    FusedStep requested() {
        if (stages.isEmpty()) {
            code.stages().forEach(s -> stages.add(context.library().request(code.source(), s.function())));
        }
        return this;
    }

    List<Place> operands() {
        return operands;
    }

    List<Place> results() {
        return results;
    }

    /** The number of elements. */
    long size() {
        return kernel.size();
    }

    /** The kernel in a form that can run with others of its kind. */
    Optional<SegmentedCode> segmented() {
        return KernelGenerator.generateSegmented(kernel, alignments, aliased);
    }

    @Override
    public void issue() {
        KernelArguments.Builder arguments = KernelArguments.builder();
        operands.forEach(x -> arguments.pointer(x.address()));
        results.forEach(y -> arguments.pointer(y.address()));
        if (code.partialBytes() > 0) {
            arguments.pointer(scratch.address());
        }
        if (code.sized()) {
            arguments.int64(kernel.size());
        }
        KernelArguments built = arguments.build();
        for (int i = 0; i < stages.size(); i++) {
            context.stream().launch(stages.get(i).kernel(), code.stages().get(i).shape(), built);
        }
    }

    @Override
    public long scratchBytes() {
        return code.partialBytes();
    }

    @Override
    public int launches() {
        return code.stages().size();
    }

    @Override
    public String label() {
        return code.stages().getFirst().function();
    }
}
