package io.tandem.cpu;

import io.tandem.compile.Lowering;
import io.tandem.cpu.kernel.Epilogue;
import io.tandem.cpu.layout.PoolKernels;
import io.tandem.cpu.primitive.OneDnnKernels;
import io.tandem.graph.CompositeKind;
import io.tandem.graph.Op;
import io.tandem.graph.Pooling;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What the CPU device computes natively: with oneDNN recurrent layers and batch normalization; epilogues always. */
final class CpuLowering implements Lowering {
    private final OwnerThread owner;
    private final Optional<OneDnnKernels> library;

    CpuLowering(OwnerThread owner, Optional<OneDnnKernels> library) {
        this.owner = owner;
        this.library = library;
    }

    @Override
    public Support composite(CompositeKind kind, List<TensorType> operands) {
        boolean possible = library.isPresent()
                && operands.stream()
                        .allMatch(t -> t.dtype() == DType.F32 && t.shape().size() > 0);
        if (!possible) {
            return Support.NONE;
        }
        return switch (kind) {
            case CompositeKind.Lstm lstm -> Support.PAIR;
            case CompositeKind.Gru gru -> gru(gru, operands).isPresent() ? Support.PAIR : Support.NONE;
            case CompositeKind.BatchNormTraining norm -> {
                int rank = operands.getFirst().shape().rank();
                yield rank >= 2 && rank <= 5 ? Support.PAIR : Support.NONE;
            }
            case CompositeKind.Softmax s -> Support.NONE;
            case CompositeKind.LogSoftmax s -> Support.NONE;
            case CompositeKind.CrossEntropy c -> Support.NONE;
            case CompositeKind.LayerNorm n -> Support.NONE;
            case CompositeKind.BatchNormInference n -> Support.NONE;
            case CompositeKind.Gelu g -> Support.NONE;
            case CompositeKind.Attention a -> Support.NONE;
            case CompositeKind.Custom c -> Support.NONE;
            case CompositeKind.Gradient g -> Support.NONE;
        };
    }

    @Override
    public boolean gradient(CompositeKind.Gradient kind, List<TensorType> operands) {
        return !(kind.of() instanceof CompositeKind.BatchNormTraining) || kind.given().equals(List.of(0));
    }

    @Override
    public long residualBytes(Op op, List<TensorType> operands) {
        if (library.isEmpty()) {
            return 0;
        }
        return switch (op) {
            case Op.Pool pool when pool.pooling() == Pooling.MAX
                    && !PoolKernels.tiles(pool.geometry(), operands.getFirst().shape()) ->
                OneDnnKernels.poolResidual(pool, operands.getFirst());
            case Op.Composite(CompositeKind.Lstm lstm, var body) -> OneDnnKernels.lstmResidual(operands);
            case Op.Composite(CompositeKind.Gru gru, var body) -> gru(gru, operands).orElse(0);
            default -> 0;
        };
    }

    private OptionalLong gru(CompositeKind.Gru gru, List<TensorType> operands) {
        OneDnnKernels kernels = library.orElseThrow();
        return owner.compute(() -> kernels.gruResidual(gru, operands));
    }

    @Override
    public boolean epilogue(Op op, List<TensorType> operands, boolean bias, Optional<UnaryFunction> activation) {
        DType dtype = operands.getFirst().dtype();
        boolean narrow = dtype.isFloating() && dtype != DType.F64;
        return narrow && Epilogue.supports(activation);
    }
}
