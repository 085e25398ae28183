package io.tandem.compile;

import io.tandem.graph.CompositeKind;
import io.tandem.graph.Op;
import io.tandem.graph.Pooling;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Keeps activations between convolutions, pools and batch norms in the layout that a backend's kernels are fastest
 * with. Fused kernels follow by other strides; where a step needs a value row-major after all, a conversion is inserted.
 */
public final class LayoutPass {
    private final Plan plan;
    private final Preference preference;
    private final Map<Integer, ChannelBlocks> layouts = new HashMap<>();
    private final Set<Integer> eligible = new HashSet<>();

    private final List<Plan.Value> values = new ArrayList<>();
    private final List<Plan.Step> steps = new ArrayList<>();
    private final Map<Integer, Integer> rowMajor = new HashMap<>();

    /** What a backend's kernels are fastest with. */
    public interface Preference {
        /**
         * The channels per block of an activation's layout.
         *
         * @param dtype the activation's element type
         * @param channels the number of its channels
         * @return a divisor of the channels, or 0 to leave such values row-major
         */
        int block(DType dtype, int channels);

        /**
         * Whether the kernel of a step takes activations in such layouts. A convolution's kernel must take any mixture
         * of them and row-major ones; those of pools and batch norms meet one layout at a time.
         */
        boolean takes(Plan.Step step);
    }

    private LayoutPass(Plan plan, Preference preference) {
        this.plan = plan;
        this.preference = preference;
    }

    /**
     * Chooses layouts.
     *
     * @param plan a plan whose values are all row-major
     * @return the same work; as it was, if none of its convolutions takes other layouts
     */
    public static Plan apply(Plan plan, Preference preference) {
        return new LayoutPass(plan, preference).apply();
    }

    private Plan apply() {
        boolean convolves = plan.steps().stream()
                .anyMatch(s -> s.action() instanceof Plan.Call call
                        && isConvolution(call.op())
                        && preference.takes(s));
        if (convolves) {
            findEligible();
            seed();
            spread();
        }
        values.addAll(plan.values().stream()
                .map(v -> layouts.containsKey(v.id())
                        ? new Plan.Value(v.id(), v.type(), v.bytes(), v.home(), layouts.get(v.id()))
                        : v)
                .toList());
        plan.steps().forEach(this::rewrite);
        return new Plan(plan.arguments(), values, steps);
    }

    private static boolean isConvolution(Op op) {
        return op instanceof Op.Convolution
                || op instanceof Op.ConvolutionInputGradient
                || op instanceof Op.ConvolutionFilterGradient;
    }

    // ---- which values ----

    /** Values of the arena that are never seen in part. */
    private void findEligible() {
        plan.values().stream()
                .filter(v -> v.home() instanceof Plan.Arena && v.bytes() > 0)
                .forEach(v -> eligible.add(v.id()));
        for (Plan.Step step : plan.steps()) {
            for (List<Plan.Operand> operands : List.of(step.operands(), step.results(), step.scratch())) {
                for (Plan.Operand operand : operands) {
                    Plan.Value value = plan.values().get(operand.value());
                    if (operand.offset() != 0 || operand.type().bytes() != value.bytes()) {
                        eligible.remove(value.id());
                    }
                }
            }
        }
    }

    /** The activations among a step's operands and results, which its kernel wants in their layout. */
    private record Activations(List<Integer> operands, List<Integer> results) {
        static final Activations NONE = new Activations(List.of(), List.of());
    }

    private Activations activations(Plan.Step step) {
        if (!(step.action() instanceof Plan.Call call) || !preference.takes(step)) {
            return Activations.NONE;
        }
        return switch (call.op()) {
            case Op.Convolution c -> new Activations(List.of(0), List.of(0));
            case Op.ConvolutionInputGradient c -> new Activations(List.of(1), List.of(0));
            case Op.ConvolutionFilterGradient c -> new Activations(List.of(0, 1), List.of());
            case Op.Pool pool -> new Activations(List.of(0), List.of(0));
            case Op.PoolGradient pool when pool.pooling() != Pooling.MAX ->
                new Activations(List.of(0), List.of(0));
            // With what the forward step kept, the input itself is not read.
            case Op.PoolGradient pool when call.residual() -> new Activations(List.of(1), List.of(0));
            case Op.Composite(CompositeKind.BatchNormTraining norm, var body) ->
                new Activations(List.of(0), List.of(0));
            case Op.Composite(CompositeKind.Gradient gradient, var body) when gradient
                    .of() instanceof CompositeKind.BatchNormTraining ->
                new Activations(
                        List.of(0, 6),
                        gradient.wanted().contains(0) ? List.of(gradient.wanted().indexOf(0)) : List.of());
            default -> Activations.NONE;
        };
    }

    /**
     * For operands that a step does not look at another one that takes their place, so that they need not be kept until
     * then; -1 for the others.
     */
    private static int standIn(Plan.Step step, int operand) {
        if (!(step.action() instanceof Plan.Call call)) {
            return -1;
        }
        return switch (call.op()) {
            case Op.PoolGradient pool when pool.pooling() == Pooling.MAX && call.residual() -> operand == 0 ? 1 : -1;
            case Op.Composite(CompositeKind.Gradient gradient, var body) when gradient
                    .of() instanceof CompositeKind.BatchNormTraining ->
                switch (operand) {
                    case 2 -> 1; // the shift by the scale
                    case 3 -> 0; // the result by the input
                    default -> -1;
                };
            default -> -1;
        };
    }

    private void seed() {
        for (Plan.Step step : plan.steps()) {
            Activations activations = activations(step);
            activations.operands.forEach(i -> choose(step.operands().get(i)));
            activations.results.forEach(i -> choose(step.results().get(i)));
        }
        int before;
        do {
            before = layouts.size();
            plan.steps().stream()
                    .filter(s -> s.action() instanceof Plan.RunKernel)
                    .forEach(this::seedNeighbours);
        } while (layouts.size() > before);
    }

    /** What a fused kernel computes with an activation is one too, if it has as many examples and channels. */
    private void seedNeighbours(Plan.Step step) {
        List<Plan.Operand> all = new ArrayList<>(step.operands());
        all.addAll(step.results());
        Optional<Shape> known = all.stream()
                .filter(o -> layouts.containsKey(o.value()))
                .map(o -> layouts.get(o.value()).shape())
                .findFirst();
        for (Plan.Operand operand : all) {
            Shape shape = operand.type().shape();
            if (known.isPresent()
                    && !layouts.containsKey(operand.value())
                    && shape.rank() == known.get().rank()
                    && shape.subShape(0, 2).equals(known.get().subShape(0, 2))) {
                choose(operand);
            }
        }
    }

    private void choose(Plan.Operand operand) {
        Shape shape = operand.type().shape();
        ChannelBlocks other = layouts.get(operand.value());
        if (other != null && !other.shape().equals(shape)) {
            // Seen in two shapes: no layout is right for both.
            eligible.remove(operand.value());
            layouts.remove(operand.value());
        }
        if (eligible.contains(operand.value()) && shape.rank() >= 3 && shape.rank() <= 5) {
            int channels = preference.block(operand.type().dtype(), shape.dim(1));
            if (channels > 0 && shape.subShape(2, shape.rank()).size() > 1 && shape.dim(1) > 1) {
                layouts.putIfAbsent(operand.value(), new ChannelBlocks(shape, channels));
            }
        }
    }

    /** Values that only fused kernels use take the layout of what they are computed with, at equal positions. */
    private void spread() {
        Set<Integer> elsewhere = new HashSet<>();
        for (Plan.Step step : plan.steps()) {
            if (!(step.action() instanceof Plan.RunKernel)) {
                step.operands().forEach(o -> elsewhere.add(o.value()));
                step.results().forEach(o -> elsewhere.add(o.value()));
            }
        }
        boolean changed = true;
        while (changed) {
            changed = false;
            for (Plan.Step step : plan.steps()) {
                if (step.action() instanceof Plan.RunKernel(Kernel kernel)) {
                    changed |= spread(step, kernel, elsewhere);
                }
            }
        }
    }

    private boolean spread(Plan.Step step, Kernel kernel, Set<Integer> elsewhere) {
        Map<Kernel.Access, ChannelBlocks> known = new HashMap<>();
        Map<Integer, Kernel.Access> open = new HashMap<>();
        for (Kernel.Instruction instruction : kernel.body()) {
            if (instruction instanceof Kernel.Load load) {
                collect(step.operands().get(load.operand()).value(), load.access(), known, open, elsewhere);
            }
        }
        for (Kernel.Store store : kernel.stores()) {
            collect(step.results().get(store.result()).value(), store.access(), known, open, elsewhere);
        }
        boolean changed = false;
        for (Map.Entry<Integer, Kernel.Access> candidate : open.entrySet()) {
            ChannelBlocks layout = known.get(candidate.getValue());
            if (layout != null && fits(layout, plan.values().get(candidate.getKey()))) {
                layouts.put(candidate.getKey(), layout);
                changed = true;
            }
        }
        return changed;
    }

    private boolean fits(ChannelBlocks layout, Plan.Value value) {
        DType dtype = value.type().dtype();
        return layout.shape().size() * dtype.bytes() == value.bytes()
                && preference.block(dtype, layout.shape().dim(1)) == layout.block();
    }

    private void collect(
            int value,
            Kernel.Access access,
            Map<Kernel.Access, ChannelBlocks> known,
            Map<Integer, Kernel.Access> open,
            Set<Integer> elsewhere) {
        ChannelBlocks layout = layouts.get(value);
        if (layout != null) {
            known.put(access, layout);
        } else if (eligible.contains(value) && !elsewhere.contains(value)) {
            open.put(value, access);
        }
    }

    // ---- steps ----

    private void rewrite(Plan.Step step) {
        switch (step.action()) {
            case Plan.RunKernel(Kernel kernel) -> kernel(step, kernel);
            case Plan.Loop loop -> {
                Plan.Loop inner = new Plan.Loop(
                        apply(loop.body(), preference),
                        loop.length(),
                        loop.reverse(),
                        loop.carries(),
                        loop.scanned(),
                        loop.produced());
                call(new Plan.Step(inner, step.operands(), step.results(), step.scratch(), step.scope()));
            }
            case Plan.Call call -> call(step);
            case Plan.Convert convert -> throw new IllegalArgumentException("the plan has layouts already");
        }
    }

    private void kernel(Plan.Step step, Kernel kernel) {
        Map<Integer, ChannelBlocks> operands = new HashMap<>();
        Map<Integer, ChannelBlocks> results = new HashMap<>();
        for (int i = 0; i < step.operands().size(); i++) {
            put(operands, i, step.operands().get(i));
        }
        for (int i = 0; i < step.results().size(); i++) {
            put(results, i, step.results().get(i));
        }
        if (operands.isEmpty() && results.isEmpty()) {
            steps.add(step);
            return;
        }
        Optional<Kernel> followed = KernelRelayout.apply(kernel, operands, results);
        if (followed.isPresent()) {
            steps.add(new Plan.Step(
                    new Plan.RunKernel(followed.get()), step.operands(), step.results(), step.scratch(), step.scope()));
        } else {
            call(step);
        }
    }

    private void put(Map<Integer, ChannelBlocks> map, int number, Plan.Operand operand) {
        if (layouts.containsKey(operand.value())) {
            map.put(number, layouts.get(operand.value()));
        }
    }

    /** A step whose activations are as its kernel wants them, and whose other values are row-major. */
    private void call(Plan.Step step) {
        Activations activations = activations(step);
        Optional<ChannelBlocks> common = common(step, activations);
        boolean strict = !(step.action() instanceof Plan.Call call && isConvolution(call.op()));
        List<Plan.Operand> operands = new ArrayList<>();
        for (int i = 0; i < step.operands().size(); i++) {
            Plan.Operand operand = step.operands().get(i);
            if (standIn(step, i) >= 0) {
                operands.add(operand); // replaced below
            } else if (activations.operands.contains(i) && (common.isPresent() || !strict)) {
                operands.add(strict ? inLayout(operand, common.get()) : operand);
            } else {
                operands.add(inRowMajor(operand));
            }
        }
        for (int i = 0; i < operands.size(); i++) {
            int other = standIn(step, i);
            if (other >= 0) {
                operands.set(i, operands.get(other));
            }
        }
        List<Plan.Step> after = new ArrayList<>();
        List<Plan.Operand> results = new ArrayList<>();
        for (int i = 0; i < step.results().size(); i++) {
            Plan.Operand result = step.results().get(i);
            boolean activation = activations.results.contains(i) && (common.isPresent() || !strict);
            boolean has = layouts.containsKey(result.value());
            if (activation && strict && !has) {
                Plan.Operand fresh = fresh(result, Optional.of(layoutLike(result, common.get())));
                after.add(convert(fresh, result));
                results.add(fresh);
            } else if (!activation && has) {
                Plan.Operand fresh = fresh(result, Optional.empty());
                after.add(convert(fresh, result));
                rowMajor.put(result.value(), fresh.value());
                results.add(fresh);
            } else {
                results.add(result);
            }
        }
        steps.add(new Plan.Step(step.action(), operands, results, step.scratch(), step.scope()));
        steps.addAll(after);
    }

    /** The layout that a step's activations share: that of the first one that has one. */
    private Optional<ChannelBlocks> common(Plan.Step step, Activations activations) {
        List<Plan.Operand> all = new ArrayList<>();
        activations.operands.forEach(i -> all.add(step.operands().get(i)));
        activations.results.forEach(i -> all.add(step.results().get(i)));
        return all.stream()
                .filter(o -> layouts.containsKey(o.value()))
                .map(o -> layouts.get(o.value()))
                .findFirst();
    }

    private static ChannelBlocks layoutLike(Plan.Operand operand, ChannelBlocks layout) {
        return new ChannelBlocks(operand.type().shape(), layout.block());
    }

    private Plan.Operand inLayout(Plan.Operand operand, ChannelBlocks layout) {
        if (layouts.containsKey(operand.value())) {
            return operand;
        }
        Plan.Operand copy = fresh(operand, Optional.of(layoutLike(operand, layout)));
        steps.add(convert(operand, copy));
        return copy;
    }

    private Plan.Operand inRowMajor(Plan.Operand operand) {
        if (!layouts.containsKey(operand.value())) {
            return operand;
        }
        Integer known = rowMajor.get(operand.value());
        if (known == null) {
            Plan.Operand whole = new Plan.Operand(
                    operand.value(), 0, operand.type().with(layouts.get(operand.value()).shape()));
            Plan.Operand copy = fresh(whole, Optional.empty());
            steps.add(convert(whole, copy));
            rowMajor.put(operand.value(), copy.value());
            known = copy.value();
        }
        return new Plan.Operand(known, operand.offset(), operand.type());
    }

    private Plan.Operand fresh(Plan.Operand like, Optional<ChannelBlocks> layout) {
        Plan.Layout chosen = layout.isPresent() ? layout.get() : new Plan.RowMajor();
        values.add(new Plan.Value(values.size(), like.type(), like.type().bytes(), new Plan.Arena(), chosen));
        return new Plan.Operand(values.size() - 1, 0, like.type());
    }

    private Plan.Step convert(Plan.Operand from, Plan.Operand to) {
        Shape shape = shape(from).orElseGet(() -> shape(to).orElseThrow());
        return new Plan.Step(
                new Plan.Convert(),
                List.of(new Plan.Operand(from.value(), 0, from.type().with(shape))),
                List.of(new Plan.Operand(to.value(), 0, to.type().with(shape))),
                List.of(),
                "");
    }

    private Optional<Shape> shape(Plan.Operand operand) {
        return values.get(operand.value()).layout() instanceof ChannelBlocks blocks
                ? Optional.of(blocks.shape())
                : Optional.empty();
    }
}
