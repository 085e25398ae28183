package io.tandem.cpu.winograd;

import io.tandem.cpu.codegen.Parallel;
import io.tandem.cpu.codegen.machine.NativeFunction;
import io.tandem.cpu.winograd.TileGrid.Images;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A convolution with a 3x3 filter and stride 1, of images in blocks of 16 channels; also the gradient of its input, which is a
 * convolution of the cotangent with the filter turned by half a turn.
 *
 * <p>Where there are many tiles the filter is transformed first, then each thread takes some tiles at a time through all
 * stages, in memory that stays in its cache. Where there are few tiles and many channels it is the other way round: tiles are
 * transformed first, then each thread takes some of the filter through all stages.
 */
public final class WinogradConvolution implements AutoCloseable {
    /** Bytes of a thread's factors and products at a time: what fits the second-level cache beside filters. */
    private static final long BLOCK_BYTES = 640 << 10;

    /** Bytes of a block of 16 by 16 filters. */
    static final long FILTER_BLOCK_BYTES = 9 * 1024;

    /** Channels of a block. */
    static final int LANES = 16;

    private final Arena arena = Arena.ofShared();
    private final List<Calls> calls = new ArrayList<>();
    private final Images from;
    private final Images to;
    private final boolean turned;
    private final boolean bias;
    private final TileGrid read;
    private final TileGrid written;
    private final NativeFunction input;
    private final NativeFunction filter;
    private final NativeFunction output;
    private final NativeFunction pairs;
    private final NativeFunction singles;
    private final boolean tilesFirst;
    private final Planes filters;
    private final Planes factors;
    private final Planes products;
    private final int tilesAtOnce;

    /**
     * What to compute.
     *
     * @param x sizes of the input [N, C, H, W]
     * @param y sizes of the result [N, O, H', W']
     * @param top rows of padding above the image, or if negative rows left out
     * @param left columns of padding left of the image, or if negative columns left out
     * @param turned whether the filter is [C / 16, O / 16, 3, 3, 16 of C, 16 of O] and turned by half a turn, instead of
     *     [O / 16, C / 16, 3, 3, 16 of C, 16 of O]
     * @param bias whether a number per channel is added
     * @param relu whether the result is max(x, 0) in the end
     */
    public record Task(
            long[] x, long[] y, int top, int left, boolean turned, boolean bias, boolean relu) {
        Images from() {
            return images(x);
        }

        Images to() {
            return images(y);
        }
    }

    /** Prepares a convolution for a number of threads. */
    public WinogradConvolution(WinogradCode code, Task task, int threads) {
        from = task.from();
        to = task.to();
        turned = task.turned;
        bias = task.bias;
        int down = Math.ceilDiv(to.height(), Transform.RESULTS);
        int across = Math.ceilDiv(to.width(), Transform.RESULTS);
        read = TileGrid.of(arena, from, Transform.POINTS, down, across, task.top, task.left);
        written = TileGrid.of(arena, to, Transform.RESULTS, down, across, 0, 0);
        input = code.transform(new TransformCode.Form(
                Transform.INPUT, TransformCode.Place.IMAGE, TransformCode.Place.PLANES));
        filter = code.transform(new TransformCode.Form(
                Transform.FILTER,
                turned ? TransformCode.Place.TURNED_TAPS : TransformCode.Place.TAPS,
                TransformCode.Place.PLANES));
        output = code.transform(new TransformCode.Form(
                Transform.OUTPUT, TransformCode.Place.PLANES, TransformCode.Place.IMAGE, bias, task.relu));
        pairs = code.product(new ProductCode.Form(ProductCode.Order.ROWS_OF_SUMMED, true, false));
        singles = code.product(new ProductCode.Form(ProductCode.Order.ROWS_OF_SUMMED, false, false));
        int tiles = read.tiles();
        tilesFirst = tiles < LANES * to.blocks() && to.blocks() >= 2 * threads;
        tilesAtOnce = tilesFirst ? tiles : tilesAtOnce(tiles, from.blocks() + to.blocks(), threads);
        int rows = Math.ceilDiv(tilesAtOnce, ProductCode.ROWS) * ProductCode.ROWS;
        factors = new Planes(from.blocks(), rows);
        filters = new Planes(tilesFirst ? 2 : to.blocks(), LANES * from.blocks());
        products = new Planes(tilesFirst ? 2 : to.blocks(), rows);
        for (int i = 0; i < threads; i++) {
            calls.add(new Calls(arena));
        }
    }

    /** A multiple of the rows of products that fits a cache and gives all threads work. */
    static int tilesAtOnce(int tiles, int blocks, int threads) {
        long fit = BLOCK_BYTES / ((long) Planes.COUNT * blocks * LANES * Float.BYTES);
        long share = Math.ceilDiv(tiles, threads);
        long rounds = Math.ceilDiv(share, Math.max(ProductCode.ROWS, fit));
        long even = Math.ceilDiv(share, rounds);
        return Math.toIntExact(Math.ceilDiv(even, ProductCode.ROWS) * ProductCode.ROWS);
    }

    static Images images(long[] dims) {
        if (dims.length != 4 || dims[1] % LANES != 0) {
            throw new IllegalArgumentException("no images in blocks of 16 channels: " + Arrays.toString(dims));
        }
        return new Images(
                Math.toIntExact(dims[0]),
                Math.toIntExact(dims[1] / LANES),
                Math.toIntExact(dims[2]),
                Math.toIntExact(dims[3]));
    }

    /** Bytes of memory that {@link #run} needs beside operands and result. */
    public long workspaceBytes() {
        long shared = tilesFirst ? factors.bytes() : filters.bytes();
        return shared + calls.size() * privateBytes();
    }

    private long privateBytes() {
        return products.bytes() + (tilesFirst ? filters.bytes() : factors.bytes());
    }

    /**
     * Computes.
     *
     * @param x address of the input
     * @param w address of the filter
     * @param b address of the numbers to add, if there are any
     * @param y address of the result
     * @param workspace address of memory, aligned to 64 bytes
     */
    public void run(Parallel parallel, long x, long w, long b, long y, long workspace) {
        if (tilesFirst) {
            tilesFirst(parallel, x, w, b, y, workspace);
        } else {
            filtersFirst(parallel, x, w, b, y, workspace);
        }
    }

    private void filtersFirst(Parallel parallel, long x, long w, long b, long y, long u) {
        int threads = calls.size();
        int all = to.blocks() * from.blocks();
        int rounds = Math.ceilDiv(read.tiles(), tilesAtOnce);
        parallel.forEach(threads, 1, (first, end) -> {
            for (int part = (int) first; part < end; part++) {
                for (int i = share(all, part, threads); i < share(all, part + 1, threads); i++) {
                    int d = i / from.blocks();
                    int s = i % from.blocks();
                    transformFilter(calls.get(part), w, d, s, u + d * filters.blockBytes() + (long) s * LANES * 64);
                }
            }
        });
        parallel.forEach(threads, 1, (first, end) -> {
            for (int part = (int) first; part < end; part++) {
                Calls call = calls.get(part);
                long v = u + filters.bytes() + part * privateBytes();
                long m = v + factors.bytes();
                for (int i = share(rounds, part, threads); i < share(rounds, part + 1, threads); i++) {
                    int tile = i * tilesAtOnce;
                    int count = Math.min(tilesAtOnce, read.tiles() - tile);
                    for (int s = 0; s < from.blocks(); s++) {
                        call.fromImages(
                                input, from, read, tile, count, x + s * from.blockBytes(), factors,
                                v + s * factors.blockBytes());
                    }
                    multiply(call, to.blocks(), count, v, u, m);
                    for (int d = 0; d < to.blocks(); d++) {
                        write(call, m + d * products.blockBytes(), tile, count, b, y, d);
                    }
                }
            }
        });
    }

    private void tilesFirst(Parallel parallel, long x, long w, long b, long y, long v) {
        int threads = calls.size();
        int tiles = read.tiles();
        parallel.forEach(threads, 1, (first, end) -> {
            for (int part = (int) first; part < end; part++) {
                for (int s = share(from.blocks(), part, threads); s < share(from.blocks(), part + 1, threads); s++) {
                    calls.get(part).fromImages(
                            input, from, read, 0, tiles, x + s * from.blockBytes(), factors,
                            v + s * factors.blockBytes());
                }
            }
        });
        int all = Math.ceilDiv(to.blocks(), 2);
        parallel.forEach(threads, 1, (first, end) -> {
            for (int part = (int) first; part < end; part++) {
                Calls call = calls.get(part);
                long u = v + factors.bytes() + part * privateBytes();
                long m = u + filters.bytes();
                for (int i = share(all, part, threads); i < share(all, part + 1, threads); i++) {
                    int width = Math.min(2, to.blocks() - 2 * i);
                    for (int d = 0; d < width; d++) {
                        for (int s = 0; s < from.blocks(); s++) {
                            transformFilter(
                                    call, w, 2 * i + d, s, u + d * filters.blockBytes() + (long) s * LANES * 64);
                        }
                    }
                    multiply(call, width, tiles, v, u, m);
                    for (int d = 0; d < width; d++) {
                        write(call, m + d * products.blockBytes(), 0, tiles, b, y, 2 * i + d);
                    }
                }
            }
        });
    }

    /** The first item of a part of a loop. */
    static int share(int items, int part, int parts) {
        return (int) ((long) items * part / parts);
    }

    private void transformFilter(Calls call, long w, int target, int source, long at) {
        long block = turned ? (long) source * to.blocks() + target : (long) target * from.blocks() + source;
        call.filter(filter, filters, w + block * FILTER_BLOCK_BYTES, at);
    }

    private void multiply(Calls call, int blocks, int tiles, long v, long u, long m) {
        call.sizes(filters.blockBytes(), products.blockBytes(), Math.ceilDiv(tiles, ProductCode.ROWS));
        call.summed(from.blocks(), LANES, factors.blockBytes() - LANES * Float.BYTES);
        call.rows(ProductCode.ROWS * 64, ProductCode.ROWS * 64);
        if (blocks > 1) {
            call.products(pairs, blocks / 2, v, factors.planeBytes(), u, filters.planeBytes(), m,
                    products.planeBytes());
        }
        if (blocks % 2 == 1) {
            call.products(
                    singles,
                    1,
                    v,
                    factors.planeBytes(),
                    u + (blocks - 1) * filters.blockBytes(),
                    filters.planeBytes(),
                    m + (blocks - 1) * products.blockBytes(),
                    products.planeBytes());
        }
    }

    private void write(Calls call, long m, int tile, int count, long b, long y, int block) {
        long added = bias ? b + (long) block * LANES * Float.BYTES : 0;
        call.toImages(output, products, m, to, written, tile, count, y + block * to.blockBytes(), added);
    }

    @Override
    public void close() {
        arena.close();
    }
}
