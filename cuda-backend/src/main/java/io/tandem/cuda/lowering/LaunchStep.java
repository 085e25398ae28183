package io.tandem.cuda.lowering;

import io.tandem.cuda.codegen.CudaFunction;
import io.tandem.cuda.driver.KernelArguments;
import io.tandem.cuda.driver.LaunchShape;
import java.util.function.Consumer;

/** One launch of a hand-written kernel. */
final class LaunchStep implements StepKernel {
    private final LoweringContext context;
    private final KernelLibrary.Handle kernel;
    private final LaunchShape shape;
    private final Consumer<KernelArguments.Builder> arguments;
    private final String label;

    /**
     * Prepares a launch.
     *
     * @param arguments adds the kernel's arguments, at each launch
     */
    LaunchStep(
            LoweringContext context,
            CudaFunction function,
            LaunchShape shape,
            Consumer<KernelArguments.Builder> arguments) {
        this.context = context;
        this.kernel = context.library().request(function.source(), function.name());
        this.shape = shape;
        this.arguments = arguments;
        this.label = function.name();
    }

    /** A launch of 256 threads per block, one per element. */
    static LaunchStep perElement(
            LoweringContext context, CudaFunction function, long elements,
            Consumer<KernelArguments.Builder> arguments) {
        return new LaunchStep(
                context, function, LaunchShape.covering(elements, 256, Integer.MAX_VALUE), arguments);
    }

    /** A launch of up to 256 threads per block, of which some share a row. */
    static LaunchStep perRow(
            LoweringContext context,
            CudaFunction function,
            long rows,
            long rowLength,
            Consumer<KernelArguments.Builder> arguments) {
        int width = 1;
        while (width < rowLength && width < 256) {
            width *= 2;
        }
        int height = 256 / width;
        int blocks = Math.toIntExact(Math.ceilDiv(Math.max(1, rows), height));
        return new LaunchStep(context, function, new LaunchShape(blocks, 1, 1, width, height, 1, 0), arguments);
    }

    @Override
    public void issue() {
        KernelArguments.Builder builder = KernelArguments.builder();
        arguments.accept(builder);
        context.stream().launch(kernel.kernel(), shape, builder.build());
    }

    @Override
    public String label() {
        return label;
    }
}
