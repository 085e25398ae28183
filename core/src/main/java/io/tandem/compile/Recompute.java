package io.tandem.compile;

import io.tandem.graph.Graph;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Computes values of the forward pass again where the backward pass uses them, instead of keeping them meanwhile (Chen et
 * al., "Training deep nets with sublinear memory cost", 2016). Looked at are the values that are kept while the graph needs
 * most memory. One is computed again if that frees memory and costs little:
 *
 * <ul>
 *   <li>it follows by elementwise operations, movements and reductions from values that are kept anyway, or that are at most
 *       half as large, and all that uses it later are kernels, which compute it on the way: costs arithmetic alone; random
 *       numbers, which are functions of seed, place and step, are drawn again by a kernel;
 *   <li>or products use it too, as they use the results of activations, and it is no smaller than what it follows from:
 *       costs a kernel at most;
 *   <li>or it follows by one batched product of few terms, as the weights of attention do, and is no smaller than the
 *       factors:
 *       costs about what writing and reading it costs.
 * </ul>
 *
 * Results do not change: the same operations are applied to the same values.
 */
final class Recompute {
    /** Operations that are repeated for one value. */
    private static final int MAX_NODES = 64;
    /** Terms of the sums of a product that is repeated: with as many, it takes as long as memory takes for its result. */
    private static final int MAX_TERMS = 128;
    /** Where one peak has gone there may be another one. */
    private static final int MAX_ROUNDS = 3;

    private final Graph graph;
    private final Lives lives;
    private final long least;
    private final int boundary;
    /** What is repeated. */
    private final Set<Node> again = new HashSet<>();
    /** What earlier rounds have repeated: once is enough. */
    private final Set<Node> repeated;
    /** Those of the new graph. */
    private final Set<Node> repetitions = new HashSet<>();
    /** When values are needed last, given what is repeated. */
    private final Map<Tensor, Integer> death;

    private final Map<Node, Boolean> changed = new HashMap<>();
    private final Map<Tensor, Tensor> early = new HashMap<>();
    private final Map<Tensor, Tensor> late = new HashMap<>();

    private Recompute(Recomputed before, Lives lives, long least) {
        this.graph = before.graph;
        this.lives = lives;
        this.least = least;
        this.repeated = before.repetitions;
        this.death = new HashMap<>(lives.death);
        this.boundary = lives.units.get(lives.peak).results().stream()
                .mapToInt(x -> x.node().id())
                .max()
                .orElse(-1);
    }

    /**
     * A graph with the same results.
     *
     * @param repetitions the nodes that compute something again
     */
    record Recomputed(Graph graph, Set<Node> repetitions) {}

    /** The same computations, some of them twice, or the graph itself if that would not lower its need of memory. */
    static Recomputed apply(Graph graph, Lowering lowering) {
        Recomputed best = new Recomputed(graph, Set.of());
        OptionalLong least = lowering.recomputedFrom();
        if (least.isEmpty() || graph.outputs().isEmpty()) {
            return best;
        }
        Lives lives = Lives.of(best, lowering);
        for (int round = 0; round < MAX_ROUNDS && lives.bytes > 0; round++) {
            Recompute pass = new Recompute(best, lives, least.getAsLong());
            pass.choose();
            if (pass.again.isEmpty()) {
                break;
            }
            Recomputed next = new Recomputed(pass.rewrite(), pass.repetitions);
            Lives after = Lives.of(next, lowering);
            if (after.bytes >= lives.bytes) {
                break;
            }
            best = next;
            lives = after;
        }
        return best;
    }

    /**
     * When values are in memory, in numbers of units.
     *
     * @param birth of all values that units compute
     * @param death of those that no output needs
     * @param peak the unit at which the values need most memory
     * @param bytes that memory
     */
    private record Lives(
            List<Fusion.Unit> units, Map<Tensor, Integer> birth, Map<Tensor, Integer> death, int peak, long bytes) {

        static Lives of(Recomputed now, Lowering lowering) {
            List<Fusion.Unit> units = Fusion.divide(now.graph, true, lowering, now.repetitions);
            Map<Tensor, Integer> birth = new HashMap<>();
            Map<Tensor, Integer> death = new HashMap<>();
            for (int i = 0; i < units.size(); i++) {
                int at = i;
                units.get(i).results().forEach(x -> birth.putIfAbsent(x, at));
                units.get(i).results().forEach(x -> death.put(x, at));
                units.get(i).operands().forEach(x -> death.put(Fusion.base(x), at));
            }
            now.graph.outputTensors().forEach(x -> death.remove(Fusion.base(x)));
            death.keySet().retainAll(birth.keySet());
            long[] change = new long[units.size() + 1];
            death.forEach((x, last) -> {
                change[birth.get(x)] += x.type().bytes();
                change[last + 1] -= x.type().bytes();
            });
            int peak = 0;
            long most = 0;
            long sum = 0;
            for (int i = 0; i < units.size(); i++) {
                sum += change[i];
                if (sum > most) {
                    most = sum;
                    peak = i;
                }
            }
            return new Lives(units, birth, death, peak, most);
        }
    }

    // ---- what is repeated ----

    private void choose() {
        lives.death.entrySet().stream()
                .filter(e -> e.getValue() > lives.peak && lives.birth.get(e.getKey()) <= lives.peak)
                .map(Map.Entry::getKey)
                .filter(x -> x.node().id() <= boundary && x.type().bytes() >= least)
                .filter(x -> !repeated.contains(x.node()))
                .sorted(Comparator.comparingInt(x -> x.node().id()))
                .forEach(this::consider);
    }

    private void consider(Tensor value) {
        List<Fusion.Unit> users = lives.units.subList(lives.peak + 1, lives.units.size()).stream()
                .filter(u -> u.operands().stream().anyMatch(x -> Fusion.base(x).equals(value)))
                .toList();
        boolean forCalls = users.stream().anyMatch(u -> u instanceof Fusion.CallUnit);
        if (!users.stream().allMatch(Recompute::canTakeAnother)) {
            return;
        }
        Origin origin = new Origin(value);
        if (!origin.follow(value.node())) {
            return;
        }
        long bytes = value.type().bytes();
        boolean pays = origin.products > 0
                ? bytes >= origin.factors
                : !forCalls || bytes >= origin.bytes();
        if (pays) {
            again.addAll(origin.nodes);
            origin.prolonged.forEach(x -> death.merge(x, origin.until, Math::max));
            death.put(value, lives.peak);
        }
    }

    /** Steps that come in pairs find each other by their operands, which must stay the same. */
    private static boolean canTakeAnother(Fusion.Unit unit) {
        return switch (unit) {
            case Fusion.KernelUnit kernel -> true;
            case Fusion.CallUnit call -> call.node().op() instanceof Op.MatMul;
        };
    }

    /** What a value follows from. */
    private final class Origin {
        private final long limit;
        private final int until;
        private final Set<Node> nodes = new LinkedHashSet<>();
        private final Set<Tensor> sources = new HashSet<>();
        private final List<Tensor> prolonged = new ArrayList<>();
        private long added;
        private long factors;
        private int products;

        Origin(Tensor value) {
            this.limit = value.type().bytes() / 2;
            this.until = death.get(value);
        }

        /** Finds the operations between a value and what is there when it is used last; false where there are others. */
        boolean follow(Node node) {
            if (nodes.contains(node)) {
                return true;
            }
            if (!isRepeatable(node) || nodes.size() == MAX_NODES) {
                return false;
            }
            nodes.add(node);
            return node.operands().stream().allMatch(x -> isThere(x) || follow(x.node()));
        }

        private boolean isRepeatable(Node node) {
            if (node.op() instanceof Op.MatMul product) {
                Tensor factor = node.operand(0);
                products++;
                factors += factor.type().bytes() + node.operand(1).type().bytes();
                return products == 1
                        && factor.rank() > 2
                        && factor.dim(product.transposeA() ? -2 : -1) <= MAX_TERMS;
            }
            return Fusion.isInlined(node) || node.op() instanceof Op.Reduce || node.op() instanceof Op.Random;
        }

        private boolean isThere(Tensor operand) {
            Tensor base = Fusion.base(operand);
            if (base.node().op() instanceof Op.Input
                    || base.node().op() instanceof Op.Constant
                    || again.contains(operand.node())) {
                return true;
            }
            if (!lives.birth.containsKey(base)) {
                return false;
            }
            boolean kept = !death.containsKey(base) || death.get(base) >= until || prolonged.contains(base);
            if (!kept && added + base.type().bytes() <= limit) {
                added += base.type().bytes();
                prolonged.add(base);
                kept = true;
            }
            if (kept) {
                sources.add(base);
            }
            return kept;
        }

        long bytes() {
            return sources.stream().mapToLong(x -> x.type().bytes()).sum();
        }
    }

    // ---- the new graph ----

    private Graph rewrite() {
        return Rewrite.apply(graph, (target, node, operands) -> {
            for (int i = 0; i < operands.size(); i++) {
                early.put(node.operand(i), operands.get(i));
            }
            boolean takes = node.id() > boundary
                    && (Fusion.isInlined(node) || node.op() instanceof Op.Reduce || node.op() instanceof Op.MatMul);
            List<Tensor> in = takes
                    ? node.operands().stream().map(x -> late(target, x)).toList()
                    : operands;
            List<Tensor> results = target.add(node.op(), in);
            if (repeated.contains(node)) {
                repetitions.add(results.getFirst().node());
            }
            return results;
        });
    }

    /** What takes a value's place behind the peak. */
    private Tensor late(Graph target, Tensor value) {
        Tensor known = late.get(value);
        if (known != null) {
            return known;
        }
        Node node = value.node();
        if (node.id() > boundary || !isChanged(node)) {
            return early.get(value);
        }
        List<Tensor> operands =
                node.operands().stream().map(x -> late(target, x)).toList();
        List<Tensor> results = target.inScope(node.scope(), () -> target.add(node.op(), operands));
        late.put(value, results.get(value.index()));
        repetitions.add(results.getFirst().node());
        return results.get(value.index());
    }

    /** Whether a node is repeated, or is computed on the way from one that is. */
    private boolean isChanged(Node node) {
        Boolean known = changed.get(node);
        if (known == null) {
            known = again.contains(node)
                    || Fusion.isInlined(node)
                            && node.results().stream().noneMatch(lives.birth::containsKey)
                            && node.operands().stream().anyMatch(x -> isChanged(x.node()));
            changed.put(node, known);
        }
        return known;
    }
}
