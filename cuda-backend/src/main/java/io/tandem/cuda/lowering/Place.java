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
 */
record Place(Region region, long offset, TensorType type) {

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
