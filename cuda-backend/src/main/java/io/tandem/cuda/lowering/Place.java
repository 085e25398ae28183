package io.tandem.cuda.lowering;

import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;

/**
 * Where a step finds an operand or puts a result: a dense tensor at an offset of a region.
 *
 * @param region the memory
 * @param offset in bytes
 * @param type what lies there
 * @param channelsLast whether axis 1 is innermost in memory, else the tensor is row-major
 */
record Place(Region region, long offset, TensorType type, boolean channelsLast) {

    /** A row-major tensor. */
    Place(Region region, long offset, TensorType type) {
        this(region, offset, type, false);
    }

    /** The same memory seen in another layout. */
    Place withChannelsLast(boolean last) {
        return new Place(region, offset, type, last);
    }

    /** Whether its elements lie alike in both layouts. */
    boolean isSameInBothLayouts() {
        Shape shape = type.shape();
        return shape.rank() < 3 || shape.dim(1) == 1 || shape.subShape(2, shape.rank()).size() == 1;
    }

    /** The address, while the program is bound. */
    long address() {
        return region.address() + offset;
    }

    /** A divisor of the address. */
    long alignment() {
        return offset == 0 ? region.alignment() : Math.min(region.alignment(), Long.lowestOneBit(offset));
    }

    Shape shape() {
        return type.shape();
    }

    DType dtype() {
        return type.dtype();
    }

    long bytes() {
        return type.bytes();
    }

    /** Whether there is nothing. */
    boolean isEmpty() {
        return type.shape().size() == 0;
    }

    /** Whether some of the memory is that of another place. */
    boolean overlaps(Place other) {
        return region == other.region && offset < other.offset + other.bytes() && other.offset < offset + bytes();
    }
}
