package io.tandem.cuda.lowering;

import io.tandem.tensor.DType;
import io.tandem.tensor.TensorType;

/** Hands out parts of the scratch memory to the kernels of one step, one behind the other. */
final class ScratchParts {
    private final Region scratch;
    private long end;

    ScratchParts(Region scratch) {
        this.scratch = scratch;
    }

    /** Room for a tensor. */
    Place take(TensorType type) {
        Place place = new Place(scratch, end, type);
        end += Math.ceilDiv(Math.max(1, type.bytes()), Program.ALIGNMENT) * Program.ALIGNMENT;
        return place;
    }

    /** Room for a number of bytes; beyond 2 GiB a few more. */
    Place bytes(long count) {
        return take(
                count <= Integer.MAX_VALUE
                        ? TensorType.of(DType.U8, (int) count)
                        : TensorType.of(DType.U8, Math.toIntExact(Math.ceilDiv(count, 256L)), 256));
    }

    /** The bytes that have been handed out. */
    long end() {
        return end;
    }
}
