package io.tandem.cuda.lowering;

import io.tandem.backend.DeviceOptions;
import io.tandem.compile.Lowering;
import io.tandem.cuda.lib.Dnn;
import io.tandem.graph.CompositeKind;
import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.OptionalLong;

/**
 * What runs natively on CUDA devices: LSTM and GRU layers and batch normalization in training by cuDNN, each with its
 * gradient. All other composites are faster as generated kernels around matrix products. Results of products get bias
 * and activation in the generated kernel that reads them next: cuBLAS has no call for that.
 *
 * @param dnn asked for the sizes of what is kept for gradients
 * @param options precision
 * @param recomputedFrom size in bytes of the values that may be computed again instead of being kept
 */
public record CudaLowering(Dnn dnn, DeviceOptions options, OptionalLong recomputedFrom) implements Lowering {

    @Override
    public Support composite(CompositeKind kind, List<TensorType> operands) {
        boolean supported = switch (kind) {
            case CompositeKind.BatchNormTraining b -> BatchNormSteps.supports(operands.getFirst());
            case CompositeKind.Lstm l -> recurrent(kind, operands);
            case CompositeKind.Gru g -> recurrent(kind, operands);
            case CompositeKind.Softmax _,CompositeKind.LogSoftmax _,CompositeKind.CrossEntropy _,CompositeKind.LayerNorm _,CompositeKind.BatchNormInference _,CompositeKind.Gelu _,CompositeKind.Attention _,CompositeKind.Custom _,CompositeKind.Gradient _ ->
                false;
        };
        return supported ? Support.PAIR : Support.NONE;
    }

    /** What a forward step keeps for its gradient is one piece of memory, of less than 2 GiB. */
    private boolean recurrent(CompositeKind kind, List<TensorType> operands) {
        return RecurrentForm.supports(kind, operands)
                && RecurrentForm.of(kind, operands, dnn, options).residualBytes(dnn) <= Integer.MAX_VALUE;
    }

    @Override
    public boolean gradient(CompositeKind.Gradient kind, List<TensorType> operands) {
        return !(kind.of() instanceof CompositeKind.BatchNormTraining) || kind.given().equals(List.of(0));
    }

    @Override
    public long residualBytes(Op op, List<TensorType> operands) {
        if (op instanceof Op.Pool pool) {
            // Without the winners the gradient looks for them again.
            long bytes = PoolSteps.residualBytes(pool, operands.getFirst().shape());
            return bytes <= Integer.MAX_VALUE ? bytes : 0;
        }
        if (op instanceof Op.Composite(CompositeKind kind, Graph body)) {
            if (kind instanceof CompositeKind.BatchNormTraining) {
                return BatchNormSteps.residualBytes(operands.getFirst());
            }
            if (kind instanceof CompositeKind.Lstm || kind instanceof CompositeKind.Gru) {
                return RecurrentForm.of(kind, operands, dnn, options).residualBytes(dnn);
            }
        }
        return 0;
    }
}
