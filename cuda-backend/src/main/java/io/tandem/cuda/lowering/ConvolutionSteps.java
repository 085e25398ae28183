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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
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
    private final LayoutSteps layouts;

    ConvolutionSteps(LoweringContext context, Region scratch, IndexingSteps movements, LayoutSteps layouts) {
        this.context = context;
        this.scratch = scratch;
        this.movements = movements;
        this.layouts = layouts;
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

        List<Place> operands() {
            return switch (pass) {
                case FORWARD -> List.of(input, filter);
                case BACKWARD_DATA -> List.of(filter, output);
                case BACKWARD_FILTER -> List.of(input, output);
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
        // The order of the values as they are; then the other one, which cuDNN may have kernels for.
        boolean narrow = call.input().dtype().bytes() == 2;
        boolean last = call.input().channelsLast()
                || call.output().channelsLast()
                || context.channelsLast().where() == ChannelsLast.Where.EVERYWHERE;
        for (boolean channelsLast : narrow || last ? new boolean[] {last, !last} : new boolean[] {false}) {
            try {
                return Optional.of(library(call, channelsLast));
            } catch (CudaException | IllegalArgumentException refused) {
                log.info("cuDNN does not compute a convolution {} of {}{}: {}", call.pass(), call.input().type(),
                        channelsLast ? " with channels innermost" : "", refused.getMessage());
            }
        }
        return Optional.empty();
    }

    private StepKernel library(Call call, boolean channelsLast) {
        ConvolutionGeometry geometry = call.geometry();
        List<Integer> even = IntStream.range(0, geometry.axes())
                .mapToObj(a -> Math.min(geometry.padLow().get(a), geometry.padHigh().get(a)))
                .toList();
        boolean uneven = !geometry.padLow().equals(geometry.padHigh());
        int[] padded = call.input().shape().toArray();
        for (int a = 0; a < geometry.axes(); a++) {
            padded[a + 2] += geometry.padLow().get(a) + geometry.padHigh().get(a) - 2 * even.get(a);
        }
        ScratchParts parts = new ScratchParts(scratch);
        // Padding is added and taken away in row-major order.
        Place plain = uneven ? layouts.arranged(parts, call.input(), false) : call.input();
        Place input = uneven ? parts.take(TensorType.of(call.input().dtype(), padded)) : call.input();
        Call inner = new Call(call.pass(), geometry, input, call.filter(), call.output());
        Call arranged = new Call(
                call.pass(),
                geometry,
                layouts.arranged(parts, inner.input(), channelsLast),
                layouts.arranged(parts, inner.filter(), channelsLast),
                layouts.arranged(parts, inner.output(), channelsLast));
        ConvolutionProblem problem = problem(inner, even, channelsLast);
        List<ConvolutionAlgorithm> algorithms = context.dnn()
                .chooseConvolutions(call.pass(), problem, context.options().deterministic(), MAX_WORKSPACE);
        List<StepKernel> steps = new ArrayList<>();
        if (uneven && call.pass() != ConvolutionPass.BACKWARD_DATA) {
            layouts.bring(steps, call.input(), plain);
            steps.add(movements.pad(padding(geometry, even), plain, input));
        }
        for (int i = 0; i < 2; i++) {
            layouts.bring(steps, inner.operands().get(i), arranged.operands().get(i));
        }
        Place lent = parts.bytes(algorithms.getFirst().workspace());
        steps.add(new LibraryCall(context, arranged, problem, algorithms, lent));
        layouts.bring(steps, arranged.result(), inner.result());
        if (uneven && call.pass() == ConvolutionPass.BACKWARD_DATA) {
            steps.add(crop(geometry, even, input, plain));
            layouts.bring(steps, plain, call.input());
        }
        StepKernel whole = steps.size() == 1 ? steps.getFirst() : new Sequence(steps);
        return new WithScratch(whole, parts.end());
    }

    private ConvolutionProblem problem(Call call, List<Integer> padding, boolean channelsLast) {
        ConvolutionGeometry geometry = call.geometry();
        DType dtype = call.input().dtype();
        DataType type = DataTypes.of(dtype);
        ConvolutionDescriptor movement = new ConvolutionDescriptor(
                atLeastTwo(padding, 0),
                atLeastTwo(geometry.stride(), 1),
                atLeastTwo(geometry.dilation(), 1),
                geometry.groups(),
                DataTypes.accumulator(dtype),
                DataTypes.math(dtype, context.options()));
        int[] x = planes(call.input().shape());
        int[] w = planes(call.filter().shape());
        int[] y = planes(call.output().shape());
        return channelsLast
                ? new ConvolutionProblem(
                        TensorDescriptor.channelsLast(type, x),
                        FilterDescriptor.channelsLast(type, w),
                        movement,
                        TensorDescriptor.channelsLast(type, y))
                : new ConvolutionProblem(
                        TensorDescriptor.rowMajor(type, x),
                        FilterDescriptor.of(type, w),
                        movement,
                        TensorDescriptor.rowMajor(type, y));
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

    /**
     * A call of cuDNN; its places have the layout of the problem. Where the library refuses an algorithm that its
     * heuristics named, which shows when it first runs, the next one that needs no more memory takes its place.
     */
    private static final class LibraryCall implements StepKernel {
        private final LoweringContext context;
        private final Call call;
        private final ConvolutionProblem problem;
        private final Place lent;
        private final Deque<ConvolutionAlgorithm> algorithms = new ArrayDeque<>();

        LibraryCall(
                LoweringContext context,
                Call call,
                ConvolutionProblem problem,
                List<ConvolutionAlgorithm> algorithms,
                Place lent) {
            this.context = context;
            this.call = call;
            this.problem = problem;
            this.lent = lent;
            long room = algorithms.getFirst().workspace();
            algorithms.stream().filter(a -> a.workspace() <= room).forEach(this.algorithms::add);
        }

        @Override
        public void issue() {
            while (true) {
                try {
                    issue(algorithms.getFirst());
                    return;
                } catch (CudaException refused) {
                    if (!refused.isUnsupported() || algorithms.size() == 1) {
                        throw refused;
                    }
                    log.info("{}: cuDNN refuses algorithm {}, another one is used", refused.getMessage(),
                            algorithms.removeFirst().id());
                }
            }
        }

        private void issue(ConvolutionAlgorithm algorithm) {
            Workspace workspace = algorithm.workspace() == 0
                    ? Workspace.NONE
                    : new Workspace(lent.address(), algorithm.workspace());
            long x = call.input().address();
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
            return "cudnn convolution%s, algorithm %d".formatted(direction, algorithms.getFirst().id());
        }
    }

    // ---- by own kernels

    private StepKernel own(Call call) {
        ScratchParts parts = new ScratchParts(scratch);
        Call plain = new Call(
                call.pass(),
                call.geometry(),
                layouts.arranged(parts, call.input(), false),
                call.filter(),
                layouts.arranged(parts, call.output(), false));
        List<StepKernel> steps = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            layouts.bring(steps, call.operands().get(i), plain.operands().get(i));
        }
        steps.add(kernel(plain));
        layouts.bring(steps, plain.result(), call.result());
        return steps.size() == 1 ? steps.getFirst() : new WithScratch(new Sequence(steps), parts.end());
    }

    private StepKernel kernel(Call call) {
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
