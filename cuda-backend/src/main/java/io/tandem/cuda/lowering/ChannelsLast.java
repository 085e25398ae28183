package io.tandem.cuda.lowering;

import io.tandem.backend.DeviceOptions;
import io.tandem.compile.ChannelBlocks;
import io.tandem.compile.LayoutPass;
import io.tandem.compile.Plan;
import io.tandem.cuda.driver.Architecture;
import io.tandem.graph.CompositeKind;
import io.tandem.graph.Op;
import io.tandem.tensor.DType;
import java.util.HashSet;
import java.util.Set;

/**
 * Channels innermost where convolutions run on tensor cores: those of 16-bit tensors, and those of float32 tensors when
 * TF32 is allowed. Without it cuDNN would rearrange inputs and results inside of each call. Exact float32 convolutions
 * stay row-major.
 *
 * @param where for which convolutions
 * @param options precision
 * @param architecture what the device can do
 */
public record ChannelsLast(Where where, DeviceOptions options, Architecture architecture)
        implements LayoutPass.Preference {
    /** Which convolutions have channels innermost. */
    public enum Where {
        /** None: for finding faults. */
        NOWHERE,
        /** Those that run on tensor cores, between values whose channels fill the accesses of tensor cores. */
        TENSOR_CORES,
        /** All of 16 and 32 bits: for finding faults. */
        EVERYWHERE
    }

    /** Channels that fill a tensor core's access of 16 bytes in 16-bit types. */
    private static final int MULTIPLE = 8;

    private static final Architecture AMPERE = new Architecture(8, 0);

    @Override
    public int block(DType dtype, int channels) {
        boolean follows = switch (dtype) {
            case F16, BF16, F32, BOOL, U8 -> true;
            // Random bits and indices are made row-major, and read so by the kernels that use them.
            case F64, I32, I64 -> false;
        };
        boolean fits = where == Where.EVERYWHERE || channels % MULTIPLE == 0;
        return follows && fits ? channels : 0;
    }

    @Override
    public boolean takes(Plan.Step step) {
        if (where == Where.NOWHERE || !(step.action() instanceof Plan.Call call) || step.results().isEmpty()) {
            return false;
        }
        DType dtype = step.results().getFirst().type().dtype();
        return switch (call.op()) {
            case Op.Convolution c -> usesTensorCores(dtype, c.geometry().axes());
            case Op.ConvolutionInputGradient c -> usesTensorCores(dtype, c.geometry().axes());
            case Op.ConvolutionFilterGradient c -> usesTensorCores(dtype, c.geometry().axes());
            case Op.Pool pool -> true;
            case Op.PoolGradient gradient -> true;
            case Op.Composite(CompositeKind.BatchNormTraining norm, var body) -> true;
            case Op.Composite(CompositeKind.Gradient gradient, var body) ->
                gradient.of() instanceof CompositeKind.BatchNormTraining;
            default -> false;
        };
    }

    private boolean usesTensorCores(DType dtype, int axes) {
        boolean ampere = architecture.compareTo(AMPERE) >= 0;
        boolean tensorCores = switch (dtype) {
            case F16 -> true;
            case BF16 -> ampere;
            case F32 ->
                where == Where.EVERYWHERE || ampere && options.math() != DeviceOptions.MathPolicy.EXACT;
            case F64, I64, I32, U8, BOOL -> false;
        };
        return tensorCores && axes >= 1 && axes <= 3;
    }

    /** The numbers of the values in a plan that have their channels innermost. */
    static Set<Integer> values(Plan plan) {
        Set<Integer> values = new HashSet<>();
        for (Plan.Value value : plan.values()) {
            if (value.layout() instanceof ChannelBlocks blocks) {
                if (!blocks.isChannelsLast()) {
                    throw new IllegalArgumentException("CUDA devices have no layout in blocks of " + blocks.block()
                            + " channels: the plan was made for another device");
                }
                values.add(value.id());
            }
        }
        // What a pool keeps for its gradient has one entry per element of its result, in the same order.
        for (Plan.Step step : plan.steps()) {
            if (step.action() instanceof Plan.Call call
                    && call.op() instanceof Op.Pool
                    && call.residual()
                    && values.contains(step.results().getFirst().value())) {
                values.add(step.results().getLast().value());
            }
        }
        return values;
    }
}
