package io.tandem.compile;

import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * A layout of [N, C, spatial...] with channels innermost, in blocks: memory is [N, C / block, spatial..., block],
 * dense. One
 * block of all channels is channels-last (nhwc).
 *
 * @param shape the sizes [N, C, spatial...] of the value, whatever shapes views of it have
 * @param block channels per block, a divisor of C
 */
public record ChannelBlocks(Shape shape, int block) implements Plan.Layout {
    /** Checks that blocks are full. */
    public ChannelBlocks {
        if (shape.rank() < 3 || block < 1 || shape.dim(1) % block != 0) {
            throw new IllegalArgumentException("the channels of " + shape + " do not divide into blocks of " + block);
        }
    }

    /** Whether all channels are one block. */
    public boolean isChannelsLast() {
        return block == shape.dim(1);
    }

    /**
     * A digit of a flat index in mixed radix.
     *
     * @param extent how many values it takes
     * @param from distance of neighbours in row-major memory, in elements
     * @param to their distance in this layout
     */
    record Digit(long extent, long from, long to) {}

    /** The digits of a row-major index, the slowest first; those with one value are left out. */
    List<Digit> digits() {
        long spatial = shape.subShape(2, shape.rank()).size();
        long channels = shape.dim(1);
        List<Digit> digits = new ArrayList<>();
        add(digits, new Digit(shape.dim(0), channels * spatial, channels * spatial));
        add(digits, new Digit(channels / block, block * spatial, block * spatial));
        add(digits, new Digit(block, spatial, 1));
        add(digits, new Digit(spatial, 1, block));
        return digits;
    }

    private static void add(List<Digit> digits, Digit digit) {
        if (digit.extent > 1) {
            digits.add(digit);
        }
    }
}
