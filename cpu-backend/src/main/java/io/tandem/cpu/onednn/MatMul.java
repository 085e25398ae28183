package io.tandem.cpu.onednn;

import java.util.Optional;

/**
 * Matrix product {@code dst = src x weights + bias}, batched over the leading axes: src [..., M, K], weights [..., K,
 * N], dst [..., M, N]. Leading sizes are equal, or 1 in src or weights. Transposed operands are described by their
 * strides. Layouts may be open, which is worth it only for weights that are used many times.
 *
 * <p>Plain loops, a hundred times slower, compute: a transposed dst (exchange the factors: the transposed product is
 * the product of the transposed weights and src), src or weights in which neither of the last two axes is dense, and a
 * bias that is not one value per column (add it as a {@linkplain PrimitiveAttributes#then(BinaryFunction,
 * MemoryDescriptor) post-operation}).
 *
 * <p>Arguments: {@link Argument#SRC}, {@link Argument#WEIGHTS}, {@link Argument#BIAS}, {@link Argument#DST}.
 *
 * @param bias of dst's rank, each size that of dst or 1: {@code [1, N]} for one value per column
 */
public record MatMul(
        MemoryDescriptor src, MemoryDescriptor weights, Optional<MemoryDescriptor> bias, MemoryDescriptor dst)
        implements Operation {

    /** Checks sizes. */
    public MatMul {
        int rank = dst.rank();
        if (rank < 2 || src.rank() != rank || weights.rank() != rank) {
            throw new IllegalArgumentException(text(src, weights, bias, dst) + ": ranks must be equal and at least 2");
        }
        if (src.dim(rank - 1) != weights.dim(rank - 2)) {
            throw new IllegalArgumentException(text(src, weights, bias, dst) + ": inner sizes " + src.dim(rank - 1)
                    + " and " + weights.dim(rank - 2) + " differ");
        }
        if (src.dim(rank - 1) == 0) {
            throw new IllegalArgumentException(text(src, weights, bias, dst)
                    + ": the inner size is 0, and oneDNN would leave the result unwritten; fill it instead");
        }
        if (src.dim(rank - 2) != dst.dim(rank - 2) || weights.dim(rank - 1) != dst.dim(rank - 1)) {
            throw new IllegalArgumentException(text(src, weights, bias, dst) + ": the result is ["
                    + src.dim(rank - 2) + ", " + weights.dim(rank - 1) + "]");
        }
        for (int axis = 0; axis < rank - 2; axis++) {
            long size = dst.dim(axis);
            if ((src.dim(axis) != size && src.dim(axis) != 1)
                    || (weights.dim(axis) != size && weights.dim(axis) != 1)) {
                throw new IllegalArgumentException(
                        text(src, weights, bias, dst) + ": batch sizes of axis " + axis + " do not agree");
            }
        }
        if (bias.isPresent() && bias.get().rank() != rank) {
            throw new IllegalArgumentException(text(src, weights, bias, dst) + ": the bias must have rank " + rank);
        }
    }

    /** A product without bias. */
    public static MatMul of(MemoryDescriptor src, MemoryDescriptor weights, MemoryDescriptor dst) {
        return new MatMul(src, weights, Optional.empty(), dst);
    }

    private static String text(MemoryDescriptor src, MemoryDescriptor weights, Optional<MemoryDescriptor> bias,
            MemoryDescriptor dst) {
        return "matmul: " + src + " x " + weights + bias.map(b -> " + " + b).orElse("") + " -> " + dst;
    }
}
