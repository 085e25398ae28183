package io.tandem.cpu.kernel;

import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.tensor.DType;
import java.util.Arrays;
import java.util.List;

/**
 * Pooling, its gradient, and picking by window, in row-major memory. For types of at most 32 bits. A unit of work is
 * one
 * channel of one example.
 */
public final class PoolKernel implements StepKernel {
    /** Which of the three is computed. */
    private enum Kind {
        POOL,
        GRADIENT,
        PICK
    }

    private final Kind kind;
    private final Pooling pooling;
    private final List<Place> operands;
    private final Place result;
    private final Parallel parallel;
    private final DType dtype;
    private final WindowPlaces windows;
    private final float[] divisors;
    private final Tiles[] tiles;

    /** Per thread: a channel of the input, of what is picked from or the input's gradient, and of the result. */
    private record Tiles(float[] input, float[] other, float[] output) {}

    private PoolKernel(
            Kind kind,
            Pooling pooling,
            List<Place> operands,
            Place result,
            Parallel parallel,
            WindowPlaces windows) {
        this.kind = kind;
        this.pooling = pooling;
        this.operands = List.copyOf(operands);
        this.result = result;
        this.parallel = parallel;
        this.dtype = result.type().dtype();
        this.windows = windows;
        this.divisors = divisors(pooling, windows);
        this.tiles = new Tiles[parallel.threads()];
        for (int t = 0; t < tiles.length; t++) {
            tiles[t] = new Tiles(
                    new float[windows.inputs()], new float[windows.inputs()], new float[windows.outputs()]);
        }
    }

    /** A kernel for {@link io.tandem.graph.Op.Pool}. */
    public static PoolKernel pool(
            Pooling pooling, PoolGeometry geometry, Place x, Place result, Parallel parallel) {
        return new PoolKernel(
                Kind.POOL,
                pooling,
                List.of(x),
                result,
                parallel,
                WindowPlaces.of(geometry, x.type().shape(), result.type().shape()));
    }

    /** A kernel for {@link io.tandem.graph.Op.PoolGradient}; the operands are those of the operation. */
    public static PoolKernel gradient(
            Pooling pooling, PoolGeometry geometry, List<Place> operands, Place result, Parallel parallel) {
        return new PoolKernel(
                Kind.GRADIENT,
                pooling,
                operands,
                result,
                parallel,
                WindowPlaces.of(
                        geometry,
                        result.type().shape(),
                        operands.getLast().type().shape()));
    }

    /** A kernel for {@link io.tandem.graph.Op.PoolPick}. */
    public static PoolKernel pick(PoolGeometry geometry, List<Place> operands, Place result, Parallel parallel) {
        return new PoolKernel(
                Kind.PICK,
                Pooling.MAX,
                operands,
                result,
                parallel,
                WindowPlaces.of(
                        geometry,
                        operands.getFirst().type().shape(),
                        result.type().shape()));
    }

    private static float[] divisors(Pooling pooling, WindowPlaces windows) {
        float[] divisors = new float[windows.outputs()];
        for (int[] places : windows.places()) {
            for (int p = 0; p < places.length; p++) {
                boolean counts = places[p] >= 0
                        || places[p] == WindowPlaces.PADDING && pooling == Pooling.AVERAGE_INCLUDING_PADDING;
                divisors[p] += counts ? 1 : 0;
            }
        }
        return divisors;
    }

    @Override
    public void run() {
        long channels = result.type().shape().dim(0) * (long) result.type().shape().dim(1);
        parallel.split(channels, (long) windows.outputs() * windows.taps() * 4, this::part);
    }

    private void part(int thread, long from, long to) {
        Tiles tile = tiles[thread];
        for (long channel = from; channel < to; channel++) {
            switch (kind) {
                case POOL -> {
                    read(operands.getFirst(), channel, tile.input, windows.inputs());
                    if (pooling == Pooling.MAX) {
                        pick(tile.input, tile.input, tile.output);
                    } else {
                        average(tile.input, tile.output);
                    }
                    write(channel, tile.output, windows.outputs());
                }
                case PICK -> {
                    read(operands.getFirst(), channel, tile.input, windows.inputs());
                    read(operands.getLast(), channel, tile.other, windows.inputs());
                    pick(tile.input, tile.other, tile.output);
                    write(channel, tile.output, windows.outputs());
                }
                case GRADIENT -> {
                    read(operands.getLast(), channel, tile.output, windows.outputs());
                    Arrays.fill(tile.other, 0);
                    if (pooling == Pooling.MAX) {
                        read(operands.getFirst(), channel, tile.input, windows.inputs());
                        spreadToLargest(tile.input, tile.output, tile.other);
                    } else {
                        spread(tile.output, tile.other);
                    }
                    write(channel, tile.other, windows.inputs());
                }
            }
        }
    }

    private void average(float[] input, float[] output) {
        Arrays.fill(output, 0);
        for (int[] places : windows.places()) {
            for (int p = 0; p < places.length; p++) {
                output[p] += places[p] >= 0 ? input[places[p]] : 0;
            }
        }
        for (int p = 0; p < output.length; p++) {
            output[p] /= divisors[p];
        }
    }

    private void spread(float[] output, float[] input) {
        for (int p = 0; p < output.length; p++) {
            float share = output[p] / divisors[p];
            for (int[] places : windows.places()) {
                if (places[p] >= 0) {
                    input[places[p]] += share;
                }
            }
        }
    }

    private void pick(float[] by, float[] from, float[] output) {
        for (int p = 0; p < output.length; p++) {
            int winner = winner(by, p);
            output[p] = winner >= 0 ? from[winner] : Float.NEGATIVE_INFINITY;
        }
    }

    private void spreadToLargest(float[] by, float[] output, float[] input) {
        for (int p = 0; p < output.length; p++) {
            int winner = winner(by, p);
            if (winner >= 0) {
                input[winner] += output[p];
            }
        }
    }

    /** The first largest element of a window, where NaN is largest; negative if there is none. */
    private int winner(float[] data, int output) {
        int winner = WindowPlaces.PADDING;
        float best = Float.NEGATIVE_INFINITY;
        for (int[] places : windows.places()) {
            int place = places[output];
            if (place >= 0 && (winner < 0 || data[place] > best || Float.isNaN(data[place]) && !Float.isNaN(best))) {
                winner = place;
                best = data[place];
            }
        }
        return winner;
    }

    private void read(Place place, long channel, float[] target, int count) {
        NativeMemory.read(dtype, place.address() + channel * count * dtype.bytes(), target, 0, count);
    }

    private void write(long channel, float[] source, int count) {
        NativeMemory.write(dtype, source, 0, result.address() + channel * count * dtype.bytes(), count);
    }

    @Override
    public String label() {
        return "java";
    }
}
