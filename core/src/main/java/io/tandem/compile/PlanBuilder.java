package io.tandem.compile;

import io.tandem.graph.CompositeKind;
import io.tandem.graph.Graph;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Turns the divided graph into a plan: gives each tensor a value, each unit a step. */
final class PlanBuilder {
    private final Graph graph;
    private final Map<String, String> updates;
    private final Compiler compiler;
    private final List<Plan.Argument> arguments = new ArrayList<>();
    private final List<Plan.Value> values = new ArrayList<>();
    private final List<Plan.Step> steps = new ArrayList<>();
    private final Map<Tensor, Plan.Operand> operands = new HashMap<>();
    private final Map<Node, Plan.Operand> residuals = new HashMap<>();
    private final Map<String, Integer> argumentOf = new LinkedHashMap<>();
    private final Map<String, Tensor> inputs = new HashMap<>();

    /**
     * Builds the plan of a simplified graph.
     *
     * @param updates from the names of outputs to the names of the inputs that they replace
     * @param repetitions the nodes that compute something again
     */
    static Plan build(Graph graph, Map<String, String> updates, Compiler compiler, Set<Node> repetitions) {
        return new PlanBuilder(graph, updates, compiler).build(repetitions);
    }

    private PlanBuilder(Graph graph, Map<String, String> updates, Compiler compiler) {
        this.graph = graph;
        this.updates = updates;
        this.compiler = compiler;
    }

    private Plan build(Set<Node> repetitions) {
        Set<String> replaced = Set.copyOf(updates.values());
        for (Tensor input : graph.inputs()) {
            Op.Input op = (Op.Input) input.node().op();
            boolean updated = replaced.contains(op.name());
            int argument = argument(op.name(), op.type(), updated ? Plan.Role.UPDATED : Plan.Role.INPUT);
            operands.put(input, value(op.type(), new Plan.Bound(argument)));
            inputs.put(op.name(), input);
        }
        for (Map.Entry<String, Tensor> output : graph.outputs().entrySet()) {
            if (!updates.containsKey(output.getKey())) {
                argument(output.getKey(), output.getValue().type(), Plan.Role.OUTPUT);
            }
        }
        List<Fusion.Unit> units = Fusion.divide(graph, compiler.fuse(), compiler.lowering(), repetitions);
        Map<Tensor, Plan.Operand> targets = targets(units);
        for (Fusion.Unit unit : units) {
            switch (unit) {
                case Fusion.KernelUnit(KernelBuilder.Built built) -> kernel(built, targets);
                case Fusion.CallUnit call -> call(call, targets);
            }
        }
        copyOutputs(targets);
        return new Plan(arguments, values, steps);
    }

    private int argument(String name, TensorType type, Plan.Role role) {
        arguments.add(new Plan.Argument(name, type, role));
        argumentOf.put(name, arguments.size() - 1);
        return arguments.size() - 1;
    }

    private Plan.Operand value(TensorType type, Plan.Home home) {
        values.add(new Plan.Value(values.size(), type, type.bytes(), home, new Plan.RowMajor()));
        return new Plan.Operand(values.size() - 1, 0, type);
    }

    // ---- where results go ----

    /** Which tensors can be computed straight into the memory of an output. */
    private Map<Tensor, Plan.Operand> targets(List<Fusion.Unit> units) {
        Map<Tensor, Integer> producedBy = new HashMap<>();
        Map<Tensor, Integer> lastRead = new HashMap<>();
        for (int i = 0; i < units.size(); i++) {
            int at = i;
            units.get(i).results().forEach(r -> producedBy.put(r, at));
            units.get(i).operands().forEach(x -> lastRead.put(Fusion.base(x), at));
        }
        Set<Tensor> outputs = graph.outputs().values().stream().map(Fusion::base).collect(Collectors.toSet());
        Map<Tensor, Plan.Operand> targets = new HashMap<>();
        for (Map.Entry<String, Tensor> output : graph.outputs().entrySet()) {
            Tensor tensor = Fusion.base(output.getValue());
            if (!tensor.type().equals(output.getValue().type().with(tensor.shape()))
                    || tensor.type().bytes() != output.getValue().type().bytes()
                    || !producedBy.containsKey(tensor)
                    || targets.containsKey(tensor)) {
                continue; // an input, a part of something larger, or a tensor with a place already: copied at the end
            }
            String replaced = updates.get(output.getKey());
            if (replaced == null) {
                int argument = argumentOf.get(output.getKey());
                targets.put(tensor, value(tensor.type(), new Plan.Bound(argument)));
            } else {
                Tensor before = inputs.get(replaced);
                Plan.Operand old = operands.get(before);
                int producer = producedBy.get(tensor);
                int last = lastRead.getOrDefault(before, -1);
                if (outputs.contains(before)) {
                    continue;
                }
                if (last < producer || last == producer && overwritesInPlace(units.get(producer), tensor, replaced)) {
                    targets.put(tensor, new Plan.Operand(old.value(), 0, tensor.type()));
                }
            }
        }
        return targets;
    }

    /** Whether a kernel reads each position of the old value only for the same position of the new one. */
    private boolean overwritesInPlace(Fusion.Unit unit, Tensor result, String replaced) {
        if (!(unit instanceof Fusion.KernelUnit(KernelBuilder.Built built))) {
            return false;
        }
        Kernel kernel = built.kernel();
        if (kernel.folds()) {
            return false;
        }
        int resultIndex = built.results().indexOf(result);
        Kernel.Access written = kernel.stores().stream()
                .filter(s -> s.result() == resultIndex)
                .findFirst()
                .orElseThrow()
                .access();
        for (int i = 0; i < built.operands().size(); i++) {
            int operand = i;
            if (Fusion.base(built.operands().get(i)).equals(inputs.get(replaced))
                    && !(built.operands().get(i).type().bytes() == result.type().bytes()
                            && kernel.body().stream()
                                    .allMatch(x -> !(x instanceof Kernel.Load load)
                                            || load.operand() != operand
                                            || load.access().equals(written)))) {
                return false;
            }
        }
        return true;
    }

    private void copyOutputs(Map<Tensor, Plan.Operand> targets) {
        // New values of updated inputs are copied after all reads, and before any of them is overwritten: through fresh
        // memory where a copy's source is itself an updated input.
        List<Plan.Step> late = new ArrayList<>();
        Map<Tensor, Boolean> placed = new HashMap<>();
        for (Map.Entry<String, Tensor> output : graph.outputs().entrySet()) {
            Tensor tensor = Fusion.base(output.getValue());
            String replaced = updates.get(output.getKey());
            Plan.Operand goal = replaced == null
                    ? value(output.getValue().type(), new Plan.Bound(argumentOf.get(output.getKey())))
                    : operands.get(inputs.get(replaced));
            Plan.Operand target = targets.get(tensor);
            if (target != null
                    && values.get(target.value()).home().equals(values.get(goal.value()).home())
                    && placed.putIfAbsent(tensor, true) == null) {
                continue;
            }
            Plan.Operand source = operand(output.getValue());
            if (replaced != null && source.value() == goal.value()) {
                continue;
            }
            boolean sourceChanges = values.get(source.value()).home() instanceof Plan.Bound(int argument)
                    && arguments.get(argument).role() == Plan.Role.UPDATED;
            if (replaced != null && sourceChanges) {
                Plan.Operand fresh = value(source.type(), new Plan.Arena());
                steps.add(copy(source, fresh));
                source = fresh;
            }
            (replaced == null ? steps : late).add(copy(source, goal));
        }
        steps.addAll(late);
    }

    private static Plan.Step copy(Plan.Operand from, Plan.Operand to) {
        DType dtype = from.type().dtype();
        Kernel.Access access = new Kernel.Access(0, List.of(1L));
        Kernel kernel = new Kernel(
                Shape.of(Math.toIntExact(from.type().shape().size())),
                Shape.of(),
                List.of(dtype),
                List.of(dtype),
                List.of(new Kernel.Load(dtype, 0, access)),
                List.of(new Kernel.Store(0, 0, access)));
        return new Plan.Step(new Plan.RunKernel(kernel), List.of(from), List.of(to), List.of(), "");
    }

    // ---- steps ----

    private Plan.Operand operand(Tensor tensor) {
        Plan.Operand known = operands.get(tensor);
        if (known != null) {
            return known;
        }
        Node node = tensor.node();
        Plan.Operand operand = switch (node.op()) {
            case Op.Constant constant -> value(tensor.type(), new Plan.Fixed(constant.value()));
            case Op.Reshape reshape -> {
                Plan.Operand of = operand(node.operand(0));
                yield new Plan.Operand(of.value(), of.offset(), tensor.type());
            }
            case Op.Slice slice -> {
                Plan.Operand of = operand(node.operand(0));
                long[] strides = node.operand(0).shape().strides();
                long first = IntStream.range(0, strides.length)
                        .mapToLong(d -> slice.start().get(d) * strides[d])
                        .sum();
                yield new Plan.Operand(of.value(), of.offset() + first * tensor.dtype().bytes(), tensor.type());
            }
            default -> throw new IllegalStateException("not in memory: " + node);
        };
        operands.put(tensor, operand);
        return operand;
    }

    private Plan.Operand result(Tensor tensor, Map<Tensor, Plan.Operand> targets) {
        Plan.Operand target = targets.get(tensor);
        Plan.Operand operand = target != null ? target : value(tensor.type(), new Plan.Arena());
        operands.put(tensor, operand);
        return operand;
    }

    private void kernel(KernelBuilder.Built built, Map<Tensor, Plan.Operand> targets) {
        List<Plan.Operand> in = built.operands().stream().map(this::operand).toList();
        List<Plan.Operand> out = built.results().stream()
                .map(r -> result(r, targets))
                .toList();
        if (out.stream().allMatch(o -> o.type().shape().size() == 0)) {
            return;
        }
        String scope = built.results().getLast().node().scope();
        steps.add(new Plan.Step(new Plan.RunKernel(built.kernel()), in, out, List.of(), scope));
    }

    private void call(Fusion.CallUnit unit, Map<Tensor, Plan.Operand> targets) {
        Node node = unit.node();
        List<Plan.Operand> in =
                new ArrayList<>(unit.operands().stream().map(this::operand).toList());
        if (node.op() instanceof Op.Scan scan) {
            loop(node, scan, in, targets);
            return;
        }
        List<Plan.Operand> out = new ArrayList<>(
                unit.results().stream().map(r -> result(r, targets)).toList());
        Optional<Plan.Epilogue> epilogue =
                unit.epilogue().map(e -> new Plan.Epilogue(e.bias().isPresent(), e.activation()));
        if (epilogue.isPresent()) {
            // The view that the operation itself would have yielded.
            Plan.Operand whole = out.getFirst();
            out.set(0, new Plan.Operand(whole.value(), whole.offset(), node.types().getFirst()));
        }
        boolean residual = false;
        long bytes = compiler.lowering()
                .residualBytes(node.op(), node.operands().stream().map(Tensor::type).toList());
        if (bytes > 0 && hasGradient(node)) {
            Plan.Operand kept = value(TensorType.of(DType.U8, Math.toIntExact(bytes)), new Plan.Arena());
            residuals.put(node, kept);
            out.add(kept);
            residual = true;
        }
        Optional<Plan.Operand> kept = forward(node).map(residuals::get);
        if (kept.isPresent()) {
            in.add(kept.get());
            residual = true;
        }
        steps.add(new Plan.Step(new Plan.Call(node.op(), epilogue, residual), in, out, List.of(), node.scope()));
    }

    private void loop(Node node, Op.Scan scan, List<Plan.Operand> in, Map<Tensor, Plan.Operand> targets) {
        boolean[] used = new boolean[node.types().size()];
        graph.nodes().forEach(n -> n.operands().stream()
                .filter(x -> x.node() == node)
                .forEach(x -> used[x.index()] = true));
        graph.outputs().values().stream().filter(x -> x.node() == node).forEach(x -> used[x.index()] = true);
        int histories = scan.body().outputs().size();
        // Last carries and stacked values are always produced; histories only where they are used.
        List<Integer> produced = IntStream.range(0, used.length)
                .filter(i -> i < histories || used[i])
                .boxed()
                .toList();
        Plan body = compiler.compile(scan.body(), Map.of());
        List<Plan.Operand> out =
                produced.stream().map(i -> result(node.result(i), targets)).toList();
        // Two places per carry take turns where no history holds the carries.
        List<Plan.Operand> scratch = new ArrayList<>();
        for (int i = 0; i < scan.carries(); i++) {
            TensorType type = node.operand(i).type();
            scratch.add(value(type, new Plan.Arena()));
            scratch.add(value(type, new Plan.Arena()));
        }
        Plan.Loop loop =
                new Plan.Loop(body, scan.length(), scan.reverse(), scan.carries(), scan.scanned(), produced);
        steps.add(new Plan.Step(loop, in, out, scratch, node.scope()));
    }

    // ---- pairs of forward and gradient ----

    private boolean hasGradient(Node forward) {
        return graph.nodes().stream()
                .anyMatch(n -> n.id() > forward.id()
                        && forward(n).filter(f -> f == forward).isPresent());
    }

    private Optional<Node> forward(Node node) {
        return switch (node.op()) {
            case Op.Composite(CompositeKind.Gradient kind, Graph body) -> Decompose.forward(node, kind);
            case Op.PoolGradient(Pooling pooling, PoolGeometry geometry, Shape shape) when pooling == Pooling.MAX ->
                graph.nodes().stream()
                        .filter(n -> n.op() instanceof Op.Pool pool
                                && pool.pooling() == Pooling.MAX
                                && pool.geometry().equals(geometry)
                                && n.operand(0).equals(node.operand(0)))
                        .findFirst();
            default -> Optional.empty();
        };
    }
}
