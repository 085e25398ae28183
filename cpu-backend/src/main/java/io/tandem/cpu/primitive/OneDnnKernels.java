package io.tandem.cpu.primitive;

import io.tandem.compile.ChannelBlocks;
import io.tandem.compile.LayoutPass;
import io.tandem.compile.Plan;
import io.tandem.cpu.kernel.Place;
import io.tandem.cpu.kernel.StepKernel;
import io.tandem.cpu.kernel.StepPlaces;
import io.tandem.cpu.onednn.Argument;
import io.tandem.cpu.onednn.Convolution;
import io.tandem.cpu.onednn.DataType;
import io.tandem.cpu.onednn.FormatTag;
import io.tandem.cpu.onednn.MemoryDescriptor;
import io.tandem.cpu.onednn.OneDnnException;
import io.tandem.cpu.onednn.PrimitiveDescriptor;
import io.tandem.cpu.onednn.Propagation;
import io.tandem.cpu.onednn.Reorder;
import io.tandem.cpu.onednn.WindowGeometry;
import io.tandem.cpu.winograd.WinogradCode;
import io.tandem.graph.CompositeKind;
import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.tensor.DType;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiFunction;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** Which steps oneDNN computes, and the kernels for them. */
public final class OneDnnKernels implements LayoutPass.Preference {
    private final OneDnnContext context;
    private final FusedCode code;
    private final Optional<WinogradPrimitive> winograd;
    private @Nullable IntUnaryOperator blocks; // made when it is first needed

    /**
     * Kernels in a context; to be used on its thread.
     *
     * @param winograd machine code of convolutions in Winograd's form, where it may be used
     */
    public OneDnnKernels(OneDnnContext context, FusedCode code, Optional<WinogradCode> winograd) {
        this.context = context;
        this.code = code;
        this.winograd = winograd.map(w -> new WinogradPrimitive(context, w, code.team()));
    }

    /** A kernel for a call; empty if oneDNN has none, or only a slow one. */
    public Optional<StepKernel> make(Plan.Call call, StepPlaces places) {
        boolean types = places.results().stream()
                .limit(1)
                .allMatch(p -> OneDnnLayout.dataType(p.type().dtype()).isPresent());
        if (!types || !accumulates(call.op(), places.result().type().dtype())) {
            return Optional.empty();
        }
        try {
            return switch (call.op()) {
                case Op.MatMul op -> MatMulPrimitive.make(context, op, call.epilogue(), places);
                case Op.Convolution op ->
                    winograd.flatMap(w -> w.forward(op, call.epilogue(), places))
                            .or(() -> ConvolutionPrimitive.forward(context, op, call.epilogue(), places));
                case Op.ConvolutionInputGradient op ->
                    winograd.flatMap(w -> w.inputGradient(op, places))
                            .or(() -> ConvolutionPrimitive.inputGradient(context, op, places));
                case Op.ConvolutionFilterGradient op ->
                    winograd.flatMap(w -> w.filterGradient(op, places))
                            .or(() -> ConvolutionPrimitive.filterGradient(context, op, places));
                case Op.Pool op -> pools(op.pooling(), op.geometry(), places.operands().getFirst().type())
                        ? PoolPrimitive.forward(context, op, places)
                        : Optional.empty();
                case Op.PoolGradient op -> pools(op.pooling(), op.geometry(), places.result().type())
                        ? PoolPrimitive.gradient(context, op, call.residual(), places)
                        : Optional.empty();
                case Op.Composite composite -> composite(composite.kind(), call.residual(), places);
                default -> Optional.empty();
            };
        } catch (OneDnnException e) {
            if (call.residual() || call.op() instanceof Op.Composite) {
                throw e;
            }
            return Optional.empty();
        }
    }

    private Optional<StepKernel> composite(CompositeKind kind, boolean residual, StepPlaces places) {
        return switch (kind) {
            case CompositeKind.BatchNormTraining(double epsilon) ->
                BatchNormPrimitive.forward(context, epsilon, places);
            case CompositeKind.Lstm(boolean reverse) ->
                Optional.of(lstm(reverse, places, (builder, layer) -> LstmForward.make(builder, layer, residual)));
            case CompositeKind.Gru(boolean reverse) ->
                Optional.of(GruPrimitive.forward(context, reverse, residual, places));
            case CompositeKind.Gradient gradient -> switch (gradient.of()) {
                case CompositeKind.BatchNormTraining(double epsilon) ->
                    BatchNormPrimitive.gradient(context, gradient, epsilon, places);
                case CompositeKind.Lstm(boolean reverse) ->
                    Optional.of(lstm(reverse, places, (builder, layer) -> LstmGradient.make(builder, layer, gradient)));
                case CompositeKind.Gru(boolean reverse) ->
                    Optional.of(GruPrimitive.gradient(context, gradient, reverse, places));
                default -> Optional.empty();
            };
            default -> Optional.empty();
        };
    }

    private StepKernel lstm(
            boolean reverse,
            StepPlaces places,
            BiFunction<PrimitiveKernel.Builder, LstmLayer, StepKernel> make) {
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context)) {
            return make.apply(builder, new LstmLayer(context, code, reverse, places));
        }
    }

    @Override
    public boolean takes(Plan.Step step) {
        if (!(step.action() instanceof Plan.Call call) || step.results().getFirst().type().dtype() != DType.F32) {
            return false;
        }
        return accumulates(call.op(), DType.F32) && switch (call.op()) {
            case Op.Convolution c -> hasSpatialAxes(c.geometry().axes());
            case Op.ConvolutionInputGradient c -> hasSpatialAxes(c.geometry().axes());
            case Op.ConvolutionFilterGradient c -> hasSpatialAxes(c.geometry().axes());
            case Op.Pool pool -> pools(pool.pooling(), pool.geometry(), step.operands().getFirst().type());
            case Op.PoolGradient pool -> (pool.pooling() != Pooling.MAX || call.residual())
                    && pools(pool.pooling(), pool.geometry(), step.results().getFirst().type());
            case Op.Composite(CompositeKind.BatchNormTraining norm, var body) -> true;
            case Op.Composite(CompositeKind.Gradient gradient, var body) ->
                gradient.of() instanceof CompositeKind.BatchNormTraining;
            default -> false;
        };
    }

    private static boolean hasSpatialAxes(int axes) {
        return axes >= 1 && axes <= 3;
    }

    /**
     * The block of channels that convolutions are fastest with here: the answer that oneDNN gives for one of a usual size;
     * 0 if it likes none of those that {@link ChannelBlocks} can be.
     */
    @Override
    public int block(DType dtype, int channels) {
        if (dtype != DType.F32) {
            return 0;
        }
        if (blocks == null) {
            blocks = usualBlocks();
        }
        return blocks.applyAsInt(channels);
    }

    private IntUnaryOperator usualBlocks() {
        long[] sizes = {8, 64, 28, 28};
        MemoryDescriptor open = MemoryDescriptor.any(DataType.F32, sizes);
        Convolution.Forward usual = new Convolution.Forward(
                Propagation.TRAINING,
                open,
                MemoryDescriptor.any(DataType.F32, 64, 64, 3, 3),
                Optional.empty(),
                open,
                WindowGeometry.of(2, 1, 1));
        try (PrimitiveDescriptor descriptor = context.engine().describe(usual, context.attributes())) {
            MemoryDescriptor layout = descriptor.layout(Argument.SRC);
            if (layout.equals(MemoryDescriptor.of(DataType.F32, FormatTag.BLOCKED_16, sizes))) {
                return channels -> channels % 16 == 0 ? 16 : 0;
            }
            if (layout.equals(MemoryDescriptor.of(DataType.F32, FormatTag.BLOCKED_8, sizes))) {
                return channels -> channels % 8 == 0 ? 8 : 0;
            }
            if (layout.equals(MemoryDescriptor.of(DataType.F32, FormatTag.CHANNELS_LAST, sizes))) {
                return channels -> channels;
            }
            return channels -> 0;
        }
    }

    /** A copy into another layout. */
    public StepKernel convert(StepPlaces places) {
        Place from = places.operands().getFirst();
        Place to = places.result();
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context);
                PrimitiveDescriptor descriptor =
                        context.engine().describe(new Reorder(OneDnnLayout.at(from), OneDnnLayout.at(to)))) {
            builder.reorder(
                    builder.at(from, OneDnnLayout.at(from)), builder.at(to, OneDnnLayout.at(to)));
            return builder.label(descriptor).build();
        }
    }

    /** The bytes that an LSTM layer keeps for its gradient. */
    public static long lstmResidual(List<TensorType> operands) {
        return LstmLayer.residualBytes(operands.get(0).shape(), operands.get(1).shape());
    }

    /** The bytes that a GRU layer keeps for its gradient; empty if oneDNN cannot compute it. */
    public OptionalLong gruResidual(CompositeKind.Gru gru, List<TensorType> operands) {
        try (PrimitiveDescriptor descriptor = GruPrimitive.describe(
                context,
                Propagation.TRAINING,
                gru.reverse(),
                operands.get(0).shape(),
                operands.get(1).shape())) {
            return OptionalLong.of(descriptor.workspace().map(MemoryDescriptor::size).orElse(0L));
        } catch (OneDnnException e) {
            return OptionalLong.empty();
        }
    }

    /** The bytes that a maximum keeps for its gradient; 0 if oneDNN does not compute it. */
    public static long poolResidual(Op.Pool op, TensorType input) {
        return pools(op.pooling(), op.geometry(), input)
                ? PoolPrimitive.residualBytes(op.geometry(), input.shape())
                : 0;
    }

    private static boolean pools(
            Pooling pooling, PoolGeometry geometry, TensorType input) {
        return input.dtype() == DType.F32 && PoolPrimitive.supports(pooling, geometry, input.shape());
    }

    /** Whether oneDNN's float32 sums are wide enough. */
    private static boolean accumulates(Op op, DType dtype) {
        DType accumulator = switch (op) {
            case Op.MatMul product -> product.accumulator();
            case Op.Convolution c -> c.accumulator();
            case Op.ConvolutionInputGradient c -> c.accumulator();
            case Op.ConvolutionFilterGradient c -> c.accumulator();
            default -> dtype;
        };
        return accumulator != DType.F64;
    }
}
