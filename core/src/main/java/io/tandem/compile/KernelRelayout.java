package io.tandem.compile;

import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Rewrites a kernel for operands and results in other layouts: axes are split until each moves within one digit of a
 * value's index, strides are exchanged, and axes are sorted so that memory is walked in order.
 */
public final class KernelRelayout {
    private final Map<Integer, ChannelBlocks> operands;
    private final Map<Integer, ChannelBlocks> results;

    private KernelRelayout(Map<Integer, ChannelBlocks> operands, Map<Integer, ChannelBlocks> results) {
        this.operands = operands;
        this.results = results;
    }

    /** Axis {@code axis} has to become two, the inner one of the given size. */
    private record Split(int axis, int inner) {}

    private record Moved(Optional<Kernel.Access> access, Optional<Split> split) {
        static final Moved IMPOSSIBLE = new Moved(Optional.empty(), Optional.empty());
    }

    /**
     * The kernel for values in layouts; empty if an access does not follow a layout's axes.
     *
     * @param operands layouts by operand number; the others are row-major
     * @param results layouts by result number
     */
    public static Optional<Kernel> apply(
            Kernel kernel, Map<Integer, ChannelBlocks> operands, Map<Integer, ChannelBlocks> results) {
        if (kernel.size() == 0) {
            return Optional.empty();
        }
        KernelRelayout relayout = new KernelRelayout(operands, results);
        Kernel current = kernel;
        while (true) {
            Optional<Split> split = Optional.empty();
            for (Located access : relayout.located(current)) {
                Moved moved = move(access.access, access.layout, sizes(current));
                if (moved.access.isEmpty() && moved.split.isEmpty()) {
                    return Optional.empty();
                }
                if (moved.split.isPresent()) {
                    split = moved.split;
                    break;
                }
            }
            if (split.isEmpty()) {
                return Optional.of(KernelAxes.merge(sorted(relayout.moved(current))));
            }
            current = split(current, split.get());
        }
    }

    private record Located(Kernel.Access access, ChannelBlocks layout) {}

    private List<Located> located(Kernel kernel) {
        List<Located> located = new ArrayList<>();
        for (Kernel.Instruction instruction : kernel.body()) {
            if (instruction instanceof Kernel.Load load && operands.containsKey(load.operand())) {
                located.add(new Located(load.access(), operands.get(load.operand())));
            }
        }
        for (Kernel.Store store : kernel.stores()) {
            if (results.containsKey(store.result())) {
                located.add(new Located(store.access(), results.get(store.result())));
            }
        }
        return located;
    }

    private static List<Integer> sizes(Kernel kernel) {
        List<Integer> sizes = new ArrayList<>(kernel.outer().dims());
        sizes.addAll(kernel.inner().dims());
        return sizes;
    }

    /** The access in the layout, if each axis moves within one digit and no two carry into the next. */
    private static Moved move(Kernel.Access access, ChannelBlocks layout, List<Integer> sizes) {
        List<ChannelBlocks.Digit> digits = layout.digits();
        long[] low = new long[digits.size()];
        long offset = 0;
        long rest = access.offset();
        for (int d = 0; d < low.length; d++) {
            low[d] = rest / digits.get(d).from();
            rest -= low[d] * digits.get(d).from();
            offset += low[d] * digits.get(d).to();
        }
        if (rest != 0) {
            return Moved.IMPOSSIBLE;
        }
        long[] high = low.clone();
        List<Long> strides = new ArrayList<>();
        for (int axis = 0; axis < sizes.size(); axis++) {
            long step = access.strides().get(axis);
            int size = sizes.get(axis);
            if (step == 0 || size == 1) {
                strides.add(0L);
                continue;
            }
            int d = 0;
            while (d < low.length && digits.get(d).from() > Math.abs(step)) {
                d++;
            }
            if (d == low.length || step % digits.get(d).from() != 0) {
                return Moved.IMPOSSIBLE;
            }
            long factor = step / digits.get(d).from();
            long reach = factor * (size - 1);
            long extent = digits.get(d).extent();
            if (Math.abs(reach) >= extent) {
                long inner = extent % Math.abs(factor) == 0 ? extent / Math.abs(factor) : 0;
                boolean splits = factor > 0 && inner > 1 && inner < size && size % inner == 0;
                return splits
                        ? new Moved(Optional.empty(), Optional.of(new Split(axis, (int) inner)))
                        : Moved.IMPOSSIBLE;
            }
            low[d] += Math.min(0, reach);
            high[d] += Math.max(0, reach);
            strides.add(factor * digits.get(d).to());
        }
        for (int d = 0; d < low.length; d++) {
            if (low[d] < 0 || high[d] >= digits.get(d).extent()) {
                return Moved.IMPOSSIBLE;
            }
        }
        return new Moved(Optional.of(new Kernel.Access(offset, strides)), Optional.empty());
    }

    private Kernel moved(Kernel kernel) {
        List<Integer> sizes = sizes(kernel);
        List<Kernel.Instruction> body = kernel.body().stream()
                .map(i -> i instanceof Kernel.Load load && operands.containsKey(load.operand())
                        ? new Kernel.Load(
                                load.dtype(),
                                load.operand(),
                                move(load.access(), operands.get(load.operand()), sizes).access
                                        .orElseThrow())
                        : i)
                .toList();
        List<Kernel.Store> stores = kernel.stores().stream()
                .map(s -> results.containsKey(s.result())
                        ? new Kernel.Store(
                                s.result(),
                                s.value(),
                                move(s.access(), results.get(s.result()), sizes).access
                                        .orElseThrow())
                        : s)
                .toList();
        return new Kernel(kernel.outer(), kernel.inner(), kernel.operands(), kernel.results(), body, stores);
    }

    private static Kernel split(Kernel kernel, Split split) {
        boolean inOuter = split.axis < kernel.outer().rank();
        Shape outer = inOuter ? split(kernel.outer(), split.axis, split.inner) : kernel.outer();
        Shape inner = inOuter
                ? kernel.inner()
                : split(kernel.inner(), split.axis - kernel.outer().rank(), split.inner);
        return withAccesses(kernel, outer, inner, access -> {
            List<Long> strides = new ArrayList<>(access.strides());
            strides.add(split.axis, strides.get(split.axis) * split.inner);
            return new Kernel.Access(access.offset(), strides);
        });
    }

    private static Shape split(Shape shape, int axis, int inner) {
        List<Integer> dims = new ArrayList<>(shape.dims());
        int size = dims.remove(axis);
        dims.add(axis, inner);
        dims.add(axis, size / inner);
        return Shape.of(dims);
    }

    /** Axes in the order of the steps that stores, and then loads, take along them, the longest first. */
    private static Kernel sorted(Kernel kernel) {
        List<Kernel.Access> accesses = new ArrayList<>();
        kernel.stores().forEach(s -> accesses.add(s.access()));
        kernel.body().forEach(i -> {
            if (i instanceof Kernel.Load load) {
                accesses.add(load.access());
            }
        });
        int outer = kernel.outer().rank();
        int all = outer + kernel.inner().rank();
        Comparator<Integer> byStep = Comparator.comparingLong(axis -> -step(accesses, axis));
        List<Integer> order = new ArrayList<>(
                IntStream.range(0, outer).boxed().sorted(byStep).toList());
        order.addAll(IntStream.range(outer, all).boxed().sorted(byStep).toList());
        List<Integer> sizes = sizes(kernel);
        List<Integer> dims = order.stream().map(sizes::get).toList();
        return withAccesses(
                kernel,
                Shape.of(dims.subList(0, outer)),
                Shape.of(dims.subList(outer, all)),
                access -> new Kernel.Access(
                        access.offset(), order.stream().map(access.strides()::get).toList()));
    }

    private static long step(List<Kernel.Access> accesses, int axis) {
        long longest = 0;
        for (Kernel.Access access : accesses) {
            long step = Math.abs(access.strides().get(axis));
            if (step > 0) {
                // The smallest step of all decides: where some access is contiguous, the axis goes innermost.
                longest = longest == 0 ? step : Math.min(longest, step);
            }
        }
        return longest;
    }

    private static Kernel withAccesses(
            Kernel kernel, Shape outer, Shape inner, UnaryOperator<Kernel.Access> change) {
        return new Kernel(
                outer,
                inner,
                kernel.operands(),
                kernel.results(),
                kernel.body().stream()
                        .map(i -> switch (i) {
                            case Kernel.Load load ->
                                new Kernel.Load(load.dtype(), load.operand(), change.apply(load.access()));
                            case Kernel.Index index -> new Kernel.Index(index.dtype(), change.apply(index.access()));
                            default -> i;
                        })
                        .toList(),
                kernel.stores().stream()
                        .map(s -> new Kernel.Store(s.result(), s.value(), change.apply(s.access())))
                        .toList());
    }
}
