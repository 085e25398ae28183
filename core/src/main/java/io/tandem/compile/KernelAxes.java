package io.tandem.compile;

import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/** Brings a kernel's axes into their shortest form: axes of size 1 vanish, neighbours that are walked as one merge. */
public final class KernelAxes {
    private KernelAxes() {}

    /** The same kernel with as few axes as possible. */
    public static Kernel merge(Kernel kernel) {
        int outer = kernel.outer().rank();
        List<Integer> sizes = new ArrayList<>(kernel.outer().dims());
        sizes.addAll(kernel.inner().dims());
        List<Kernel.Access> accesses = accesses(kernel);

        List<List<Integer>> groups = new ArrayList<>(); // original axes that become one
        int outerGroups = 0;
        int last = -1;
        for (int axis = 0; axis < sizes.size(); axis++) {
            if (axis == outer) {
                outerGroups = groups.size();
                last = -1;
            }
            if (sizes.get(axis) == 1) {
                continue;
            }
            if (last >= 0 && mergeable(accesses, last, axis, sizes.get(axis))) {
                groups.getLast().add(axis);
            } else {
                groups.add(new ArrayList<>(List.of(axis)));
            }
            last = axis;
        }
        if (outer >= sizes.size()) {
            outerGroups = groups.size();
        }
        List<List<Integer>> outerAxes = groups.subList(0, outerGroups);
        List<List<Integer>> innerAxes = groups.subList(outerGroups, groups.size());
        // A row of one element is still a row: without an inner axis the kernel would count as elementwise.
        boolean keepInner = kernel.inner().rank() > 0 && innerAxes.isEmpty();
        Shape newOuter = shape(outerAxes, sizes);
        Shape newInner = keepInner ? Shape.of(1) : shape(innerAxes, sizes);
        return new Kernel(
                newOuter,
                newInner,
                kernel.operands(),
                kernel.results(),
                kernel.body().stream()
                        .map(i -> switch (i) {
                            case Kernel.Load load ->
                                new Kernel.Load(load.dtype(), load.operand(), access(load.access(), groups, keepInner));
                            case Kernel.Index index ->
                                new Kernel.Index(index.dtype(), access(index.access(), groups, keepInner));
                            default -> i;
                        })
                        .toList(),
                kernel.stores().stream()
                        .map(s -> new Kernel.Store(s.result(), s.value(), access(s.access(), groups, keepInner)))
                        .toList());
    }

    private static List<Kernel.Access> accesses(Kernel kernel) {
        List<Kernel.Access> accesses = new ArrayList<>();
        kernel.body().forEach(i -> {
            if (i instanceof Kernel.Load load) {
                accesses.add(load.access());
            } else if (i instanceof Kernel.Index index) {
                accesses.add(index.access());
            }
        });
        kernel.stores().forEach(s -> accesses.add(s.access()));
        return accesses;
    }

    private static boolean mergeable(List<Kernel.Access> accesses, int left, int right, int rightSize) {
        return accesses.stream()
                .allMatch(a -> a.strides().get(left) == a.strides().get(right) * rightSize);
    }

    private static Shape shape(List<List<Integer>> groups, List<Integer> sizes) {
        return Shape.of(groups.stream()
                .map(g -> g.stream().map(sizes::get).reduce(1, Math::multiplyExact))
                .toList());
    }

    private static Kernel.Access access(Kernel.Access access, List<List<Integer>> groups, boolean keepInner) {
        List<Long> strides = new ArrayList<>();
        groups.forEach(g -> strides.add(access.strides().get(g.getLast())));
        if (keepInner) {
            strides.add(0L);
        }
        return new Kernel.Access(access.offset(), strides);
    }
}
