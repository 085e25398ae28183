package io.tandem.compile;

import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * From the index of a kernel to the coordinates of a tensor: each coordinate is a base plus a linear combination of the
 * kernel's axes.
 *
 * @param base coordinates at index 0, one per axis of the tensor
 * @param factors for each axis of the tensor, its steps along the axes of the kernel
 */
record AffineMap(List<Long> base, List<List<Long>> factors) {

    /** The kernel's axes must be split before a reshape can be passed. */
    record Split(int axis, int inner) {}

    /** What passing a reshape gives: a map, or a split to try again with, or neither. */
    record Reshaped(Optional<AffineMap> map, Optional<Split> split) {}

    /** The map in which the kernel's axes are the factors of the tensor's axes, in order. */
    static AffineMap identity(List<List<Integer>> axisFactors, List<Integer> firstKernelAxis, int kernelAxes) {
        List<Long> base = new ArrayList<>();
        List<List<Long>> factors = new ArrayList<>();
        for (int d = 0; d < axisFactors.size(); d++) {
            List<Integer> parts = axisFactors.get(d);
            List<Long> row = new ArrayList<>(Collections.nCopies(kernelAxes, 0L));
            long step = 1;
            for (int p = parts.size() - 1; p >= 0; p--) {
                row.set(firstKernelAxis.get(d) + p, parts.get(p) == 1 ? 0 : step);
                step *= parts.get(p);
            }
            base.add(0L);
            factors.add(row);
        }
        return new AffineMap(base, factors);
    }

    AffineMap permute(List<Integer> axes) {
        Long[] newBase = new Long[axes.size()];
        List<List<Long>> newFactors = new ArrayList<>(Collections.nCopies(axes.size(), List.of()));
        for (int i = 0; i < axes.size(); i++) {
            newBase[axes.get(i)] = base.get(i);
            newFactors.set(axes.get(i), factors.get(i));
        }
        return new AffineMap(List.of(newBase), newFactors);
    }

    AffineMap slice(List<Integer> start, List<Integer> step) {
        return new AffineMap(
                IntStream.range(0, base.size())
                        .mapToObj(i -> start.get(i) + step.get(i) * base.get(i))
                        .toList(),
                IntStream.range(0, base.size())
                        .mapToObj(i -> factors.get(i).stream()
                                .map(f -> f * step.get(i))
                                .toList())
                        .toList());
    }

    AffineMap flip(List<Integer> axes, Shape shape) {
        return new AffineMap(
                IntStream.range(0, base.size())
                        .mapToObj(i -> axes.contains(i) ? shape.dim(i) - 1 - base.get(i) : base.get(i))
                        .toList(),
                IntStream.range(0, base.size())
                        .mapToObj(i -> axes.contains(i)
                                ? factors.get(i).stream().map(f -> -f).toList()
                                : factors.get(i))
                        .toList());
    }

    /** From coordinates of a broadcast result to those of its operand. */
    AffineMap broadcast(Shape operand) {
        int added = base.size() - operand.rank();
        int axes = factors.isEmpty() ? 0 : factors.getFirst().size();
        List<Long> zeros = Collections.nCopies(axes, 0L);
        return new AffineMap(
                IntStream.range(0, operand.rank())
                        .mapToObj(i -> operand.dim(i) == 1 ? 0L : base.get(i + added))
                        .toList(),
                IntStream.range(0, operand.rank())
                        .mapToObj(i -> operand.dim(i) == 1 ? zeros : factors.get(i + added))
                        .toList());
    }

    /** The position in row-major memory of a tensor of the given shape. */
    Kernel.Access linear(Shape shape, int kernelAxes) {
        long[] strides = shape.strides();
        long offset = 0;
        long[] steps = new long[kernelAxes];
        for (int d = 0; d < strides.length; d++) {
            offset += base.get(d) * strides[d];
            for (int a = 0; a < kernelAxes; a++) {
                steps[a] += factors.get(d).get(a) * strides[d];
            }
        }
        return new Kernel.Access(offset, Arrays.stream(steps).boxed().toList());
    }

    /** From coordinates in {@code from} to coordinates of the same elements in {@code to}. */
    Reshaped reshape(Shape from, Shape to, List<Integer> extents) {
        int rank = to.rank();
        if (from.size() == 0) {
            List<Long> zeros = Collections.nCopies(extents.size(), 0L);
            return new Reshaped(
                    Optional.of(new AffineMap(Collections.nCopies(rank, 0L), Collections.nCopies(rank, zeros))),
                    Optional.empty());
        }
        Kernel.Access access = linear(from, extents.size());
        long[] strides = to.strides();
        long[] newBase = new long[rank];
        long[][] newFactors = new long[rank][extents.size()];
        long rest = access.offset();
        for (int d = 0; d < rank; d++) {
            newBase[d] = to.dim(d) == 1 ? 0 : rest / strides[d];
            rest -= newBase[d] * strides[d];
        }
        for (int a = 0; a < extents.size(); a++) {
            long step = access.strides().get(a);
            if (step == 0) {
                continue;
            }
            int d = 0;
            while (d < rank && (to.dim(d) == 1 || strides[d] > Math.abs(step))) {
                d++;
            }
            if (d == rank || step % strides[d] != 0) {
                return new Reshaped(Optional.empty(), Optional.empty());
            }
            long factor = step / strides[d];
            long room = to.dim(d);
            int extent = extents.get(a);
            if (Math.abs(factor) * (extent - 1) >= room) {
                long inner = room % Math.abs(factor) == 0 ? room / Math.abs(factor) : 0;
                boolean splits = inner > 1 && inner < extent && extent % inner == 0;
                return new Reshaped(
                        Optional.empty(),
                        splits ? Optional.of(new Split(a, (int) inner)) : Optional.empty());
            }
            newFactors[d][a] = factor;
        }
        for (int d = 0; d < rank; d++) {
            long low = newBase[d];
            long high = newBase[d];
            for (int a = 0; a < extents.size(); a++) {
                long reach = newFactors[d][a] * (extents.get(a) - 1);
                low += Math.min(0, reach);
                high += Math.max(0, reach);
            }
            if (low < 0 || high >= to.dim(d)) {
                return new Reshaped(Optional.empty(), Optional.empty());
            }
        }
        return new Reshaped(
                Optional.of(new AffineMap(
                        Arrays.stream(newBase).boxed().toList(),
                        Arrays.stream(newFactors)
                                .map(row -> Arrays.stream(row).boxed().toList())
                                .toList())),
                Optional.empty());
    }
}
