package io.tandem.train;

import io.tandem.autodiff.Gradients;
import io.tandem.backend.Executable;
import io.tandem.compile.Plan;
import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.nn.Mode;
import io.tandem.nn.Model;
import io.tandem.nn.Trace;
import io.tandem.optim.Optimizer;
import io.tandem.optim.Regularizer;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One step of training as one program: forward pass, loss, gradients, clipping, optimizer, metrics. {@link #run} does not
 * wait for the device: losses go to a ring on the device and are fetched when they are asked for.
 *
 * <p>A step is compiled for each batch size that occurs.
 */
public final class TrainStep implements AutoCloseable {
    /** The number of losses that the device remembers. */
    public static final int RING = 1024;

    static final String STEP = "optimizer.step";
    static final String RATE_FACTOR = "optimizer.rate_factor";
    private static final String RING_ENTRY = "train.ring";
    private static final String METRIC_PREFIX = "train.metric.";
    private static final String LOSS_SUM = "train.loss_sum";

    private final Training training;
    private final State state;
    private final TensorType target;
    private final Map<Integer, Program> programs = new HashMap<>();
    private long steps;
    private long failedAt = -1;

    /**
     * A step for a state of the training's model.
     *
     * @param target type of one sample's target, without batch axis
     */
    public TrainStep(Training training, State state, TensorType target) {
        this.training = training;
        this.state = state;
        this.target = target;
        state.declare(STEP, TensorType.of(DType.I64), true, NDArray.scalar(0));
        state.declare(RATE_FACTOR, TensorType.of(DType.F64), true, NDArray.scalar(DType.F64, 1));
        state.declare(RING_ENTRY, TensorType.f32(RING), false, NDArray.zeros(TensorType.f32(RING)));
        state.declare(LOSS_SUM, TensorType.of(DType.F64, 2), false, NDArray.zeros(TensorType.of(DType.F64, 2)));
        for (Model.Variable variable : training.model().variables().values()) {
            if (variable.trainable()) {
                for (Optimizer.Slot slot : training.optimizer().slots()) {
                    state.declare(
                            slotPath(slot, variable.path()),
                            variable.type(),
                            true,
                            NDArray.full(variable.type(), slot.initial()));
                }
            }
        }
        steps = state.get(STEP).getLong(0);
    }

    private static String slotPath(Optimizer.Slot slot, String path) {
        return "optimizer." + slot.name() + "." + path;
    }

    /**
     * Asks for one step.
     *
     * @param inputs the model's inputs, each with a batch axis
     * @param targets with the same batch size
     * @return a handle to the step's loss
     */
    public StepResult run(List<NDArray> inputs, NDArray targets) {
        Program program = program(inputs, targets);
        for (int i = 0; i < inputs.size(); i++) {
            program.write("input." + i, inputs.get(i));
        }
        program.write("target", targets);
        program.run();
        return new StepResult(this, steps++);
    }

    private Program program(List<NDArray> inputs, NDArray targets) {
        int batch = targets.shape().rank() == 0 ? 0 : targets.shape().dim(0);
        if (inputs.size() != training.model().inputs().size()) {
            throw new IllegalArgumentException("the model has " + training.model().inputs().size()
                    + " inputs, the batch gives " + inputs.size());
        }
        for (int i = 0; i < inputs.size(); i++) {
            requireSamples("input " + i, training.model().inputs().get(i), inputs.get(i), batch);
        }
        requireSamples("target", target, targets, batch);
        return programs.computeIfAbsent(batch, this::compile);
    }

    static void requireSamples(String what, TensorType sample, NDArray given, int batch) {
        Shape expected = sample.shape().insert(0, batch);
        if (batch < 1 || !given.shape().equals(expected)) {
            throw new IllegalArgumentException("%s: expected %s per sample, so %s for a batch of %d, got %s"
                    .formatted(what, sample, expected, batch, given.type()));
        }
        if (sample.dtype().isFloating() != given.dtype().isFloating()) {
            throw new IllegalArgumentException(
                    "%s: expected values like %s, got %s".formatted(what, sample.dtype(), given.type()));
        }
    }

    private Program compile(int batch) {
        Map<String, String> updates = new LinkedHashMap<>();
        Graph graph = graph(batch, updates);
        return new Program(state, graph, updates);
    }

    /**
     * The graph of one step.
     *
     * @param batch the batch size
     * @param updates is filled: from outputs to the state entries that they replace
     */
    Graph graph(int batch, Map<String, String> updates) {
        Model.Traced traced = training.model().trace(Mode.TRAINING, batch);
        Trace trace = traced.trace();
        Graph graph = trace.graph();
        Tensor prediction = traced.outputs().getFirst();
        Tensor targets = graph.input("target", target.with(target.shape().insert(0, batch)));
        Tensor loss = graph.inScope("loss", () -> training.loss().of(prediction, targets));
        if (!loss.shape().isScalar()) {
            throw new IllegalArgumentException("the loss must be a scalar, it is " + loss.type()
                    + "; reduce it with mean() or sum()");
        }
        Tensor objective = graph.inScope("loss", () -> penalized(loss, trace));

        List<String> trained =
                trace.params().keySet().stream().filter(trace::trainable).toList();
        List<Tensor> params = trained.stream().map(trace.params()::get).toList();
        List<Tensor> gradients = params.isEmpty() ? List.of() : Gradients.of(objective, params);
        // Several devices would exchange their gradients here, before clipping.
        List<Tensor> limited = params.isEmpty()
                ? List.of()
                : graph.inScope("clipping", () -> training.clipping().apply(gradients));

        Tensor step = graph.input(STEP, TensorType.of(DType.I64));
        graph.inScope("optimizer", () -> {
            optimize(graph, step, trained, params, limited, updates);
            return step;
        });
        trace.updates().forEach((path, value) -> update(graph, path, value, updates));
        if (graph.inputs().stream().anyMatch(x -> x.node().op() instanceof Op.Input i && i.name().equals(Trace.COUNTER))) {
            Tensor counter = graph.inputs().stream()
                    .filter(x -> x.node().op() instanceof Op.Input i && i.name().equals(Trace.COUNTER))
                    .findFirst()
                    .orElseThrow();
            update(graph, Trace.COUNTER, counter.add(1), updates);
        }
        graph.inScope("metrics", () -> {
            track(graph, step, loss, prediction, targets, batch, updates);
            return loss;
        });
        return graph;
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

    private void optimize(
            Graph graph,
            Tensor step,
            List<String> paths,
            List<Tensor> params,
            List<Tensor> gradients,
            Map<String, String> updates) {
        Optimizer optimizer = training.optimizer();
        Tensor done = step.cast(DType.F64);
        Tensor factor = graph.input(RATE_FACTOR, TensorType.of(DType.F64));
        Tensor rate = optimizer.rate().at(done).mul(factor);
        Optimizer.Context context = new Optimizer.Context(done.add(1), rate);
        for (int i = 0; i < paths.size(); i++) {
            String path = paths.get(i);
            Tensor param = params.get(i);
            List<Tensor> slots = optimizer.slots().stream()
                    .map(slot -> graph.input(slotPath(slot, path), param.type()))
                    .toList();
            Optimizer.Update update = optimizer.update(context, param, gradients.get(i), slots);
            update(graph, path, update.param(), updates);
            for (int k = 0; k < slots.size(); k++) {
                update(graph, slotPath(optimizer.slots().get(k), path), update.slots().get(k), updates);
            }
        }
        update(graph, STEP, step.add(1), updates);
    }

    private void track(
            Graph graph,
            Tensor step,
            Tensor loss,
            Tensor prediction,
            Tensor targets,
            int batch,
            Map<String, String> updates) {
        Tensor ring = graph.input(RING_ENTRY, TensorType.f32(RING));
        Tensor here = graph.iota(TensorType.of(DType.I64, RING), 0).eq(step.remainder(step.like(RING)));
        update(graph, RING_ENTRY, here.select(loss.cast(DType.F32), ring), updates);
        Tensor lossSum = graph.input(LOSS_SUM, TensorType.of(DType.F64, 2));
        Tensor weighted = loss.cast(DType.F64).mul(batch);
        Tensor sums = Tensor.stack(0, List.of(weighted, weighted.like(batch)));
        update(graph, LOSS_SUM, lossSum.add(sums), updates);
        metricSums(graph, state, training.metrics(), METRIC_PREFIX, prediction, targets, updates);
    }

    static void metricSums(
            Graph graph,
            State state,
            List<Metric> metrics,
            String prefix,
            Tensor prediction,
            Tensor targets,
            Map<String, String> updates) {
        for (Metric metric : metrics) {
            Tensor sums = metric.sums(prediction, targets).cast(DType.F64);
            String path = prefix + metric.name();
            state.declare(path, sums.type(), false, NDArray.zeros(sums.type()));
            update(graph, path, graph.input(path, sums.type()).add(sums), updates);
        }
    }

    static void update(Graph graph, String path, Tensor value, Map<String, String> updates) {
        graph.output(path + "'", value);
        updates.put(path + "'", path);
    }

    /** The steps that this state has been trained. */
    public long steps() {
        return steps;
    }

    /** The number of the step since which losses are not finite, or -1; known once losses have been read. */
    public long failedAt() {
        return failedAt;
    }

    float loss(long step) {
        if (steps - step > RING) {
            throw new IllegalStateException("the loss of step " + step + " has been overwritten: only the last " + RING
                    + " losses are kept, and " + steps + " steps have been asked for");
        }
        float loss = (float) state.get(RING_ENTRY).getDouble(step % RING);
        state.device().takeError().ifPresent(error -> {
            throw new IllegalArgumentException("step " + step + ": " + error);
        });
        if (!Float.isFinite(loss) && failedAt < 0) {
            failedAt = step;
        }
        return loss;
    }

    /** Mean loss and metrics since the last {@link #resetFigures}, by name; waits for the device. */
    public Map<String, Double> figures() {
        return figures(state, LOSS_SUM, METRIC_PREFIX, training.metrics());
    }

    /** Starts new sums for loss and metrics. */
    public void resetFigures() {
        reset(state, LOSS_SUM, METRIC_PREFIX, training.metrics());
    }

    static Map<String, Double> figures(State state, String lossPath, String prefix, List<Metric> metrics) {
        Map<String, Double> figures = new LinkedHashMap<>();
        NDArray loss = state.get(lossPath);
        figures.put("loss", loss.getDouble(0) / loss.getDouble(1));
        for (Metric metric : metrics) {
            if (state.contains(prefix + metric.name())) {
                figures.put(
                        metric.name(), metric.value(state.get(prefix + metric.name()).toDoubles()));
            }
        }
        state.device().takeError().ifPresent(error -> {
            throw new IllegalArgumentException(error);
        });
        return figures;
    }

    static void reset(State state, String lossPath, String prefix, List<Metric> metrics) {
        List<String> paths = new ArrayList<>(List.of(lossPath));
        metrics.forEach(m -> paths.add(prefix + m.name()));
        for (String path : paths) {
            if (state.contains(path)) {
                state.set(path, NDArray.zeros(state.type(path)));
            }
        }
    }

    /** The plan of the step for a batch size that has been run. */
    public Plan plan(int batch) {
        return programs.get(batch).plan();
    }

    /** Runs the step of the last batch with this size once more with a clock at each part; parameters change. */
    public List<Executable.StepTime> profile(int batch) {
        steps++;
        return programs.get(batch).profile();
    }

    /** Bytes of intermediate values, for the largest batch so far. */
    public long arenaBytes() {
        return programs.values().stream().mapToLong(Program::arenaBytes).max().orElse(0);
    }

    @Override
    public void close() {
        programs.values().forEach(Program::close);
        programs.clear();
    }
}
