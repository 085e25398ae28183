package io.tandem.compile;

import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Graph;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Divides a graph into kernels and calls. Elementwise operations and index-only movements are computed inside the kernels
 * that use them; a tensor goes through memory when a call needs it, when several kernels use it and it is not cheap to
 * repeat, or when repeating it would multiply work. Kernels over the same index space that depend on each other or read
 * the same tensors become one.
 */
final class Fusion {
    private static final int MAX_EXPRESSION = 40;
    private static final int MAX_GROUP_ROOTS = 8;
    private static final int MAX_OPERANDS = 16;
    /** Rows longer than this are not passed over a second time in one kernel: they would leave the caches. */
    private static final long MAX_ROW = 16_384;

    private final Graph graph;
    private final boolean fuse;
    private final Set<Node> repetitions;
    private final boolean[] needed;
    private final Map<Tensor, List<Node>> consumers = new HashMap<>();
    private final Set<Tensor> outputs;
    private final Epilogues epilogues;
    private final Set<Tensor> materialized = new HashSet<>();
    private final Map<Tensor, Integer> size = new HashMap<>();

    /** What one step does, before it has memory. */
    sealed interface Unit {
        /** The tensors that it reads. */
        List<Tensor> operands();

        /** The tensors that it writes. */
        List<Tensor> results();
    }

    /** A kernel over the roots of a group. */
    record KernelUnit(KernelBuilder.Built built) implements Unit {
        @Override
        public List<Tensor> operands() {
            return built.operands();
        }

        @Override
        public List<Tensor> results() {
            return built.results();
        }
    }

    /** An operation that is not computed in kernels, with what is applied to its result on the way. */
    record CallUnit(Node node, Optional<Epilogues.Found> epilogue) implements Unit {
        @Override
        public List<Tensor> operands() {
            List<Tensor> operands = new ArrayList<>(node.operands());
            epilogue.flatMap(Epilogues.Found::bias).ifPresent(operands::add);
            return operands;
        }

        /** Its place in the order of nodes. */
        int position() {
            return results().getFirst().node().id();
        }

        @Override
        public List<Tensor> results() {
            return epilogue.map(e -> List.of(e.result())).orElseGet(node::results);
        }
    }

    private Fusion(Graph graph, boolean fuse, Lowering lowering, Set<Node> repetitions) {
        this.graph = graph;
        this.fuse = fuse;
        this.repetitions = repetitions;
        this.needed = io.tandem.graph.GraphStructure.needed(graph.outputTensors(), Set.of());
        this.outputs = new LinkedHashSet<>(graph.outputTensors());
        for (Node node : graph.nodes()) {
            if (needed[node.id()]) {
                node.operands().forEach(x -> consumers.computeIfAbsent(x, k -> new ArrayList<>()).add(node));
            }
        }
        List<Node> searched =
                graph.nodes().stream().filter(n -> fuse && needed[n.id()]).toList();
        this.epilogues = new Epilogues(searched, consumers, outputs, lowering);
    }

    /**
     * The graph's work in order. With {@code fuse} off, each operation becomes a kernel or call of its own.
     *
     * @param repetitions what {@link Recompute} has added, and what must not be computed earlier than it is needed
     */
    static List<Unit> divide(Graph graph, boolean fuse, Lowering lowering, Set<Node> repetitions) {
        if (graph.outputs().isEmpty()) {
            return List.of();
        }
        Fusion fusion = new Fusion(graph, fuse, lowering, repetitions);
        fusion.chooseMaterialized();
        while (true) {
            try {
                return fusion.units();
            } catch (KernelBuilder.NotFusible e) {
                Tensor more = e.materialize().orElseThrow(() -> e);
                if (!fusion.materialized.add(more)) {
                    throw new IllegalStateException("cannot divide the graph at " + more, e);
                }
            }
        }
    }

    /** The tensor in whose memory a view lies: reshapes, and slices that are contiguous, are views. */
    static Tensor base(Tensor tensor) {
        Tensor base = tensor;
        while (isView(base.node())) {
            base = base.node().operand(0);
        }
        return base;
    }

    static boolean isView(Node node) {
        return node.op() instanceof Op.Reshape
                || node.op() instanceof Op.Slice slice
                        && isContiguous(slice, node.operand(0).shape());
    }

    private static boolean isContiguous(Op.Slice slice, Shape shape) {
        if (shape.size() == 0) {
            return false;
        }
        boolean partial = false;
        for (int d = shape.rank() - 1; d >= 0; d--) {
            int length = slice.stop().get(d) - slice.start().get(d);
            boolean whole = length == shape.dim(d);
            if (slice.step().get(d) != 1 && length > 1 || partial && length != 1) {
                return false;
            }
            partial |= !whole;
            if (length == 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean isMovement(Op op) {
        return op instanceof Op.Reshape
                || op instanceof Op.Permute
                || op instanceof Op.Broadcast
                || op instanceof Op.Slice
                || op instanceof Op.Flip;
    }

    private static boolean isElementwise(Op op) {
        return op instanceof Op.Unary
                || op instanceof Op.Binary
                || op instanceof Op.Compare
                || op instanceof Op.Select
                || op instanceof Op.Cast
                || op instanceof Op.Iota;
    }

    static boolean isLiteral(Node node) {
        return node.op() instanceof Op.Constant constant
                && constant.value().shape().size() == 1
                && Math.abs(constant.value().getLong(0)) <= 1L << 53;
    }

    /** Whether kernels compute a node on the way. */
    static boolean isInlined(Node node) {
        return isMovement(node.op()) || isElementwise(node.op()) || isLiteral(node);
    }

    // ---- what goes through memory ----

    private void chooseMaterialized() {
        outputs.forEach(output -> materialized.add(base(output)));
        for (Node node : graph.nodes()) {
            if (!needed[node.id()]) {
                continue;
            }
            if (!isInlined(node)) {
                CallUnit call = new CallUnit(node, epilogues.of(node));
                materialized.addAll(call.results());
                if (!(node.op() instanceof Op.Reduce)) {
                    call.operands().forEach(x -> materialized.add(base(x)));
                }
            }
        }
        for (Node node : graph.nodes()) {
            if (needed[node.id()] && isInlined(node) && !isLiteral(node)) {
                Tensor tensor = node.result(0);
                if (epilogues.isAbsorbed(tensor)) {
                    continue;
                }
                if (!materialized.contains(tensor) && (fuse ? mustMaterialize(tensor) : !isView(node))) {
                    materialized.add(tensor);
                }
                size.put(tensor, expressionSize(node));
            }
        }
    }

    private boolean mustMaterialize(Tensor tensor) {
        Node node = tensor.node();
        if (isMovement(node.op())) {
            return expressionSize(node) > MAX_EXPRESSION;
        }
        if (expressionSize(node) > MAX_EXPRESSION || loads(tensor).size() > MAX_OPERANDS - 2) {
            return true;
        }
        List<Node> users = users(tensor);
        if (users.size() > 1 && !isCheap(node)) {
            return true;
        }
        return repeatsWork(tensor);
    }

    private int expressionSize(Node node) {
        return 1
                + node.operands().stream()
                        .mapToInt(x -> materialized.contains(x) ? 0 : size.getOrDefault(x, 0))
                        .sum();
    }

    private Set<Tensor> loads(Tensor tensor) {
        Set<Tensor> loads = new HashSet<>();
        List<Tensor> open = new ArrayList<>(tensor.node().operands());
        while (!open.isEmpty() && loads.size() <= MAX_OPERANDS) {
            Tensor next = open.removeLast();
            if (materialized.contains(next) || !isInlined(next.node())) {
                loads.add(next);
            } else {
                open.addAll(next.node().operands());
            }
        }
        return loads;
    }

    /** The nodes that compute with a tensor, seen through movements. */
    private Set<Node> usersOf(Tensor tensor) {
        Set<Node> users = new LinkedHashSet<>();
        List<Tensor> open = new ArrayList<>(List.of(tensor));
        while (!open.isEmpty()) {
            Tensor next = open.removeLast();
            for (Node user : consumers.getOrDefault(next, List.of())) {
                if (isMovement(user.op()) && !materialized.contains(user.result(0))) {
                    open.add(user.result(0));
                } else {
                    users.add(user);
                }
            }
        }
        return users;
    }

    private List<Node> users(Tensor tensor) {
        return List.copyOf(usersOf(tensor));
    }

    /** One simple operation on what is in memory anyway costs less to repeat than to write and read again. */
    private boolean isCheap(Node node) {
        boolean simple = switch (node.op()) {
            case Op.Iota iota -> true;
            case Op.Compare compare -> true;
            case Op.Cast cast -> true;
            case Op.Select select -> true;
            case Op.Unary unary -> switch (unary.function()) {
                case NEG, ABS, SIGN, RELU, NOT, IS_FINITE, STOP_GRADIENT, FLOOR, CEIL, ROUND -> true;
                case EXP, EXPM1, LOG, LOG1P, SQRT, RSQRT, RECIPROCAL, SIN, COS, TANH, SIGMOID, ERF -> false;
            };
            case Op.Binary binary -> binary.function() != BinaryFunction.POW && binary.function() != BinaryFunction.DIV
                    && binary.function() != BinaryFunction.REMAINDER;
            default -> false;
        };
        return simple && expressionSize(node) <= 4 && loads(node.result(0)).size() <= 1;
    }

    /** Whether a user repeats a computed tensor along an axis: then it is computed once, before. */
    private boolean repeatsWork(Tensor tensor) {
        if (loads(tensor).isEmpty() && expressionSize(tensor.node()) <= 2) {
            return false;
        }
        List<Tensor> open = new ArrayList<>(List.of(tensor));
        while (!open.isEmpty()) {
            Tensor next = open.removeLast();
            for (Node user : consumers.getOrDefault(next, List.of())) {
                if (user.op() instanceof Op.Broadcast b && b.shape().size() > tensor.shape().size()) {
                    return true;
                }
                if (isMovement(user.op()) && !materialized.contains(user.result(0))) {
                    open.add(user.result(0));
                }
            }
        }
        return false;
    }

    // ---- groups ----

    /** Roots that become one kernel; {@code reduced} is empty while no reduction is among them. */
    private static final class Group {
        private final List<Tensor> roots = new ArrayList<>();
        private Shape full;
        private List<Integer> reduced;
        private int position;
        private final Set<Tensor> reads = new LinkedHashSet<>();

        Group(Tensor root, int position) {
            roots.add(root);
            this.position = position;
            if (root.node().op() instanceof Op.Reduce reduce) {
                full = root.node().operand(0).shape();
                reduced = reduce.axes();
            } else {
                full = root.shape();
                reduced = List.of();
            }
        }
    }

    private List<Unit> units() {
        List<Group> groups = new ArrayList<>();
        Map<Tensor, Integer> producedAt = new HashMap<>();
        Map<Tensor, Group> producer = new HashMap<>();
        Map<Tensor, Integer> firstRead = new HashMap<>();
        List<CallUnit> calls = new ArrayList<>();
        for (Node node : graph.nodes()) {
            if (!needed[node.id()]) {
                continue;
            }
            int position = node.id();
            boolean root = node.op() instanceof Op.Reduce
                    || isInlined(node) && !isView(node) && materialized.contains(node.result(0));
            if (root && !epilogues.isResult(node.result(0))) {
                Tensor tensor = node.result(0);
                Group fresh = new Group(tensor, position);
                Collection<Tensor> reads = reads(tensor);
                Group joined = fuse ? join(fresh, reads, groups, producer, producedAt, firstRead) : null;
                Group group = joined == null ? fresh : joined;
                if (joined == null) {
                    groups.add(fresh);
                }
                reads.stream().filter(x -> !group.roots.contains(x)).forEach(group.reads::add);
                producer.put(tensor, group);
                group.roots.forEach(r -> producedAt.put(r, group.position));
                group.reads.forEach(x -> firstRead.merge(x, group.position, Math::min));
            } else if (!isInlined(node)) {
                CallUnit call = new CallUnit(node, epilogues.of(node));
                calls.add(call);
                // With an epilogue, the call waits for the bias, which may come after the operation itself.
                call.results().forEach(r -> producedAt.put(r, call.position()));
                call.operands().forEach(x -> firstRead.merge(base(x), position, Math::min));
            }
        }
        return assemble(groups, calls);
    }

    private Collection<Tensor> reads(Tensor root) {
        Set<Tensor> reads = new LinkedHashSet<>();
        List<Tensor> open = new ArrayList<>(root.node().operands());
        Set<Tensor> seen = new HashSet<>(open);
        while (!open.isEmpty()) {
            Tensor next = open.removeFirst();
            if (materialized.contains(next)) {
                reads.add(next);
            } else {
                next.node().operands().stream().filter(seen::add).forEach(open::add);
            }
        }
        return reads;
    }

    /** Finds a group that the fresh one can join, extends it, and returns it; null if there is none. */
    private Group join(
            Group fresh,
            Collection<Tensor> reads,
            List<Group> groups,
            Map<Tensor, Group> producer,
            Map<Tensor, Integer> producedAt,
            Map<Tensor, Integer> firstRead) {
        Set<Group> candidates = new LinkedHashSet<>();
        for (Tensor read : reads) {
            if (producer.containsKey(read)) {
                candidates.add(producer.get(read));
            }
        }
        for (int i = groups.size() - 1; i >= Math.max(0, groups.size() - 8); i--) {
            Group group = groups.get(i);
            if (group.reads.stream().anyMatch(x -> reads.contains(x) && x.shape().size() > 1)) {
                candidates.add(group);
            }
        }
        for (Group group : candidates) {
            Group merged = merged(group, fresh, reads);
            if (merged == null) {
                continue;
            }
            int latestInput = reads.stream()
                    .filter(x -> !group.roots.contains(x))
                    .mapToInt(x -> producedAt.getOrDefault(x, -1))
                    .max()
                    .orElse(-1);
            boolean early = latestInput < group.position && mayRunEarly(fresh, group);
            boolean late = group.roots.stream()
                    .allMatch(r -> firstRead.getOrDefault(r, Integer.MAX_VALUE) >= fresh.position);
            if (!early && !late) {
                continue;
            }
            if (!builds(merged)) {
                continue;
            }
            group.roots.add(fresh.roots.getFirst());
            group.full = merged.full;
            group.reduced = merged.reduced;
            group.position = early ? group.position : fresh.position;
            return group;
        }
        return null;
    }

    /** A repetition waits for the first use, unless another one runs already. */
    private boolean mayRunEarly(Group fresh, Group group) {
        return !repetitions.contains(fresh.roots.getFirst().node())
                || group.roots.stream().anyMatch(r -> repetitions.contains(r.node()));
    }

    /** The index space of both together, or null if they have none. */
    private Group merged(Group group, Group fresh, Collection<Tensor> reads) {
        if (group.roots.size() >= MAX_GROUP_ROOTS) {
            return null;
        }
        Set<Tensor> operands = new HashSet<>(group.reads);
        operands.addAll(reads);
        operands.removeAll(group.roots);
        if (operands.size() > MAX_OPERANDS) {
            return null;
        }
        Group merged = new Group(group.roots.getFirst(), group.position);
        merged.roots.clear();
        merged.roots.addAll(group.roots);
        merged.roots.add(fresh.roots.getFirst());
        merged.full = group.full;
        merged.reduced = group.reduced;
        if (!group.reduced.isEmpty() && !fresh.reduced.isEmpty()) {
            if (!group.full.equals(fresh.full) || !group.reduced.equals(fresh.reduced)) {
                return null;
            }
        } else if (!fresh.reduced.isEmpty()) {
            if (!group.full.equals(fresh.full)) {
                return null;
            }
            merged.full = fresh.full;
            merged.reduced = fresh.reduced;
        } else if (!fresh.full.equals(group.full)) {
            // Perhaps a tensor of the reduced shape: what follows a reduction, per row.
            Shape kept = group.full;
            for (int i = group.reduced.size() - 1; i >= 0; i--) {
                kept = kept.without(group.reduced.get(i));
            }
            if (group.reduced.isEmpty() || !fresh.full.equals(kept) || kept.equals(group.full)) {
                return null;
            }
        }
        boolean dependsOnFold = reads.stream()
                .anyMatch(x -> group.roots.contains(x) && !group.reduced.isEmpty());
        long row = merged.reduced.stream().mapToLong(merged.full::dim).reduce(1, (a, b) -> a * b);
        long rows = merged.full.size() / Math.max(1, row);
        if (dependsOnFold && (row > MAX_ROW || rows < 4 && row > 256)) {
            return null;
        }
        // Reducing leading axes walks columns; an elementwise result in the same kernel would be written column by column.
        boolean mixed = !merged.reduced.isEmpty() && (fresh.reduced.isEmpty() || group.reduced.isEmpty());
        boolean trailing = merged.reduced.isEmpty()
                || merged.reduced.getFirst() == merged.full.rank() - merged.reduced.size();
        return mixed && !trailing ? null : merged;
    }

    private boolean builds(Group group) {
        try {
            KernelBuilder.Built built =
                    KernelBuilder.build(group.roots, group.roots, group.full, group.reduced, materialized::contains);
            return built.kernel().body().size() <= 4 * MAX_EXPRESSION && built.operands().size() <= MAX_OPERANDS;
        } catch (KernelBuilder.NotFusible e) {
            return false;
        }
    }

    private List<Unit> assemble(List<Group> groups, List<CallUnit> calls) {
        Set<Tensor> readElsewhere = new HashSet<>();
        outputs.forEach(o -> readElsewhere.add(base(o)));
        calls.forEach(c -> c.operands().forEach(x -> readElsewhere.add(base(x))));
        groups.forEach(g -> readElsewhere.addAll(g.reads));

        record Placed(int position, Unit unit) {}
        List<Placed> placed = new ArrayList<>();
        for (CallUnit call : calls) {
            if (!(call.node().op() instanceof Op.Input) && !(call.node().op() instanceof Op.Constant)) {
                placed.add(new Placed(call.position(), call));
            }
        }
        for (Group group : groups) {
            List<Tensor> stored =
                    group.roots.stream().filter(readElsewhere::contains).toList();
            KernelBuilder.Built built =
                    KernelBuilder.build(group.roots, stored, group.full, group.reduced, materialized::contains);
            placed.add(new Placed(group.position, new KernelUnit(built)));
        }
        placed.sort(java.util.Comparator.comparingInt(Placed::position));
        return placed.stream().map(Placed::unit).toList();
    }
}
