package io.tandem.cuda.lowering;

import io.tandem.cuda.codegen.SegmentedCode;
import io.tandem.cuda.driver.KernelArguments;
import io.tandem.cuda.driver.LaunchShape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Runs several kernels of equal structure with one launch. */
final class SegmentedStep implements StepKernel {
    private final LoweringContext context;
    private final SegmentedCode code;
    private final List<FusedStep> members;
    private final KernelLibrary.Handle kernel;

    SegmentedStep(LoweringContext context, SegmentedCode code, List<FusedStep> members) {
        this.context = context;
        this.code = code;
        this.members = List.copyOf(members);
        this.kernel = context.library().request(code.function().source(), code.function().name());
    }

    @Override
    public void issue() {
        ByteBuffer table =
                ByteBuffer.allocate(code.capacity() * code.segmentBytes()).order(ByteOrder.LITTLE_ENDIAN);
        long blocks = 0;
        for (FusedStep member : members) {
            member.operands().forEach(x -> table.putLong(x.address()));
            member.results().forEach(y -> table.putLong(y.address()));
            table.putLong(member.size()).putLong(blocks);
            blocks += Math.ceilDiv(member.size(), (long) code.elementsPerBlock());
        }
        KernelArguments arguments = KernelArguments.builder()
                .struct(table.array(), 8)
                .int32(members.size())
                .build();
        LaunchShape shape = LaunchShape.of(Math.toIntExact(blocks), SegmentedCode.THREADS);
        context.stream().launch(kernel.kernel(), shape, arguments);
    }

    @Override
    public String label() {
        return code.function().name() + " for " + members.size() + " steps";
    }
}
