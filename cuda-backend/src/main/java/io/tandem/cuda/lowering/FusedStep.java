package io.tandem.cuda.lowering;

import io.tandem.compile.Kernel;
import io.tandem.cuda.codegen.Alignments;
import io.tandem.cuda.codegen.CudaCode;
import io.tandem.cuda.codegen.KernelGenerator;
import io.tandem.cuda.driver.KernelArguments;
import java.util.ArrayList;
import java.util.List;

/** Runs a fused kernel. */
final class FusedStep implements StepKernel {
    private final LoweringContext context;
    private final Kernel kernel;
    private final List<Place> operands;
    private final List<Place> results;
    private final Region scratch;
    private final CudaCode code;
    private final List<KernelLibrary.Handle> stages = new ArrayList<>();

    /**
     * Prepares a kernel.
     *
     * @param scratch the device's scratch memory
     */
    FusedStep(LoweringContext context, Kernel kernel, List<Place> operands, List<Place> results, Region scratch) {
        this.context = context;
        this.kernel = kernel;
        this.operands = operands;
        this.results = results;
        this.scratch = scratch;
        Alignments alignments = new Alignments(
                operands.stream().map(Place::alignment).toList(),
                results.stream().map(Place::alignment).toList());
        boolean aliased = results.stream()
                .anyMatch(r -> operands.stream().anyMatch(x -> x.region() == r.region() && overlaps(x, r)));
        this.code = KernelGenerator.generate(kernel, alignments, aliased);
        code.stages().forEach(s -> stages.add(context.library().request(code.source(), s.function())));
    }

    private static boolean overlaps(Place a, Place b) {
        return a.offset() < b.offset() + b.bytes() && b.offset() < a.offset() + a.bytes();
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
        return stages.size();
    }

    @Override
    public String label() {
        return code.stages().getFirst().function();
    }
}
