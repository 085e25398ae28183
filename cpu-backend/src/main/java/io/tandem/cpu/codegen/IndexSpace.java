package io.tandem.cpu.codegen;

import io.tandem.compile.Kernel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * A kernel's index space, with as few axes as possible: those of size 1 are dropped, and neighbours are merged where
 * all accesses step evenly across both. Axes are in the order of the accesses' strides, the largest first.
 *
 * @param outer axes of rows, at least one
 * @param inner axes of the elements of a row, at least one if the kernel has inner axes
 * @param accesses the kernel's accesses: by number of the instruction (zeros where it has none), then by number of the
 *     store
 */
record IndexSpace(List<Axis> outer, List<Axis> inner, List<Kernel.Access> accesses) {
    /**
     * One axis.
     *
     * @param size number of steps
     * @param strides distance of neighbours, by access
     */
    record Axis(long size, long[] strides) {
        boolean continues(Axis next) {
            for (int i = 0; i < strides.length; i++) {
                if (strides[i] != next.strides[i] * next.size) {
                    return false;
                }
            }
            return true;
        }
    }

    /** The index space of a kernel; with {@code joined}, inner axes count as outer ones. */
    static IndexSpace of(Kernel kernel, boolean joined) {
        List<Kernel.Access> accesses = new ArrayList<>();
        int outerRank = kernel.outer().rank();
        int rank = outerRank + kernel.inner().rank();
        Kernel.Access none = new Kernel.Access(0, Collections.nCopies(rank, 0L));
        for (Kernel.Instruction instruction : kernel.body()) {
            accesses.add(accessOf(instruction, none));
        }
        kernel.stores().forEach(store -> accesses.add(store.access()));
        List<Axis> outer = new ArrayList<>();
        for (int i = 0; i < outerRank; i++) {
            outer.add(axis(kernel.outer().dim(i), accesses, i));
        }
        List<Axis> inner = new ArrayList<>();
        for (int i = 0; i < kernel.inner().rank(); i++) {
            inner.add(axis(kernel.inner().dim(i), accesses, outerRank + i));
        }
        if (joined) {
            outer.addAll(inner);
            inner.clear();
        }
        int stores = accesses.size() - kernel.stores().size();
        List<Axis> elements = inner.isEmpty() ? inner : simplified(inner, accesses.size(), 0);
        return new IndexSpace(simplified(outer, accesses.size(), stores), elements, accesses);
    }

    private static Kernel.Access accessOf(Kernel.Instruction instruction, Kernel.Access none) {
        return switch (instruction) {
            case Kernel.Load load -> load.access();
            case Kernel.Index index -> index.access();
            default -> none;
        };
    }

    private static Axis axis(int size, List<Kernel.Access> accesses, int position) {
        long[] strides = new long[accesses.size()];
        for (int i = 0; i < strides.length; i++) {
            strides[i] = accesses.get(i).strides().get(position);
        }
        return new Axis(size, strides);
    }

    /** @param first the access that decides the order */
    private static List<Axis> simplified(List<Axis> axes, int accesses, int first) {
        List<Axis> sorted = new ArrayList<>(axes);
        sorted.removeIf(axis -> axis.size == 1);
        sorted.sort(descendingStrides(accesses, first));
        List<Axis> merged = new ArrayList<>();
        for (Axis axis : sorted) {
            Axis last = merged.isEmpty() ? null : merged.getLast();
            if (last != null && last.continues(axis)) {
                merged.set(merged.size() - 1, new Axis(last.size * axis.size, axis.strides));
            } else {
                merged.add(axis);
            }
        }
        if (merged.isEmpty()) {
            long[] strides = new long[accesses];
            Arrays.fill(strides, 1);
            merged.add(new Axis(1, strides));
        }
        return List.copyOf(merged);
    }

    private static Comparator<Axis> descendingStrides(int accesses, int first) {
        return (a, b) -> {
            for (int i = 0; i < accesses; i++) {
                int access = (first + i) % accesses;
                int order = Long.compare(Math.abs(b.strides[access]), Math.abs(a.strides[access]));
                if (order != 0) {
                    return order;
                }
            }
            return 0;
        };
    }

    /** All axes, the outer ones first. */
    List<Axis> axes() {
        List<Axis> all = new ArrayList<>(outer);
        all.addAll(inner);
        return all;
    }

    /** The product of sizes. */
    static long size(List<Axis> axes) {
        return axes.stream().mapToLong(Axis::size).reduce(1, Math::multiplyExact);
    }
}
