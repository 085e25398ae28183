package io.tandem.cuda.lowering;

import io.tandem.compile.Kernel;
import io.tandem.cuda.lib.BatchNormMode;
import io.tandem.cuda.lib.TensorDescriptor;
import io.tandem.graph.BinaryFunction;
import io.tandem.graph.CompositeKind;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.List;

/**
 * Makes the steps of batch normalization in training and of its gradient, by cuDNN. cuDNN saves the inverse of the
 * deviation for the gradient; the composite's variance is computed from it.
 */
final class BatchNormSteps {
    private final LoweringContext context;
    private final Region scratch;

    BatchNormSteps(LoweringContext context, Region scratch) {
        this.context = context;
        this.scratch = scratch;
    }

    /** The most samples that cuDNN normalizes in training, as PyTorch found (its pull request 32763). */
    private static final int MAX_BATCH = 880_801;

    /** Whether cuDNN normalizes inputs of this type. */
    static boolean supports(TensorType x) {
        return (x.dtype() == DType.F32 || x.dtype() == DType.F64)
                && x.shape().rank() >= 2
                && x.shape().rank() <= 5
                && x.shape().dim(0) <= MAX_BATCH
                && x.shape().size() > 0
                && x.shape().size() <= TensorDescriptor.MAX_ELEMENTS;
    }

    /** Bytes kept for the gradient: the inverse deviation per channel. */
    static long residualBytes(TensorType x) {
        return (long) x.shape().dim(1) * x.dtype().bytes();
    }

    private static TensorDescriptor form(Place x) {
        Shape shape = x.shape();
        while (shape.rank() < 4) {
            shape = shape.insert(2, 1);
        }
        return x.channelsLast()
                ? TensorDescriptor.channelsLast(DataTypes.of(x.dtype()), shape.toArray())
                : TensorDescriptor.rowMajor(DataTypes.of(x.dtype()), shape.toArray());
    }

    /** The fast algorithm is limited in the range of its inputs only where tensors are row-major. */
    private static BatchNormMode mode(Place x) {
        return x.channelsLast() ? BatchNormMode.SPATIAL_PERSISTENT : BatchNormMode.SPATIAL;
    }

    StepKernel forward(CompositeKind.BatchNormTraining kind, StepPlaces places, boolean residual) {
        Place x = places.operand(0);
        Place variance = places.result(2);
        TensorType channels = variance.type();
        Place inverse = residual ? places.result(3) : new Place(scratch, 0, channels);
        TensorDescriptor form = form(x);
        StepKernel normalize = new LibraryCall("cudnn batch-norm", () -> context.dnn()
                .batchNormTraining(
                        mode(x),
                        form,
                        x.address(),
                        places.result(0).address(),
                        places.operand(1).address(),
                        places.operand(2).address(),
                        1,
                        0,
                        0,
                        kind.epsilon(),
                        places.result(1).address(),
                        inverse.address()));
        Place saved = new Place(inverse.region(), inverse.offset(), channels);
        StepKernel restore = new FusedStep(
                context, variance(channels, kind.epsilon()), List.of(saved), List.of(variance), scratch)
                .requested();
        StepKernel both = new Sequence(List.of(normalize, restore));
        return residual ? both : new WithScratch(both, channels.bytes());
    }

    /** max(0, 1 / s² - epsilon), per channel. */
    private static Kernel variance(TensorType type, double epsilon) {
        DType dtype = type.dtype();
        Kernel.Access each = new Kernel.Access(0, List.of(1L));
        return new Kernel(
                Shape.of(Math.toIntExact(type.shape().size())),
                Shape.of(),
                List.of(dtype),
                List.of(dtype),
                List.of(
                        new Kernel.Load(dtype, 0, each),
                        new Kernel.Binary(dtype, BinaryFunction.MUL, 0, 0),
                        new Kernel.Unary(dtype, UnaryFunction.RECIPROCAL, 1),
                        new Kernel.Literal(dtype, epsilon),
                        new Kernel.Binary(dtype, BinaryFunction.SUB, 2, 3),
                        new Kernel.Literal(dtype, 0),
                        new Kernel.Binary(dtype, BinaryFunction.MAX, 4, 5)),
                List.of(new Kernel.Store(0, 6, each)));
    }

    /** Operands: x, scale, shift, y, mean, variance, the cotangent of y, the inverse deviation. */
    StepKernel gradient(CompositeKind.Gradient kind, double epsilon, StepPlaces places) {
        Place x = places.operand(0);
        Place mean = places.operand(4);
        Place cotangent = places.operand(6);
        Place inverse = places.operand(7);
        TensorDescriptor form = form(x);
        TensorType[] types = {x.type(), mean.type(), mean.type()};
        Place[] results = new Place[3];
        long end = 0;
        for (int i = 0; i < 3; i++) {
            int wanted = kind.wanted().indexOf(i);
            results[i] = wanted >= 0 ? places.result(wanted) : new Place(scratch, end, types[i]);
            end += wanted >= 0 ? 0 : Math.ceilDiv(types[i].bytes(), 256L) * 256;
        }
        StepKernel call = new LibraryCall("cudnn batch-norm gradient", () -> context.dnn()
                .batchNormBackward(
                        mode(x),
                        form,
                        x.address(),
                        cotangent.address(),
                        results[0].address(),
                        places.operand(1).address(),
                        results[1].address(),
                        results[2].address(),
                        epsilon,
                        mean.address(),
                        inverse.address()));
        return new WithScratch(call, end);
    }

    private record LibraryCall(String label, Runnable call) implements StepKernel {
        @Override
        public void issue() {
            call.run();
        }
    }
}
