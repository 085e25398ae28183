package io.tandem.cuda.lowering;

import io.tandem.cuda.codegen.CudaFunction;
import io.tandem.cuda.codegen.PoolGenerator;
import io.tandem.cuda.driver.KernelArguments;
import io.tandem.graph.Op;
import io.tandem.graph.Pooling;
import io.tandem.tensor.Shape;
import java.util.Optional;
import java.util.function.Consumer;

/** Makes the steps of pooling. */
final class PoolSteps {
    private final LoweringContext context;

    PoolSteps(LoweringContext context) {
        this.context = context;
    }

    /** Bytes that max pooling keeps for its gradient. */
    static long residualBytes(Op.Pool pool, Shape input) {
        if (pool.pooling() != Pooling.MAX) {
            return 0;
        }
        long windows = input.dim(0) * (long) input.dim(1);
        for (int i = 0; i < pool.geometry().axes(); i++) {
            windows *= pool.geometry().outputSize(i, input.dim(i + 2));
        }
        return windows * PoolGenerator.tapBytes(pool.geometry());
    }

    StepKernel forward(Op.Pool pool, StepPlaces places, boolean residual) {
        Place x = places.operand(0);
        Place y = places.result(0);
        CudaFunction function = PoolGenerator.forward(
                pool.pooling(), pool.geometry(), x.dtype(), x.shape(), y.shape(), residual, y.channelsLast());
        return launch(function, y, arguments -> {
            arguments.pointer(x.address()).pointer(y.address());
            if (residual) {
                arguments.pointer(places.result(1).address());
            }
        });
    }

    StepKernel gradient(Op.PoolGradient pool, StepPlaces places, boolean residual) {
        boolean max = pool.pooling() == Pooling.MAX;
        Place g = places.operand(max ? 1 : 0);
        Place result = places.result(0);
        Optional<Boolean> taps =
                residual ? Optional.of(places.operand(2).channelsLast()) : Optional.empty();
        CudaFunction function = PoolGenerator.gradient(
                pool.pooling(), pool.geometry(), g.dtype(), pool.inputShape(), g.shape(), taps, g.channelsLast());
        return launch(function, result, arguments -> {
            if (max) {
                arguments.pointer(places.operand(residual ? 2 : 0).address());
            }
            arguments.pointer(g.address()).pointer(result.address());
        });
    }

    StepKernel pick(Op.PoolPick pick, StepPlaces places) {
        Place by = places.operand(0);
        Place y = places.result(0);
        CudaFunction function = PoolGenerator.pick(pick.geometry(), by.dtype(), by.shape(), y.shape());
        return launch(function, y, arguments -> arguments
                .pointer(by.address())
                .pointer(places.operand(1).address())
                .pointer(y.address()));
    }

    private StepKernel launch(CudaFunction function, Place result, Consumer<KernelArguments.Builder> arguments) {
        return LaunchStep.perElement(context, function, result.shape().size(), arguments);
    }
}
