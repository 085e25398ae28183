package io.tandem.cpu.winograd;

import io.tandem.cpu.codegen.machine.NativeFunction;
import io.tandem.cpu.winograd.TileGrid.Images;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Calls of transforms and products by one thread at a time, with the memory that they need for themselves. */
final class Calls {
    private final MemorySegment transform;
    private final MemorySegment product;

    Calls(Arena arena) {
        transform = arena.allocate(TransformCode.PARAMETER_BYTES, 64);
        product = arena.allocate(ProductCode.PARAMETER_BYTES, 64);
        MemorySegment scratch = arena.allocate(TransformCode.SCRATCH_BYTES, 64);
        set(transform, TransformCode.SCRATCH, scratch.address());
    }

    private static void set(MemorySegment parameters, int parameter, long value) {
        parameters.set(ValueLayout.JAVA_LONG, parameter, value);
    }

    /** Tiles of images, from a block of channels on, to planes. */
    void fromImages(
            NativeFunction function, Images images, TileGrid grid, int first, int count, long image, Planes to,
            long at) {
        set(transform, TransformCode.SOURCE, image);
        set(transform, TransformCode.TARGET, at);
        set(transform, TransformCode.ROW, images.rowBytes());
        set(transform, TransformCode.PLANE, to.planeBytes());
        function.call(grid.entry(first), transform.address(), count);
    }

    /** Planes to tiles of images. */
    void toImages(
            NativeFunction function,
            Planes from,
            long at,
            Images images,
            TileGrid grid,
            int first,
            int count,
            long image,
            long bias) {
        set(transform, TransformCode.SOURCE, at);
        set(transform, TransformCode.TARGET, image);
        set(transform, TransformCode.ROW, images.rowBytes());
        set(transform, TransformCode.PLANE, from.planeBytes());
        set(transform, TransformCode.BIAS, bias);
        function.call(grid.entry(first), transform.address(), count);
    }

    /** One block of a filter to planes, or planes to a block of a filter's gradient. */
    void filter(NativeFunction function, Planes planes, long from, long to) {
        set(transform, TransformCode.SOURCE, from);
        set(transform, TransformCode.TARGET, to);
        set(transform, TransformCode.PLANE, planes.planeBytes());
        function.call(0, transform.address(), 16);
    }

    /** What products of planes have in common; {@link #products} follows. */
    void sizes(long bBlock, long cBlock, int groups) {
        set(product, ProductCode.B_BLOCK, bBlock);
        set(product, ProductCode.C_BLOCK, cBlock);
        set(product, ProductCode.GROUPS, groups);
    }

    /** The summed axis, in blocks of equal size. */
    void summed(int blocks, int size, long jump) {
        set(product, ProductCode.BLOCKS, blocks);
        set(product, ProductCode.FOURS, size / 4);
        set(product, ProductCode.SINGLES, size % 4);
        set(product, ProductCode.A_JUMP, jump);
    }

    /** The distances of groups of rows. */
    void rows(long even, long odd) {
        set(product, ProductCode.A_EVEN, even);
        set(product, ProductCode.A_ODD, odd);
    }

    /**
     * The products of all planes.
     *
     * @param columns number of blocks of columns, or pairs of them, as the function takes them
     */
    void products(
            NativeFunction function, int columns, long a, long aPlane, long b, long bPlane, long c, long cPlane) {
        set(product, ProductCode.COLUMNS, columns);
        for (int i = 0; i < Planes.COUNT; i++) {
            set(product, ProductCode.A, a + i * aPlane);
            set(product, ProductCode.B, b + i * bPlane);
            set(product, ProductCode.C, c + i * cPlane);
            function.call(product.address(), 0, 0);
        }
    }
}
