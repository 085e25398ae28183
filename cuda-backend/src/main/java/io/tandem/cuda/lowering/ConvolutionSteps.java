package io.tandem.cuda.lowering;

import io.tandem.compile.Kernel;
import io.tandem.cuda.codegen.ConvolutionGenerator;
import io.tandem.cuda.codegen.CudaFunction;
import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.lib.ConvolutionAlgorithm;
import io.tandem.cuda.lib.ConvolutionDescriptor;
import io.tandem.cuda.lib.ConvolutionPass;
import io.tandem.cuda.lib.ConvolutionProblem;
import io.tandem.cuda.lib.DataType;
import io.tandem.cuda.lib.FilterDescriptor;
import io.tandem.cuda.lib.TensorDescriptor;
import io.tandem.cuda.lib.Workspace;
import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.Op;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the steps of convolutions and their gradients: by cuDNN for one to three spatial axes, else by kernels of
 * their own. cuDNN pads both sides of an axis alike, so an input with uneven padding is padded before.
 */
final class ConvolutionSteps {
    private static final Logger log = LoggerFactory.getLogger(ConvolutionSteps.class);

    /** The most memory that an algorithm may ask for. */
    private static final long MAX_WORKSPACE = 1L << 30;

    private final LoweringContext context;
    private final Region scratch;
    private final IndexingSteps movements;

    ConvolutionSteps(LoweringContext context, Region scratch, IndexingSteps movements) {
        this.context = context;
        this.scratch = scratch;
        this.movements = movements;
    }

    /**
     * One of the three computations.
     *
     * @param pass which one
     * @param input the input's or its gradient's place
     * @param filter the filter's or its gradient's place
     * @param output the output's or its gradient's place
     */
    private record Call(
            ConvolutionPass pass, ConvolutionGeometry geometry, Place input, Place filter, Place output) {
        Place result() {
            return switch (pass) {
                case FORWARD -> output;
                case BACKWARD_DATA -> input;
                case BACKWARD_FILTER -> filter;
            };
        }

        boolean isEmpty() {
            return input.isEmpty() || filter.isEmpty() || output.isEmpty();
        }
    }

    StepKernel forward(Op.Convolution op, StepPlaces places) {
        return make(new Call(
                ConvolutionPass.FORWARD, op.geometry(), places.operand(0), places.operand(1), places.result(0)));
    }

    StepKernel inputGradient(Op.ConvolutionInputGradient op, StepPlaces places) {
        return make(new Call(
                ConvolutionPass.BACKWARD_DATA, op.geometry(), places.result(0), places.operand(0), places.operand(1)));
    }

    StepKernel filterGradient(Op.ConvolutionFilterGradient op, StepPlaces places) {
        return make(new Call(
                ConvolutionPass.BACKWARD_FILTER, op.geometry(), places.operand(0), places.result(0),
                places.operand(1)));
    }

    private StepKernel make(Call call) {
        if (call.isEmpty()) {
            return new Fill(context.stream(), call.result());
        }
        int axes = call.geometry().axes();
        return (axes >= 1 && axes <= 3 ? library(call) : Optional.<StepKernel>empty())
                .orElseGet(() -> own(call));
    }

    // ---- by cuDNN

    private Optional<StepKernel> library(Call call) {
        ConvolutionGeometry geometry = call.geometry();
        List<Integer> even = IntStream.range(0, geometry.axes())
                .mapToObj(a -> Math.min(geometry.padLow().get(a), geometry.padHigh().get(a)))
                .toList();
        boolean uneven = !geometry.padLow().equals(geometry.padHigh());
        Shape shape = call.input().shape();
        int[] padded = shape.toArray();
        for (int a = 0; a < geometry.axes(); a++) {
            padded[a + 2] += geometry.padLow().get(a) + geometry.padHigh().get(a) - 2 * even.get(a);
        }
        DType dtype = call.input().dtype();
        Place input = uneven ? new Place(scratch, 0, TensorType.of(dtype, padded)) : call.input();
        long inputBytes = uneven ? Math.ceilDiv(input.bytes(), 256L) * 256 : 0;
        ConvolutionProblem problem;
        ConvolutionAlgorithm algorithm;
        try {
            problem = problem(geometry, even, input.shape(), call.filter().shape(), call.output().shape(), dtype);
            algorithm = context.dnn()
                    .chooseConvolution(call.pass(), problem, context.options().deterministic(), MAX_WORKSPACE);
        } catch (CudaException | IllegalArgumentException refused) {
            log.info("a convolution {} of {} runs on a kernel of Tandem's own: {}", call.pass(), shape,
                    refused.getMessage());
            return Optional.empty();
        }
        StepKernel convolution = new LibraryCall(context, scratch, inputBytes, call, input, problem, algorithm);
        List<StepKernel> steps = new ArrayList<>();
        if (uneven && call.pass() != ConvolutionPass.BACKWARD_DATA) {
            steps.add(movements.pad(padding(geometry, even), call.input(), input));
        }
        steps.add(convolution);
        if (uneven && call.pass() == ConvolutionPass.BACKWARD_DATA) {
            steps.add(crop(geometry, even, input, call.input()));
        }
        StepKernel whole = steps.size() == 1 ? convolution : new Sequence(steps);
        return Optional.of(new WithScratch(whole, inputBytes + algorithm.workspace()));
    }

    private ConvolutionProblem problem(
            ConvolutionGeometry geometry, List<Integer> padding, Shape input, Shape filter, Shape output, DType dtype) {
        DataType type = DataTypes.of(dtype);
        ConvolutionDescriptor movement = new ConvolutionDescriptor(
                atLeastTwo(padding, 0),
                atLeastTwo(geometry.stride(), 1),
                atLeastTwo(geometry.dilation(), 1),
                geometry.groups(),
                DataTypes.accumulator(dtype),
                DataTypes.math(dtype, context.options()));
        return new ConvolutionProblem(
                TensorDescriptor.rowMajor(type, planes(input)),
                FilterDescriptor.of(type, planes(filter)),
                movement,
                TensorDescriptor.rowMajor(type, planes(output)));
    }

    /** cuDNN has no convolution over one axis: a leading one of size 1 makes it two. */
    private static int[] planes(Shape shape) {
        return (shape.rank() == 3 ? shape.insert(2, 1) : shape).toArray();
    }

    private static List<Integer> atLeastTwo(List<Integer> values, int missing) {
        return values.size() == 1 ? List.of(missing, values.getFirst()) : values;
    }

    private static Op.Pad padding(ConvolutionGeometry geometry, List<Integer> even) {
        List<Integer> low = new ArrayList<>(List.of(0, 0));
        List<Integer> high = new ArrayList<>(List.of(0, 0));
        for (int a = 0; a < geometry.axes(); a++) {
            low.add(geometry.padLow().get(a) - even.get(a));
            high.add(geometry.padHigh().get(a) - even.get(a));
        }
        return new Op.Pad(low, high, Collections.nCopies(low.size(), 0), 0);
    }

    /** A copy of the part without padding. */
    private StepKernel crop(ConvolutionGeometry geometry, List<Integer> even, Place padded, Place input) {
        long[] strides = padded.shape().strides();
        long offset = 0;
        for (int a = 0; a < geometry.axes(); a++) {
            offset += (geometry.padLow().get(a) - even.get(a)) * strides[a + 2];
        }
        DType dtype = input.dtype();
        Kernel kernel = new Kernel(
                input.shape(),
                Shape.of(),
                List.of(dtype),
                List.of(dtype),
                List.of(new Kernel.Load(dtype, 0, new Kernel.Access(offset, boxed(strides)))),
                List.of(new Kernel.Store(0, 0, new Kernel.Access(0, boxed(input.shape().strides())))));
        return new FusedStep(context, kernel, List.of(padded), List.of(input), scratch).requested();
    }

    private static List<Long> boxed(long[] values) {
        return Arrays.stream(values).boxed().toList();
    }

    /** A call of cuDNN, with its workspace behind a padded input in the scratch memory. */
    private record LibraryCall(
            LoweringContext context,
            Region scratch,
            long workspaceOffset,
            Call call,
            Place input,
            ConvolutionProblem problem,
            ConvolutionAlgorithm algorithm)
            implements StepKernel {
        @Override
        public void issue() {
            Workspace workspace = algorithm.workspace() == 0
                    ? Workspace.NONE
                    : new Workspace(scratch.address() + workspaceOffset, algorithm.workspace());
            long x = input.address();
            long w = call.filter().address();
            long y = call.output().address();
            switch (call.pass()) {
                case FORWARD -> context.dnn().convolutionForward(problem, algorithm, 1, x, w, 0, y, workspace);
                case BACKWARD_DATA ->
                    context.dnn().convolutionBackwardData(problem, algorithm, 1, w, y, 0, x, workspace);
                case BACKWARD_FILTER ->
                    context.dnn().convolutionBackwardFilter(problem, algorithm, 1, x, y, 0, w, workspace);
            }
        }

        @Override
        public String label() {
            String direction =
                    switch (call.pass()) {
                        case FORWARD -> "";
                        case BACKWARD_DATA -> " gradient of input";
                        case BACKWARD_FILTER -> " gradient of filter";
                    };
            return "cudnn convolution%s, algorithm %d".formatted(direction, algorithm.id());
        }
    }

    // ---- by own kernels

    private StepKernel own(Call call) {
        DType dtype = call.input().dtype();
        Shape input = call.input().shape();
        Shape filter = call.filter().shape();
        Shape output = call.output().shape();
        CudaFunction function = switch (call.pass()) {
            case FORWARD -> ConvolutionGenerator.forward(call.geometry(), dtype, input, filter, output);
            case BACKWARD_DATA -> ConvolutionGenerator.inputGradient(call.geometry(), dtype, input, filter, output);
            case BACKWARD_FILTER -> ConvolutionGenerator.filterGradient(call.geometry(), dtype, input, filter, output);
        };
        Place first = call.pass() == ConvolutionPass.BACKWARD_DATA ? call.filter() : call.input();
        Place second = call.pass() == ConvolutionPass.FORWARD ? call.filter() : call.output();
        return LaunchStep.perElement(context, function, call.result().shape().size(), arguments -> arguments
                .pointer(first.address())
                .pointer(second.address())
                .pointer(call.result().address()));
    }
}
