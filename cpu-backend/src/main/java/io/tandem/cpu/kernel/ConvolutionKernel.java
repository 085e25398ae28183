package io.tandem.cpu.kernel;

import io.tandem.compile.Plan;
import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.Op;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Convolution and its adjoints without a library: windows are unfolded into a matrix, which is multiplied. For types
 * of at
 * most 32 bits, accumulated in float32. A unit of work is one group of one example.
 */
public final class ConvolutionKernel implements StepKernel {
    /** Partial sums of a filter gradient: their number depends on the batch alone, so that bits do not on threads. */
    private static final int PARTIAL_SUMS = 8;

    /** Which of the three is computed. */
    private enum Kind {
        FORWARD,
        INPUT_GRADIENT,
        FILTER_GRADIENT
    }

    private final Kind kind;
    private final Place input;
    private final Place filter;
    private final Place output;
    private final Optional<Place> bias;
    private final Optional<Plan.Epilogue> epilogue;
    private final Parallel parallel;
    private final DType dtype;
    private final WindowPlaces windows;
    private final int batch;
    private final int groups;
    private final int outputs;
    private final int inputs;
    private final int depth;
    private final Tiles[] tiles;
    private final float[][][] partial;
    private final float[] biases;

    /** Per thread: filters, one example's unfolded input, its result, a channel. */
    private record Tiles(float[][] filter, float[][] columns, float[][] result, float[] channel) {}

    private ConvolutionKernel(
            Kind kind,
            ConvolutionGeometry geometry,
            Place input,
            Place filter,
            Place output,
            Optional<Place> bias,
            Optional<Plan.Epilogue> epilogue,
            Parallel parallel) {
        this.kind = kind;
        this.input = input;
        this.filter = filter;
        this.output = output;
        this.bias = bias;
        this.epilogue = epilogue;
        this.parallel = parallel;
        this.dtype = input.type().dtype();
        Shape filters = filter.type().shape();
        this.windows = WindowPlaces.of(geometry, input.type().shape(), filters, output.type().shape());
        this.batch = input.type().shape().dim(0);
        this.groups = geometry.groups();
        this.outputs = filters.dim(0) / groups;
        this.inputs = filters.dim(1);
        this.depth = inputs * windows.taps();
        int places = windows.outputs();
        this.tiles = new Tiles[parallel.threads()];
        for (int t = 0; t < tiles.length; t++) {
            tiles[t] = new Tiles(
                    kind == Kind.INPUT_GRADIENT ? new float[depth][outputs] : new float[outputs][depth],
                    kind == Kind.FILTER_GRADIENT ? new float[places][depth] : new float[depth][places],
                    new float[outputs][places],
                    new float[Math.max(windows.inputs(), depth)]);
        }
        boolean sums = kind == Kind.FILTER_GRADIENT;
        this.partial = new float[sums ? Math.min(PARTIAL_SUMS, Math.max(1, batch)) : 0][groups * outputs][depth];
        this.biases = new float[groups * outputs];
    }

    /** A kernel for {@link Op.Convolution}; operands: input, filter, and the bias if the epilogue has one. */
    public static ConvolutionKernel forward(
            Op.Convolution op,
            Optional<Plan.Epilogue> epilogue,
            List<Place> operands,
            Place result,
            Parallel parallel) {
        Optional<Place> bias = operands.size() > 2 ? Optional.of(operands.get(2)) : Optional.empty();
        return new ConvolutionKernel(
                Kind.FORWARD, op.geometry(), operands.get(0), operands.get(1), result, bias, epilogue, parallel);
    }

    /** A kernel for {@link Op.ConvolutionInputGradient}; operands: filter, gradient of the result. */
    public static ConvolutionKernel inputGradient(
            Op.ConvolutionInputGradient op, List<Place> operands, Place result, Parallel parallel) {
        return new ConvolutionKernel(
                Kind.INPUT_GRADIENT,
                op.geometry(),
                result,
                operands.get(0),
                operands.get(1),
                Optional.empty(),
                Optional.empty(),
                parallel);
    }

    /** A kernel for {@link Op.ConvolutionFilterGradient}; operands: input, gradient of the result. */
    public static ConvolutionKernel filterGradient(
            Op.ConvolutionFilterGradient op, List<Place> operands, Place result, Parallel parallel) {
        return new ConvolutionKernel(
                Kind.FILTER_GRADIENT,
                op.geometry(),
                operands.get(0),
                result,
                operands.get(1),
                Optional.empty(),
                Optional.empty(),
                parallel);
    }

    @Override
    public void run() {
        long work = (long) outputs * windows.outputs() * (1 + depth / 4) * 4;
        switch (kind) {
            case FORWARD -> {
                bias.ifPresent(p -> NativeMemory.read(p.type().dtype(), p.address(), biases, 0, biases.length));
                parallel.split((long) batch * groups, work, this::forward);
            }
            case INPUT_GRADIENT -> parallel.split((long) batch * groups, work, this::inputGradient);
            case FILTER_GRADIENT -> {
                parallel.split(partial.length, work * batch / partial.length, this::filterGradient);
                sum();
            }
        }
    }

    private void forward(int thread, long from, long to) {
        Tiles tile = tiles[thread];
        for (long unit = from; unit < to; unit++) {
            int n = (int) (unit / groups);
            int g = (int) (unit % groups);
            readFilter(tile.filter, g);
            for (int c = 0; c < inputs; c++) {
                readInput(n, g * inputs + c, tile.channel);
                windows.unfold(tile.channel, tile.columns, c * windows.taps());
            }
            for (float[] row : tile.result) {
                Arrays.fill(row, 0);
            }
            Gemm.add(tile.filter, tile.columns, tile.result, outputs, windows.outputs(), depth);
            for (int o = 0; o < outputs; o++) {
                if (bias.isPresent()) {
                    Epilogue.add(biases[g * outputs + o], tile.result[o], windows.outputs());
                }
                Epilogue.activate(epilogue, tile.result[o], windows.outputs());
                NativeMemory.write(dtype, tile.result[o], 0, outputRow(n, g * outputs + o), windows.outputs());
            }
        }
    }

    private void inputGradient(int thread, long from, long to) {
        Tiles tile = tiles[thread];
        for (long unit = from; unit < to; unit++) {
            int n = (int) (unit / groups);
            int g = (int) (unit % groups);
            for (int o = 0; o < outputs; o++) {
                NativeMemory.read(dtype, filterRow(g * outputs + o), tile.channel, 0, depth);
                for (int i = 0; i < depth; i++) {
                    tile.filter[i][o] = tile.channel[i];
                }
                NativeMemory.read(dtype, outputRow(n, g * outputs + o), tile.result[o], 0, windows.outputs());
            }
            for (float[] row : tile.columns) {
                Arrays.fill(row, 0);
            }
            Gemm.add(tile.filter, tile.result, tile.columns, depth, windows.outputs(), outputs);
            for (int c = 0; c < inputs; c++) {
                Arrays.fill(tile.channel, 0);
                windows.fold(tile.columns, c * windows.taps(), tile.channel);
                NativeMemory.write(dtype, tile.channel, 0, inputRow(n, g * inputs + c), windows.inputs());
            }
        }
    }

    private void filterGradient(int thread, long from, long to) {
        Tiles tile = tiles[thread];
        for (int part = (int) from; part < to; part++) {
            for (float[] row : partial[part]) {
                Arrays.fill(row, 0);
            }
            for (int n = batch * part / partial.length; n < batch * (part + 1) / partial.length; n++) {
                for (int g = 0; g < groups; g++) {
                    addFilterGradient(tile, n, g, partial[part]);
                }
            }
        }
    }

    private void addFilterGradient(Tiles tile, int n, int g, float[][] sums) {
        for (int c = 0; c < inputs; c++) {
            readInput(n, g * inputs + c, tile.channel);
            windows.unfoldTransposed(tile.channel, tile.columns, c * windows.taps());
        }
        for (int o = 0; o < outputs; o++) {
            NativeMemory.read(dtype, outputRow(n, g * outputs + o), tile.result[o], 0, windows.outputs());
        }
        float[][] rows = Arrays.copyOfRange(sums, g * outputs, (g + 1) * outputs);
        Gemm.add(tile.result, tile.columns, rows, outputs, depth, windows.outputs());
    }

    private void sum() {
        for (int o = 0; o < groups * outputs; o++) {
            float[] total = partial[0][o];
            for (int part = 1; part < partial.length; part++) {
                Epilogue.add(partial[part][o], total, depth);
            }
            NativeMemory.write(dtype, total, 0, filterRow(o), depth);
        }
    }

    private void readFilter(float[][] rows, int g) {
        for (int o = 0; o < outputs; o++) {
            NativeMemory.read(dtype, filterRow(g * outputs + o), rows[o], 0, depth);
        }
    }

    private void readInput(int n, int channel, float[] target) {
        NativeMemory.read(dtype, inputRow(n, channel), target, 0, windows.inputs());
    }

    private long filterRow(int output) {
        return filter.address() + (long) output * depth * dtype.bytes();
    }

    private long inputRow(int n, int channel) {
        return input.address() + ((long) n * groups * inputs + channel) * windows.inputs() * dtype.bytes();
    }

    private long outputRow(int n, int channel) {
        return output.address() + ((long) n * groups * outputs + channel) * windows.outputs() * dtype.bytes();
    }

    @Override
    public String label() {
        return "java";
    }
}
