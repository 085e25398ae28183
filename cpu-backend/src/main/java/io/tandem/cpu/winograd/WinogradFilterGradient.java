package io.tandem.cpu.winograd;

import io.tandem.cpu.codegen.Parallel;
import io.tandem.cpu.codegen.machine.NativeFunction;
import io.tandem.cpu.winograd.TileGrid.Images;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * The gradient of a convolution's 3x3 filter, of images in blocks of 16 channels: products of transformed inputs and
 * transformed cotangents, summed over all tiles and transformed back. Each thread computes the filters between some blocks of
 * inputs and some of results over all tiles, in their order, so that the result does not depend on the number of threads.
 */
public final class WinogradFilterGradient implements AutoCloseable {
    /** Bytes of a thread's sums: of all that it reads and writes they should stay in its second-level cache. */
    private static final long SUM_BYTES = 600 << 10;

    /** Tiles that are transformed and multiplied at a time. */
    private static final int TILES_AT_ONCE = 24;

    private final Arena arena = Arena.ofShared();
    private final List<Calls> calls = new ArrayList<>();
    private final Images from;
    private final Images to;
    private final TileGrid read;
    private final TileGrid given;
    private final NativeFunction input;
    private final NativeFunction cotangent;
    private final NativeFunction result;
    private final int inputBlocks;
    private final int resultBlocks;
    private final Planes inputs;
    private final Planes cotangents;
    private final Planes sums;
    private final NativeFunction pairs;
    private final NativeFunction singles;
    private final NativeFunction addedPairs;
    private final NativeFunction addedSingles;

    /**
     * Prepares a gradient for a number of threads.
     *
     * @param x sizes of the input [N, C, H, W]
     * @param y sizes of the cotangent [N, O, H', W']
     * @param top rows of padding above the image
     * @param left columns of padding left of the image
     */
    public WinogradFilterGradient(WinogradCode code, long[] x, long[] y, int top, int left, int threads) {
        from = WinogradConvolution.images(x);
        to = WinogradConvolution.images(y);
        int down = Math.ceilDiv(to.height(), Transform.RESULTS);
        int across = Math.ceilDiv(to.width(), Transform.RESULTS);
        read = TileGrid.of(arena, from, Transform.POINTS, down, across, top, left);
        given = TileGrid.of(arena, to, Transform.RESULTS, down, across, 0, 0);
        input = code.transform(new TransformCode.Form(
                Transform.INPUT, TransformCode.Place.IMAGE, TransformCode.Place.PLANES));
        cotangent = code.transform(new TransformCode.Form(
                Transform.OUTPUT_ADJOINT, TransformCode.Place.IMAGE, TransformCode.Place.PLANES));
        result = code.transform(new TransformCode.Form(
                Transform.FILTER_ADJOINT, TransformCode.Place.PLANES, TransformCode.Place.TAPS));
        pairs = product(code, true, false);
        singles = product(code, false, false);
        addedPairs = product(code, true, true);
        addedSingles = product(code, false, true);
        int c = from.blocks();
        int o = to.blocks();
        long one = Planes.COUNT * 1024L;
        while (c * o > 1
                && (c * o * one > SUM_BYTES
                        || (o > 2 || c > 1)
                                && Math.ceilDiv(from.blocks(), c) * Math.ceilDiv(to.blocks(), o) < threads)) {
            if (o >= c && o > 2 || c == 1) {
                o = Math.ceilDiv(o, 2);
            } else {
                c = Math.ceilDiv(c, 2);
            }
        }
        inputBlocks = c;
        resultBlocks = o;
        inputs = new Planes(c, TILES_AT_ONCE);
        cotangents = new Planes(o, TILES_AT_ONCE);
        sums = new Planes(o, c * WinogradConvolution.LANES);
        for (int i = 0; i < threads; i++) {
            calls.add(new Calls(arena));
        }
    }

    private static NativeFunction product(WinogradCode code, boolean pairs, boolean adds) {
        return code.product(new ProductCode.Form(ProductCode.Order.ROWS_INNERMOST, pairs, adds));
    }

    /** Bytes of memory that {@link #run} needs beside operands and result. */
    public long workspaceBytes() {
        return calls.size() * privateBytes();
    }

    private long privateBytes() {
        return inputs.bytes() + cotangents.bytes() + sums.bytes();
    }

    /**
     * Computes.
     *
     * @param x address of the input
     * @param dy address of the cotangent
     * @param dw address of the result [O / 16, C / 16, 3, 3, 16 of C, 16 of O]
     * @param workspace address of memory, aligned to 64 bytes
     */
    public void run(Parallel parallel, long x, long dy, long dw, long workspace) {
        int across = Math.ceilDiv(to.blocks(), resultBlocks);
        int cells = Math.ceilDiv(from.blocks(), inputBlocks) * across;
        int threads = calls.size();
        parallel.forEach(threads, 1, (first, end) -> {
            for (int part = (int) first; part < end; part++) {
                int last = WinogradConvolution.share(cells, part + 1, threads);
                for (int i = WinogradConvolution.share(cells, part, threads); i < last; i++) {
                    cell(
                            calls.get(part),
                            i / across * inputBlocks,
                            i % across * resultBlocks,
                            x,
                            dy,
                            dw,
                            workspace + part * privateBytes());
                }
            }
        });
    }

    /** The filters between some blocks of inputs and some blocks of results. */
    private void cell(Calls call, int firstInput, int firstResult, long x, long dy, long dw, long workspace) {
        int ins = Math.min(inputBlocks, from.blocks() - firstInput);
        int outs = Math.min(resultBlocks, to.blocks() - firstResult);
        long z = workspace + inputs.bytes();
        long sum = z + cotangents.bytes();
        for (int tile = 0; tile < read.tiles(); tile += TILES_AT_ONCE) {
            int count = Math.min(TILES_AT_ONCE, read.tiles() - tile);
            for (int s = 0; s < ins; s++) {
                long image = x + (firstInput + s) * from.blockBytes();
                call.fromImages(input, from, read, tile, count, image, inputs, workspace + s * inputs.blockBytes());
            }
            for (int d = 0; d < outs; d++) {
                long image = dy + (firstResult + d) * to.blockBytes();
                call.fromImages(cotangent, to, given, tile, count, image, cotangents, z + d * cotangents.blockBytes());
            }
            multiply(call, ins, outs, count, tile > 0, workspace, z, sum);
        }
        for (int d = 0; d < outs; d++) {
            for (int s = 0; s < ins; s++) {
                long block = (long) (firstResult + d) * from.blocks() + firstInput + s;
                call.filter(
                        result,
                        sums,
                        sum + d * sums.blockBytes() + (long) s * WinogradConvolution.LANES * 64,
                        dw + block * WinogradConvolution.FILTER_BLOCK_BYTES);
            }
        }
    }

    private void multiply(Calls call, int ins, int outs, int count, boolean adds, long v, long z, long sum) {
        call.sizes(cotangents.blockBytes(), sums.blockBytes(), 2 * ins);
        call.summed(1, count, 0);
        call.rows(32, inputs.blockBytes() - 32);
        if (outs > 1) {
            call.products(
                    adds ? addedPairs : pairs, outs / 2, v, inputs.planeBytes(), z, cotangents.planeBytes(), sum,
                    sums.planeBytes());
        }
        if (outs % 2 == 1) {
            call.products(
                    adds ? addedSingles : singles,
                    1,
                    v,
                    inputs.planeBytes(),
                    z + (outs - 1) * cotangents.blockBytes(),
                    cotangents.planeBytes(),
                    sum + (outs - 1) * sums.blockBytes(),
                    sums.planeBytes());
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
