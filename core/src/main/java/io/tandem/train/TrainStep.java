package io.tandem.train;

import io.tandem.backend.Executable;
import io.tandem.compile.Plan;
import io.tandem.nn.Model;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One step of training as one program: forward pass, loss, gradients, clipping, optimizer, metrics. {@link #run} does not
 * wait for the device: losses go to a ring on the device and are fetched when they are asked for.
 *
 * <p>A step is compiled for each batch size that occurs. With accumulation, the update of the parameters is a program of
 * its own, which runs after every so many batches, or when {@link #flush} asks for it.
 */
public final class TrainStep implements AutoCloseable {
    /** The number of losses that the device remembers. */
    public static final int RING = 1024;

    private final Training training;
    private final State state;
    private final List<TensorType> targets;
    private final ProgramCache programs = new ProgramCache();
    private Optional<Program> update = Optional.empty();
    private List<NDArray> lastInputs = List.of();
    private List<NDArray> lastTargets = List.of();
    private long steps;
    private long pending;
    private long failedAt = -1;
    private boolean closed;

    /**
     * A step for a state of the training's model.
     *
     * @param targets types of one sample's target, without batch axis; one, or one per output of the model
     * @throws IllegalArgumentException if the state belongs to another model, or no parameter is trained
     */
    public TrainStep(Training training, State state, TensorType... targets) {
        this.training = training;
        this.state = state;
        this.targets = List.of(targets);
        if (this.targets.isEmpty()) {
            throw new IllegalArgumentException("a training step needs at least one target");
        }
        if (training.model().variables().values().stream().noneMatch(Model.Variable::trainable)) {
            throw new IllegalArgumentException("there is nothing to train: the model has "
                    + (training.model().variables().isEmpty() ? "no parameters" : "frozen parameters alone"));
        }
        state.require(training.model());
        StepGraph.declare(training, state);
        reload();
    }

    /** Reads again from the state what is counted here too: after values have been restored. */
    void reload() {
        steps = state.get(StepGraph.counter(training)).getLong(0);
        pending = training.accumulation() > 1 ? state.get(StepGraph.PENDING).getLong(0) : 0;
    }

    /**
     * Asks for one step.
     *
     * @param inputs the model's inputs, each with a batch axis
     * @param targets with the same batch size; one, or one per output of the model
     * @return a handle to the step's loss
     */
    public StepResult run(List<NDArray> inputs, NDArray... targets) {
        synchronized (state.device()) {
            return alone(inputs, targets);
        }
    }

    private StepResult alone(List<NDArray> inputs, NDArray... targets) {
        requireOpen();
        List<NDArray> wanted = List.of(targets);
        Program program = program(inputs, wanted);
        for (int i = 0; i < inputs.size(); i++) {
            program.write("input." + i, inputs.get(i));
        }
        for (int i = 0; i < wanted.size(); i++) {
            program.write(StepGraph.target(i), wanted.get(i));
        }
        program.run();
        lastInputs = List.copyOf(inputs);
        lastTargets = wanted;
        StepResult result = new StepResult(this, steps++, state.device().mark());
        if (training.accumulation() > 1 && ++pending >= training.accumulation()) {
            flush();
        }
        return result;
    }

    /** Makes an update of the gradients that have been added up since the last one; without any, nothing happens. */
    public void flush() {
        synchronized (state.device()) {
            if (pending > 0) {
                requireOpen();
                if (update.isEmpty()) {
                    StepGraph.Built built = StepGraph.update(training);
                    update = Optional.of(new Program(state, built.graph(), built.updates()));
                }
                update.get().run();
                pending = 0;
            }
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the training step is closed");
        }
    }

    private Program program(List<NDArray> inputs, List<NDArray> given) {
        if (given.size() != targets.size()) {
            throw new IllegalArgumentException(
                    "the step has " + targets.size() + " targets, the batch gives " + given.size());
        }
        int batch = batchSize(given.getFirst());
        if (inputs.size() != training.model().inputs().size()) {
            throw new IllegalArgumentException("the model has " + training.model().inputs().size()
                    + " inputs, the batch gives " + inputs.size());
        }
        for (int i = 0; i < inputs.size(); i++) {
            requireSamples("input " + i, training.model().inputs().get(i), inputs.get(i), batch);
        }
        for (int i = 0; i < given.size(); i++) {
            requireSamples(StepGraph.target(i), targets.get(i), given.get(i), batch);
        }
        training.loss().check(training.model().outputs(), given);
        return programs.get(batch, this::compile);
    }

    static int batchSize(NDArray column) {
        return column.shape().isScalar() ? 0 : column.shape().dim(0);
    }

    static void requireSamples(String what, TensorType sample, NDArray given, int batch) {
        if (given.shape().equals(sample.shape())) {
            throw new IllegalArgumentException("%s: %s is one sample without a batch axis; a batch of one is %s"
                    .formatted(what, given.type(), sample.shape().insert(0, 1)));
        }
        if (batch < 1) {
            throw new IllegalArgumentException(
                    what + ": a batch needs at least one sample of " + sample + ", got " + given.type());
        }
        Shape expected = sample.shape().insert(0, batch);
        if (!given.shape().equals(expected)) {
            throw new IllegalArgumentException("%s: expected %s per sample, so %s for a batch of %d, got %s"
                    .formatted(what, sample, expected, batch, given.type()));
        }
        if (sample.dtype().isFloating() != given.dtype().isFloating()) {
            throw new IllegalArgumentException(
                    "%s: expected values like %s, got %s".formatted(what, sample.dtype(), given.type()));
        }
    }

    private Program compile(int batch) {
        StepGraph.Built built = StepGraph.batch(training, targets, batch);
        StepGraph.declareMetrics(state, built, StepGraph.METRIC_PREFIX);
        return new Program(state, built.graph(), built.updates());
    }

    /** The batches that this state has been trained with. */
    public long steps() {
        return steps;
    }

    /** The number of the step since which losses are not finite, or -1; known once losses have been read. */
    public long failedAt() {
        return failedAt;
    }

    /**
     * The number of batches that {@link Training#withGuard} left out since training began, or, where the loss is scaled, of
     * updates that were left out; waits for the device.
     */
    public long skipped() {
        return training.skips() ? state.get(StepGraph.SKIPPED).getLong(0) : 0;
    }

    /** The factor that {@link Training#withLossScaling} gives the loss at present, 1 without; waits for the device. */
    public double lossScale() {
        return training.scaling().isPresent() ? state.get(StepGraph.SCALE).getDouble(0) : 1;
    }

    float loss(long step, long mark) {
        if (steps - step > RING) {
            throw new IllegalStateException("the loss of step " + step + " has been overwritten: only the last " + RING
                    + " losses are kept, and " + steps + " steps have been asked for");
        }
        float loss;
        synchronized (state.device()) {
            loss = (float) state.element(StepGraph.RING_ENTRY, step % RING, mark).getDouble(0);
            state.device().takeError(mark).ifPresent(error -> {
                throw new IllegalArgumentException("step " + step + ": " + error);
            });
        }
        if (!Float.isFinite(loss) && failedAt < 0) {
            failedAt = step;
        }
        return loss;
    }

    /**
     * The losses of several steps, with one copy from the device; waits for it.
     *
     * @param from the first step, one of the last {@link #RING}
     * @return one loss per step up to the newest
     */
    float[] losses(long from) {
        loss(from, state.device().mark());
        NDArray ring = state.get(StepGraph.RING_ENTRY);
        float[] losses = new float[Math.toIntExact(steps - from)];
        for (int i = 0; i < losses.length; i++) {
            losses[i] = (float) ring.getDouble((from + i) % RING);
        }
        return losses;
    }

    /**
     * Computes the last batch again on the host, slowly, to find where the first value arises that is not finite. With
     * {@link Training#withGuard} the parameters are those that the batch met; otherwise they have been updated since.
     *
     * @return operation, type and layer, or the parameter or input that holds such a value; empty if there is none
     */
    public Optional<String> diagnose() {
        if (lastTargets.isEmpty()) {
            return Optional.empty();
        }
        StepGraph.Built built =
                StepGraph.batch(training, targets, lastTargets.getFirst().shape().dim(0));
        return Diagnosis.firstNonFinite(built.graph(), state, lastInputs, lastTargets);
    }

    /** Mean loss and metrics since the last {@link #resetFigures}, by name; waits for the device. */
    public Map<String, Double> figures() {
        return figures(state, StepGraph.LOSS_SUM, StepGraph.METRIC_PREFIX, training.metrics());
    }

    /** Starts new sums for loss and metrics. */
    public void resetFigures() {
        reset(state, StepGraph.LOSS_SUM, StepGraph.METRIC_PREFIX, training.metrics());
    }

    static Map<String, Double> figures(State state, String lossPath, String prefix, List<Metric> metrics) {
        synchronized (state.device()) {
            return sums(state, lossPath, prefix, metrics);
        }
    }

    private static Map<String, Double> sums(State state, String lossPath, String prefix, List<Metric> metrics) {
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

    /**
     * The plan of the step for a batch size that has been run.
     *
     * @throws IllegalStateException if it has not
     */
    public Plan plan(int batch) {
        return programs.require(batch).plan();
    }

    /** Runs the step of the last batch with this size once more with a clock at each part; parameters change. */
    public List<Executable.StepTime> profile(int batch) {
        synchronized (state.device()) {
            List<Executable.StepTime> times = programs.require(batch).profile();
            steps++;
            pending += training.accumulation() > 1 ? 1 : 0;
            return times;
        }
    }

    /** Bytes of intermediate values, for the largest batch so far. */
    public long arenaBytes() {
        return programs.arenaBytes();
    }

    @Override
    public void close() {
        synchronized (state.device()) {
            closed = true;
            programs.close();
            update.ifPresent(Program::close);
            update = Optional.empty();
        }
    }
}
