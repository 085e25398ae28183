package io.tandem.cpu;

import io.tandem.backend.DeviceOptions;
import io.tandem.compile.Plan;
import io.tandem.cpu.onednn.OneDnn;
import io.tandem.cpu.primitive.OneDnnContext;
import io.tandem.graph.Op;
import io.tandem.tensor.DType;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says once per device and type that products of 16 bits gain nothing here. */
final class SlowProducts {
    private static final Logger log = LoggerFactory.getLogger(SlowProducts.class);

    private final Set<DType> slow = EnumSet.noneOf(DType.class);

    SlowProducts(Optional<OneDnn> library) {
        if (!library.map(OneDnnContext::multipliesBfloat16).orElse(false)) {
            slow.add(DType.BF16);
        }
        if (!library.map(OneDnnContext::multipliesFloat16).orElse(false)) {
            slow.add(DType.F16);
        }
    }

    void warn(DeviceOptions.MathPolicy policy) {
        if (policy == DeviceOptions.MathPolicy.BF16) {
            warn(DType.BF16);
        }
    }

    void warn(Plan plan) {
        for (Plan.Step step : plan.steps()) {
            switch (step.action()) {
                case Plan.Call(Op op, var epilogue, boolean residual) when isProduct(op) ->
                    warn(step.operands().getFirst().type().dtype());
                case Plan.Loop loop -> warn(loop.body());
                case Plan.Call call -> {}
                case Plan.RunKernel kernel -> {}
                case Plan.Convert convert -> {}
            }
        }
    }

    private static boolean isProduct(Op op) {
        return op instanceof Op.MatMul
                || op instanceof Op.Convolution
                || op instanceof Op.ConvolutionInputGradient
                || op instanceof Op.ConvolutionFilterGradient;
    }

    private void warn(DType dtype) {
        if (slow.remove(dtype)) {
            boolean brain = dtype == DType.BF16;
            log.warn(
                    "this machine has no instructions for products of {} ({}): they are right, but slower than those of"
                            + " float32{}",
                    brain ? "bfloat16" : "float16",
                    brain ? "AVX-512 BF16 or AMX" : "AVX-512 FP16 or AMX-FP16",
                    brain ? ", and a math policy of bfloat16 leaves products in float32" : "");
        }
    }
}
