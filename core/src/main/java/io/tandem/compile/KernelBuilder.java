package io.tandem.compile;

import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Builds one kernel from the roots of a group: tensors of one full shape, reductions of it over the same axes, and tensors
 * of the reduced shape. What lies between roots and materialized tensors is computed inside the kernel.
 */
final class KernelBuilder {
    private final Shape full;
    private final List<Integer> reduced;
    private final Predicate<Tensor> materialized;

    private final List<List<Integer>> axisFactors;
    private List<Integer> extents = List.of();
    private int outerAxes;
    private final List<Integer> firstKernelAxis = new ArrayList<>();

    private final List<Kernel.Instruction> body = new ArrayList<>();
    private final Map<Kernel.Instruction, Integer> known = new HashMap<>();
    private final Map<Key, Integer> computed = new HashMap<>();
    private final Map<Tensor, AffineMap> rootMaps = new LinkedHashMap<>();
    private final Map<Tensor, Integer> operands = new LinkedHashMap<>();

    private record Key(Tensor tensor, AffineMap map) {}

    /** A kernel with the tensors that it reads and writes. */
    record Built(Kernel kernel, List<Tensor> operands, List<Tensor> results) {}

    /** The group cannot be one kernel; if {@code materialize} is there, it can once that tensor is in memory. */
    static final class NotFusible extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final transient java.util.Optional<Tensor> materialize;

        NotFusible(java.util.Optional<Tensor> materialize) {
            super(null, null, false, false);
            this.materialize = materialize;
        }

        java.util.Optional<Tensor> materialize() {
            return materialize;
        }
    }

    private static final class SplitAxis extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final transient AffineMap.Split split;

        SplitAxis(AffineMap.Split split) {
            super(null, null, false, false);
            this.split = split;
        }
    }

    private KernelBuilder(Shape full, List<Integer> reduced, Predicate<Tensor> materialized,
            List<List<Integer>> factors) {
        this.full = full;
        this.reduced = reduced;
        this.materialized = materialized;
        this.axisFactors = factors;
        List<Integer> sizes = new ArrayList<>();
        IntStream.range(0, full.rank()).forEach(d -> firstKernelAxis.add(-1));
        for (boolean inner : new boolean[] {false, true}) {
            for (int d = 0; d < full.rank(); d++) {
                if (reduced.contains(d) == inner) {
                    firstKernelAxis.set(d, sizes.size());
                    sizes.addAll(factors.get(d));
                }
            }
            if (!inner) {
                outerAxes = sizes.size();
            }
        }
        extents = List.copyOf(sizes);
    }

    /**
     * Builds the kernel of a group.
     *
     * @param roots what is computed, in topological order
     * @param stored which of the roots are written to memory
     * @param full the full shape
     * @param reduced the axes of it that the group's reductions reduce; empty if there are none
     * @param materialized which tensors are read from memory, roots of this group included
     */
    static Built build(
            List<Tensor> roots,
            List<Tensor> stored,
            Shape full,
            List<Integer> reduced,
            Predicate<Tensor> materialized) {
        List<List<Integer>> factors = new ArrayList<>();
        IntStream.range(0, full.rank()).forEach(d -> factors.add(List.of(full.dim(d))));
        while (true) {
            KernelBuilder builder = new KernelBuilder(full, reduced, materialized, factors);
            try {
                return builder.build(roots, stored);
            } catch (SplitAxis again) {
                builder.split(again.split, factors);
            }
        }
    }

    private void split(AffineMap.Split split, List<List<Integer>> factors) {
        for (int d = 0; d < full.rank(); d++) {
            int at = split.axis() - firstKernelAxis.get(d);
            if (at >= 0 && at < factors.get(d).size()) {
                List<Integer> finer = new ArrayList<>(factors.get(d));
                int extent = finer.remove(at);
                finer.add(at, extent / split.inner());
                finer.add(at + 1, split.inner());
                factors.set(d, List.copyOf(finer));
                return;
            }
        }
        throw new IllegalStateException("no axis " + split.axis());
    }

    private Built build(List<Tensor> roots, List<Tensor> stored) {
        List<Kernel.Store> stores = new ArrayList<>();
        List<Tensor> results = new ArrayList<>();
        for (Tensor root : roots) {
            AffineMap map = rootMap(root);
            rootMaps.put(root, map);
            int value = root.node().op() instanceof Op.Reduce reduce ? fold(root, reduce) : compute(root, map);
            computed.put(new Key(root, map), value);
            if (stored.contains(root)) {
                stores.add(new Kernel.Store(results.size(), value, map.linear(root.shape(), extents.size())));
                results.add(root);
            }
        }
        Kernel kernel = new Kernel(
                Shape.of(extents.subList(0, outerAxes)),
                Shape.of(extents.subList(outerAxes, extents.size())),
                operands.keySet().stream().map(Tensor::dtype).toList(),
                results.stream().map(Tensor::dtype).toList(),
                body,
                stores);
        if (repeatsWithinRows(kernel)) {
            throw new NotFusible(java.util.Optional.empty());
        }
        return new Built(KernelAxes.merge(kernel), List.copyOf(operands.keySet()), results);
    }

    /** Whether a value that is the same for a whole row goes to each place of the row: rows are then no form for it. */
    private static boolean repeatsWithinRows(Kernel kernel) {
        boolean[] perRow = kernel.perRow();
        return kernel.stores().stream()
                .anyMatch(s -> perRow[s.value()]
                        && IntStream.range(0, kernel.inner().rank())
                                .anyMatch(i -> kernel.inner().dim(i) > 1
                                        && s.access().strides().get(kernel.outer().rank() + i) != 0));
    }

    /** From the kernel's index to a root's coordinates: all axes for the full shape, outer axes for the reduced one. */
    private AffineMap rootMap(Tensor root) {
        boolean perRow = root.node().op() instanceof Op.Reduce || !reduced.isEmpty() && !root.shape().equals(full);
        List<List<Integer>> factors = new ArrayList<>();
        List<Integer> first = new ArrayList<>();
        for (int d = 0; d < full.rank(); d++) {
            if (!perRow || !reduced.contains(d)) {
                factors.add(axisFactors.get(d));
                first.add(firstKernelAxis.get(d));
            }
        }
        return AffineMap.identity(factors, first, extents.size());
    }

    private int fold(Tensor root, Op.Reduce reduce) {
        Tensor x = root.node().operand(0);
        AffineMap whole = AffineMap.identity(axisFactors, firstKernelAxis, extents.size());
        return add(new Kernel.Fold(root.dtype(), reduce.reduction(), reduce.accumulator(), value(x, whole)));
    }

    /** The value of a tensor at the mapped coordinates: loaded if it is in memory, else computed. */
    private int value(Tensor tensor, AffineMap map) {
        Integer before = computed.get(new Key(tensor, map));
        if (before != null) {
            return before;
        }
        if (rootMaps.containsKey(tensor)) {
            throw new NotFusible(java.util.Optional.empty());
        }
        int value = materialized.test(tensor) ? load(tensor, map) : compute(tensor, map);
        computed.put(new Key(tensor, map), value);
        return value;
    }

    private int load(Tensor tensor, AffineMap map) {
        int operand = operands.computeIfAbsent(tensor, t -> operands.size());
        return add(new Kernel.Load(tensor.dtype(), operand, map.linear(tensor.shape(), extents.size())));
    }

    private int compute(Tensor tensor, AffineMap map) {
        Node node = tensor.node();
        DType dtype = tensor.dtype();
        return switch (node.op()) {
            case Op.Constant constant -> add(new Kernel.Literal(dtype, constant.value().getDouble(0)));
            case Op.Iota iota -> {
                Kernel.Access coordinate = new Kernel.Access(
                        map.base().get(iota.axis()), map.factors().get(iota.axis()));
                yield add(new Kernel.Index(dtype, coordinate));
            }
            case Op.Unary unary -> add(new Kernel.Unary(dtype, unary.function(), value(node.operand(0), map)));
            case Op.Binary binary -> add(new Kernel.Binary(
                    dtype, binary.function(), value(node.operand(0), map), value(node.operand(1), map)));
            case Op.Compare compare -> add(new Kernel.Compare(
                    compare.comparison(), value(node.operand(0), map), value(node.operand(1), map)));
            case Op.Select select -> add(new Kernel.Select(
                    dtype,
                    value(node.operand(0), map),
                    value(node.operand(1), map),
                    value(node.operand(2), map)));
            case Op.Cast cast -> add(new Kernel.Cast(dtype, value(node.operand(0), map)));
            case Op.Permute permute -> value(node.operand(0), map.permute(permute.axes()));
            case Op.Broadcast broadcast -> value(node.operand(0), map.broadcast(node.operand(0).shape()));
            case Op.Slice slice -> value(node.operand(0), map.slice(slice.start(), slice.step()));
            case Op.Flip flip -> value(node.operand(0), map.flip(flip.axes(), tensor.shape()));
            case Op.Reshape reshape -> reshape(tensor, map);
            case Op.Input input -> load(tensor, map);
            case Op.Random random -> load(tensor, map);
            case Op.Pad pad -> load(tensor, map);
            case Op.Concat concat -> load(tensor, map);
            case Op.Reduce reduce -> load(tensor, map);
            case Op.ArgReduce arg -> load(tensor, map);
            case Op.MatMul matMul -> load(tensor, map);
            case Op.Convolution c -> load(tensor, map);
            case Op.ConvolutionInputGradient c -> load(tensor, map);
            case Op.ConvolutionFilterGradient c -> load(tensor, map);
            case Op.Pool pool -> load(tensor, map);
            case Op.PoolGradient pool -> load(tensor, map);
            case Op.PoolPick pick -> load(tensor, map);
            case Op.Gather gather -> load(tensor, map);
            case Op.ScatterAdd scatter -> load(tensor, map);
            case Op.Scan scan -> load(tensor, map);
            case Op.Composite composite -> load(tensor, map);
        };
    }

    private int reshape(Tensor tensor, AffineMap map) {
        Tensor operand = tensor.node().operand(0);
        AffineMap.Reshaped reshaped = map.reshape(tensor.shape(), operand.shape(), extents);
        if (reshaped.map().isPresent()) {
            return value(operand, reshaped.map().get());
        }
        if (reshaped.split().isPresent()) {
            throw new SplitAxis(reshaped.split().get());
        }
        if (materialized.test(Fusion.base(operand))) {
            return load(tensor, map);
        }
        throw new NotFusible(java.util.Optional.of(Fusion.base(operand)));
    }

    private int add(Kernel.Instruction instruction) {
        return known.computeIfAbsent(instruction, i -> {
            body.add(i);
            return body.size() - 1;
        });
    }
}
