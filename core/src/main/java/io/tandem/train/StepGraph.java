package io.tandem.train;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.nn.Mode;
import io.tandem.nn.Model;
import io.tandem.nn.Trace;
import io.tandem.optim.MaxNorm;
import io.tandem.optim.Optimizer;
import io.tandem.optim.Regularizer;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The graphs of training: one for a whole step, or, where gradients of several batches are added up, one that adds and one
 * that updates the parameters.
 */
final class StepGraph {
    static final String STEP = "optimizer.step";
    static final String RATE_FACTOR = "optimizer.rate_factor";
    static final String AVERAGE_PREFIX = "average.";
    static final String RING_ENTRY = "train.ring";
    static final String METRIC_PREFIX = "train.metric.";
    static final String LOSS_SUM = "train.loss_sum";
    /** Batches run so far; where each batch is an update, {@link #STEP} says it. */
    static final String RUNS = "train.runs";
    static final String SKIPPED = "train.skipped";
    /** The factor of the loss, and the updates in a row since it changed. */
    static final String SCALE = "optimizer.loss_scale";

    static final String SCALE_UPDATES = "optimizer.loss_scale_updates";
    /** Batches whose gradients wait for an update. */
    static final String PENDING = "optimizer.accumulated_batches";

    private static final String PENDING_SAMPLES = "optimizer.accumulated_samples";
    private static final String OVERFLOWS = "optimizer.accumulated_overflows";
    private static final String GRADIENT_PREFIX = "optimizer.accumulated.";

    private static final TensorType COUNT = TensorType.of(DType.I64);
    private static final TensorType FACTOR = TensorType.of(DType.F32);
    private static final TensorType SUMS = TensorType.of(DType.F64, 2);

    private final Training training;
    private final Graph graph;
    /** New values of state entries. */
    private final Map<String, Tensor> values = new LinkedHashMap<>();

    private Optional<Tensor> finite = Optional.empty();

    private StepGraph(Training training, Graph graph) {
        this.training = training;
        this.graph = graph;
    }

    /**
     * A graph and what becomes of its outputs.
     *
     * @param updates from outputs to the state entries that they replace
     */
    record Built(Graph graph, Map<String, String> updates) {}

    /** Whether batches and updates are counted apart. */
    static boolean countsRuns(Training training) {
        return training.accumulation() > 1 || training.skips();
    }

    /** The entry that numbers the batches. */
    static String counter(Training training) {
        return countsRuns(training) ? RUNS : STEP;
    }

    /** The name of the graph input for a target. */
    static String target(int number) {
        return number == 0 ? "target" : "target." + number;
    }

    /** Adds the targets of a batch to a graph. */
    static List<Tensor> targets(Graph graph, List<TensorType> samples, int batch) {
        return IntStream.range(0, samples.size())
                .mapToObj(i -> graph.input(
                        target(i),
                        samples.get(i).with(samples.get(i).shape().insert(0, batch))))
                .toList();
    }

    /** Adds the entries that training needs to a state. */
    static void declare(Training training, State state) {
        state.declare(STEP, COUNT, true, NDArray.scalar(0));
        state.declare(RATE_FACTOR, TensorType.of(DType.F64), true, NDArray.scalar(DType.F64, 1));
        state.declare(RING_ENTRY, TensorType.f32(TrainStep.RING), false, NDArray.zeros(TensorType.f32(TrainStep.RING)));
        state.declare(LOSS_SUM, SUMS, false, NDArray.zeros(SUMS));
        if (countsRuns(training)) {
            state.declare(RUNS, COUNT, true, NDArray.scalar(0));
        }
        if (training.skips()) {
            state.declare(SKIPPED, COUNT, true, NDArray.scalar(0));
        }
        boolean accumulates = training.accumulation() > 1;
        training.scaling().ifPresent(scaling -> {
            state.declare(SCALE, FACTOR, true, NDArray.scalar(DType.F32, scaling.initial()));
            state.declare(SCALE_UPDATES, COUNT, true, NDArray.scalar(0));
            if (accumulates) {
                state.declare(OVERFLOWS, COUNT, true, NDArray.scalar(0));
            }
        });
        if (accumulates) {
            state.declare(PENDING, COUNT, true, NDArray.scalar(0));
            state.declare(PENDING_SAMPLES, TensorType.of(DType.F64), true, NDArray.scalar(DType.F64, 0));
        }
        for (Model.Variable variable : training.model().variables().values()) {
            if (!variable.trainable()) {
                continue;
            }
            TensorType type = variable.type();
            for (Optimizer.Slot slot : training.optimizer().slots()) {
                state.declare(slotPath(slot, variable.path()), type, true, NDArray.full(type, slot.initial()));
            }
            if (accumulates) {
                state.declare(GRADIENT_PREFIX + variable.path(), type, true, NDArray.zeros(type));
            }
            if (training.average().isPresent() && !state.contains(AVERAGE_PREFIX + variable.path())) {
                state.declare(AVERAGE_PREFIX + variable.path(), type, true, state.get(variable.path()));
            }
        }
    }

    /** Whether an entry's path is one of those that training adds to a model's own. */
    static boolean isOfTraining(String path) {
        return Stream.of("optimizer.", "train.", "random.", AVERAGE_PREFIX).anyMatch(path::startsWith);
    }

    private static String slotPath(Optimizer.Slot slot, String path) {
        return "optimizer." + slot.name() + "." + path;
    }

    /**
     * The graph of one batch: the whole step, or without the update if gradients are added up.
     *
     * @param targets types of one sample's targets
     */
    static Built batch(Training training, List<TensorType> targets, int batch) {
        Model.Traced traced = training.model().trace(Mode.TRAINING, batch);
        return new StepGraph(training, traced.trace().graph()).batch(traced, targets, batch);
    }

    private Built batch(Model.Traced traced, List<TensorType> targetTypes, int batch) {
        Trace trace = traced.trace();
        List<Tensor> predictions = traced.outputs();
        if (predictions.size() != training.loss().outputs()) {
            throw new IllegalArgumentException("the model has " + predictions.size()
                    + " outputs in training, the loss is for " + training.loss().outputs()
                    + "; Losses.weighted gives each output its loss");
        }
        List<Tensor> targets = targets(graph, targetTypes, batch);
        Tensor loss = graph.inScope("loss", () -> training.loss().of(predictions, targets));
        if (!loss.shape().isScalar()) {
            throw new IllegalArgumentException("the loss must be a scalar, it is " + loss.type()
                    + "; reduce it with mean() or sum()");
        }
        Tensor objective = graph.inScope("loss", () -> penalized(loss, trace));
        List<String> trained =
                trace.params().keySet().stream().filter(trace::trainable).toList();
        List<Tensor> params = trained.stream().map(trace.params()::get).toList();
        List<Tensor> scaled = params.isEmpty() ? List.of() : Gradients.of(scaled(objective), params);
        if (training.skips()) {
            finite = Optional.of(graph.inScope("guard", () -> finite(objective, scaled)));
        }
        List<Tensor> gradients = unscaled(scaled);
        // Several devices would exchange their gradients here, before clipping.
        if (training.accumulation() > 1) {
            accumulate(trained, gradients, batch);
        } else {
            apply(trained, params, gradients);
        }
        values.putAll(trace.updates());
        graph.inputs().stream()
                .filter(x -> x.node().op() instanceof Op.Input i && i.name().equals(Trace.COUNTER))
                .findFirst()
                .ifPresent(counter -> values.put(Trace.COUNTER, counter.add(1)));
        graph.inScope("metrics", () -> {
            Tensor sums = sums(loss, batch);
            values.put(LOSS_SUM, entry(LOSS_SUM, SUMS).add(sums));
            metricSums(training.metrics(), METRIC_PREFIX, predictions, targets)
                    .forEach((path, sum) -> values.put(path, entry(path, sum.type()).add(sum)));
            return loss;
        });
        finite.ifPresent(this::keepUnless);
        // Counted for skipped batches too.
        remember(loss);
        return built();
    }

    /** The graph that makes one update of the gradients that have been added up. */
    static Built update(Training training) {
        StepGraph step = new StepGraph(training, new Graph());
        List<Model.Variable> trained = training.model().variables().values().stream()
                .filter(Model.Variable::trainable)
                .toList();
        Tensor samples = step.entry(PENDING_SAMPLES, TensorType.of(DType.F64));
        List<Tensor> params = trained.stream()
                .map(v -> step.entry(v.path(), v.type()))
                .toList();
        List<Tensor> gradients = trained.stream()
                .map(v -> step.entry(GRADIENT_PREFIX + v.path(), v.type())
                        .div(samples.maximum(1).cast(v.type().dtype())))
                .toList();
        step.apply(trained.stream().map(Model.Variable::path).toList(), params, gradients);
        if (training.scaling().isPresent()) {
            Tensor overflows = step.entry(OVERFLOWS, COUNT);
            Tensor usable = overflows.eq(0);
            step.mask(usable);
            step.count(usable);
            step.values.put(OVERFLOWS, overflows.like(0));
        } else if (training.guarded()) {
            step.mask(samples.gt(0));
        }
        trained.forEach(v -> step.values.put(GRADIENT_PREFIX + v.path(), step.graph.zeros(v.type())));
        step.values.put(PENDING, step.entry(PENDING, COUNT).like(0));
        step.values.put(PENDING_SAMPLES, samples.like(0));
        return step.built();
    }

    private Built built() {
        Map<String, String> updates = new LinkedHashMap<>();
        values.forEach((path, value) -> output(graph, path, value, updates));
        return new Built(graph, updates);
    }

    static void output(Graph graph, String path, Tensor value, Map<String, String> updates) {
        graph.output(path + "'", value);
        updates.put(path + "'", path);
    }

    /** The value of a state entry before the step. */
    private Tensor entry(String path, TensorType type) {
        return graph.inputs().stream()
                .filter(x -> x.node().op() instanceof Op.Input i && i.name().equals(path))
                .findFirst()
                .orElseGet(() -> graph.input(path, type));
    }

    private Tensor penalized(Tensor loss, Trace trace) {
        Tensor sum = loss;
        for (Regularizer regularizer : training.regularizers()) {
            for (Map.Entry<String, Tensor> param : trace.params().entrySet()) {
                if (trace.trainable(param.getKey()) && regularizer.applies().test(param.getKey())) {
                    sum = sum.add(regularizer.penalty(param.getValue()));
                }
            }
        }
        return sum;
    }

    /** Whether the objective and all elements of all gradients are finite. */
    private static Tensor finite(Tensor objective, List<Tensor> gradients) {
        Tensor all = objective.isFinite();
        for (Tensor gradient : gradients) {
            // Counted, since a norm of finite values may overflow.
            Tensor faults = gradient.isFinite().not().cast(DType.F32).sum();
            all = all.and(faults.eq(0));
        }
        return all;
    }

    /** The objective as gradients are taken of it. */
    private Tensor scaled(Tensor objective) {
        return training.scaling().isEmpty()
                ? objective
                : graph.inScope("scaling", () -> objective.mul(entry(SCALE, FACTOR).cast(objective.dtype())));
    }

    private List<Tensor> unscaled(List<Tensor> gradients) {
        return training.scaling().isEmpty()
                ? gradients
                : graph.inScope("scaling", () -> {
                    Tensor inverse = entry(SCALE, FACTOR).reciprocal();
                    return gradients.stream()
                            .map(g -> g.mul(inverse.cast(g.dtype())))
                            .toList();
                });
    }

    /** Lets a batch change nothing unless a condition holds. */
    private void keepUnless(Tensor usable) {
        mask(usable);
        if (training.accumulation() > 1 && training.scaling().isPresent()) {
            Tensor overflows = entry(OVERFLOWS, COUNT);
            values.put(OVERFLOWS, usable.select(overflows, overflows.add(1)));
        } else {
            count(usable);
        }
    }

    /** Lets entries keep their values unless a condition holds. */
    private void mask(Tensor condition) {
        values.replaceAll((path, value) -> condition.select(value, entry(path, value.type())));
    }

    /** Counts what is left out unless a condition holds, and finds the next factor of the loss. */
    private void count(Tensor usable) {
        Tensor skipped = entry(SKIPPED, COUNT);
        values.put(SKIPPED, usable.select(skipped, skipped.add(1)));
        training.scaling().ifPresent(scaling -> graph.inScope("scaling", () -> {
            Tensor scale = entry(SCALE, FACTOR);
            Tensor updates = entry(SCALE_UPDATES, COUNT).add(1);
            Tensor grows = updates.ge(scaling.interval());
            Tensor larger = scale.mul(scaling.growth()).minimum(LossScaling.LARGEST);
            Tensor smaller = scale.mul(scaling.backoff()).maximum(LossScaling.LEAST);
            values.put(SCALE, usable.select(grows.select(larger, scale), smaller));
            values.put(SCALE_UPDATES, usable.and(grows.not()).select(updates, updates.like(0)));
            return scale;
        }));
    }

    private void accumulate(List<String> paths, List<Tensor> gradients, int batch) {
        graph.inScope("accumulation", () -> {
            for (int i = 0; i < paths.size(); i++) {
                Tensor gradient = gradients.get(i);
                String path = GRADIENT_PREFIX + paths.get(i);
                values.put(path, entry(path, gradient.type()).add(gradient.mul(batch)));
            }
            values.put(PENDING_SAMPLES, entry(PENDING_SAMPLES, TensorType.of(DType.F64)).add(batch));
            return gradients;
        });
    }

    private void apply(List<String> paths, List<Tensor> params, List<Tensor> gradients) {
        List<Tensor> limited = params.isEmpty()
                ? List.of()
                : graph.inScope("clipping", () -> training.clipping().apply(gradients));
        graph.inScope("optimizer", () -> {
            optimize(paths, params, limited);
            return limited;
        });
    }

    private void optimize(List<String> paths, List<Tensor> params, List<Tensor> gradients) {
        Optimizer optimizer = training.optimizer();
        Tensor step = entry(STEP, COUNT);
        Tensor done = step.cast(DType.F64);
        Tensor rate = optimizer.rate().at(done).mul(entry(RATE_FACTOR, TensorType.of(DType.F64)));
        Optimizer.Context context = new Optimizer.Context(done.add(1), rate);
        for (int i = 0; i < paths.size(); i++) {
            String path = paths.get(i);
            Tensor param = params.get(i);
            List<Tensor> slots = optimizer.slots().stream()
                    .map(slot -> entry(slotPath(slot, path), param.type()))
                    .toList();
            Optimizer.Update update = optimizer.update(context, param, gradients.get(i), slots);
            Tensor after = MaxNorm.limit(training.limits(), path, update.param());
            values.put(path, after);
            for (int k = 0; k < slots.size(); k++) {
                values.put(slotPath(optimizer.slots().get(k), path), update.slots().get(k));
            }
            training.average().ifPresent(share -> {
                Tensor average = entry(AVERAGE_PREFIX + path, param.type());
                values.put(AVERAGE_PREFIX + path, average.mul(share).add(after.mul(1 - share)));
            });
        }
        values.put(STEP, step.add(1));
    }

    /** Keeps the loss of this batch in the ring, and counts the batch. */
    private void remember(Tensor loss) {
        graph.inScope("metrics", () -> {
            Tensor run = entry(counter(training), COUNT);
            Tensor ring = entry(RING_ENTRY, TensorType.f32(TrainStep.RING));
            Tensor here = graph.iota(TensorType.of(DType.I64, TrainStep.RING), 0)
                    .eq(run.remainder(run.like(TrainStep.RING)));
            values.put(RING_ENTRY, here.select(loss.cast(DType.F32), ring));
            if (countsRuns(training)) {
                values.put(RUNS, run.add(1));
            }
            if (training.accumulation() > 1) {
                values.put(PENDING, entry(PENDING, COUNT).add(1));
            }
            return loss;
        });
    }

    /** What a batch adds to the mean loss: loss times samples, and samples. */
    static Tensor sums(Tensor loss, int batch) {
        Tensor weighted = loss.cast(DType.F64).mul(batch);
        return Tensor.stack(0, List.of(weighted, weighted.like(batch)));
    }

    /** Adds to a state the entries of metrics that a graph updates and that the state has not yet. */
    static void declareMetrics(State state, Built built, String prefix) {
        built.updates().forEach((output, path) -> {
            if (path.startsWith(prefix)) {
                TensorType type = built.graph().outputs().get(output).type();
                state.declare(path, type, false, NDArray.zeros(type));
            }
        });
    }

    /** What a batch adds to each metric, by the path of the entry. */
    static Map<String, Tensor> metricSums(
            List<Metric> metrics, String prefix, List<Tensor> predictions, List<Tensor> targets) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        for (Metric metric : metrics) {
            int output = metric.output();
            if (output >= predictions.size()) {
                throw new IllegalArgumentException("metric '" + metric.name() + "' is of output " + output
                        + ", the model has " + predictions.size());
            }
            Tensor target = targets.get(targets.size() == 1 ? 0 : output);
            Tensor sums = metric.sums(predictions.get(output), target).cast(DType.F64);
            all.put(prefix + metric.name(), sums);
        }
        return all;
    }
}
