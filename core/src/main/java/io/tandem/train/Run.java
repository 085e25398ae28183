package io.tandem.train;

import io.tandem.backend.Device;
import io.tandem.data.Batch;
import io.tandem.data.DataLoader;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.nn.Model;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A training run in progress, as {@link Callback}s see it. */
public final class Run {
    private static final Logger log = LoggerFactory.getLogger(Run.class);

    private static final String SCHEDULE = "optimizer.rate";
    private static final String PRECISION = "model.precision";
    private static final String BATCH_SIZE = "data.batch_size";

    private final Training training;
    private final State state;
    private final DataLoader data;
    private final TrainStep step;
    private final Map<String, Callback> callbacks;
    private final int lastEpoch;
    private final List<Epoch> epochs = new ArrayList<>();
    private int epoch;
    private int batch;
    private double seconds;
    private double waitingSeconds;
    private boolean resumed;
    private boolean figuresRestored;
    private Optional<String> stopped = Optional.empty();

    Run(Training training, State state, DataLoader data, TrainStep step, List<Callback> callbacks, int lastEpoch) {
        this.training = training;
        this.state = state;
        this.data = data;
        this.step = step;
        this.callbacks = named(callbacks);
        this.lastEpoch = lastEpoch;
    }

    /** Callbacks of one name get numbers, in their order. */
    private static Map<String, Callback> named(List<Callback> callbacks) {
        Map<String, Callback> named = new LinkedHashMap<>();
        for (Callback callback : callbacks) {
            String name = callback.name();
            for (int i = 2; named.containsKey(name); i++) {
                name = callback.name() + " " + i;
            }
            named.put(name, callback);
        }
        return named;
    }

    /** What training means. */
    public Training training() {
        return training;
    }

    /** The values; a callback may read them. */
    public State state() {
        return state;
    }

    /** Where the batches come from. */
    public DataLoader data() {
        return data;
    }

    /** The step; a callback may ask it for figures, but not run it. */
    public TrainStep step() {
        return step;
    }

    /** The current epoch, from 0; between epochs, the next one. */
    public int epoch() {
        return epoch;
    }

    /** The next batch of the current epoch, from 0; 0 between epochs. */
    public int batch() {
        return batch;
    }

    /** The number of epochs that training is to have. */
    public int lastEpoch() {
        return lastEpoch;
    }

    /** Whether this run goes on from a checkpoint. */
    public boolean isResumed() {
        return resumed;
    }

    /** The finished epochs, those before a checkpoint included. */
    public List<Epoch> epochs() {
        return List.copyOf(epochs);
    }

    /**
     * Ends training after the current step, or the current end of an epoch.
     *
     * @param reason why, for people; the first one counts
     */
    public void stop(String reason) {
        if (stopped.isEmpty()) {
            stopped = Optional.of(reason);
        }
    }

    /** Whether training is about to end before its last epoch. */
    public boolean isStopping() {
        return stopped.isPresent();
    }

    /** Everything that is needed to go on from here; waits for the device. */
    public Checkpoint checkpoint() {
        Map<String, NDArray> figures = new LinkedHashMap<>();
        if (batch > 0) {
            state.figures().keySet().stream()
                    .filter(path -> path.equals(StepGraph.LOSS_SUM) || path.startsWith(StepGraph.METRIC_PREFIX))
                    .forEach(path -> figures.put(path, state.get(path)));
        }
        Map<String, Callback.Memory> memories = new LinkedHashMap<>();
        callbacks.forEach((name, callback) -> {
            Callback.Memory memory = callback.memory();
            if (!memory.isEmpty()) {
                memories.put(name, memory);
            }
        });
        Map<String, NDArray> values = state.snapshot();
        Map<String, String> facts = facts();
        facts.put(SCHEDULE, Double.toString(rate(values.get(StepGraph.STEP))));
        return new Checkpoint(
                values, figures, new Checkpoint.Position(epoch, batch, seconds, waitingSeconds), epochs, memories,
                facts);
    }

    private Map<String, String> facts() {
        Device device = state.device();
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("device", device.info().name());
        facts.put("device.description", device.info().description());
        facts.put(Checkpoint.THREADS, Integer.toString(device.info().threads()));
        facts.put("device.deterministic", Boolean.toString(device.options().deterministic()));
        facts.put("device.math", device.options().math().name());
        facts.put("java", Runtime.version().toString());
        facts.put("model", training.model().root().getClass().getSimpleName());
        facts.put("model.inputs", training.model().inputs().toString());
        facts.put("model.outputs", training.model().outputs().toString());
        facts.put(PRECISION, precision(training.model()));
        facts.put("optimizer", training.optimizer().getClass().getSimpleName());
        facts.put("updates.batches", Integer.toString(training.accumulation()));
        facts.putAll(dataFacts());
        return facts;
    }

    private static String precision(Model model) {
        return model.precision().map(p -> "mixed " + p.dtype()).orElse("as inputs");
    }

    private Map<String, String> dataFacts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("data.samples", Integer.toString(data.dataset().size()));
        facts.put("data.types", data.dataset().types().toString());
        facts.put(BATCH_SIZE, Integer.toString(data.batchSize()));
        facts.put("data.shuffled", Boolean.toString(data.shuffle()));
        facts.put("data.seed", Long.toString(data.seed()));
        facts.put("data.drop_last", Boolean.toString(data.dropLast()));
        return facts;
    }

    /** The learning rate that the schedule gives the next update: a schedule is code, this is what can be compared. */
    private double rate(NDArray done) {
        Graph graph = new Graph();
        Tensor input = graph.input("step", TensorType.of(DType.F64));
        graph.output("rate", training.optimizer().rate().at(input));
        return new Interpreter()
                .run(graph, Map.of("step", done.cast(DType.F64)))
                .get("rate")
                .item();
    }

    /**
     * Goes to where a checkpoint was made.
     *
     * @throws IllegalArgumentException if it is of another model, or in the middle of an epoch of other data
     */
    void resume(Checkpoint checkpoint) {
        requireData(checkpoint);
        checkpoint.restore(state);
        restoreFigures(checkpoint);
        step.reload();
        epoch = checkpoint.position().epoch();
        batch = checkpoint.position().batch();
        seconds = checkpoint.position().seconds();
        waitingSeconds = checkpoint.position().waitingSeconds();
        epochs.clear();
        epochs.addAll(checkpoint.epochs());
        callbacks.forEach((name, callback) -> callback.restore(
                checkpoint.memories().getOrDefault(name, Callback.Memory.EMPTY)));
        checkpoint.memories().keySet().stream()
                .filter(name -> !callbacks.containsKey(name))
                .forEach(name -> log.info(
                        "the checkpoint has what the callback {} remembers, but there is none of that name", name));
        resumed = true;
        compare(checkpoint);
        log.info("resumed at epoch {}, batch {}, after {} updates", epoch, batch, checkpoint.step());
    }

    private void requireData(Checkpoint checkpoint) {
        int count = data.batchesPerEpoch();
        List<String> differences = new ArrayList<>();
        dataFacts().forEach((name, now) -> {
            String then = checkpoint.facts().getOrDefault(name, now);
            if (!then.equals(now)) {
                differences.add(name + " was " + then + ", is " + now);
            }
        });
        boolean inside = checkpoint.position().batch() > 0;
        if (inside && (!differences.isEmpty() || checkpoint.position().batch() > count)) {
            throw new IllegalArgumentException(
                    "the checkpoint was made in the middle of an epoch (after batch %d) of other data: %s; go on with the same, or from a checkpoint between epochs"
                            .formatted(checkpoint.position().batch(), String.join(", ", differences)));
        }
        if (!differences.isEmpty()) {
            log.warn("the data are not those of the checkpoint, so results differ from an undisturbed run: {}",
                    String.join(", ", differences));
        }
    }

    private void restoreFigures(Checkpoint checkpoint) {
        figuresRestored = checkpoint.position().batch() > 0;
        List<String> known = new ArrayList<>(List.of(StepGraph.LOSS_SUM));
        training.metrics().forEach(metric -> known.add(StepGraph.METRIC_PREFIX + metric.name()));
        checkpoint.figures().forEach((path, value) -> {
            if (known.contains(path)) {
                state.declare(path, value.type(), false, value);
                state.set(path, value);
            }
        });
        if (figuresRestored && !checkpoint.figures().keySet().containsAll(known)) {
            log.warn("the metrics of this epoch cover its part after the checkpoint only: {} were not computed before",
                    known.stream().filter(path -> !checkpoint.figures().containsKey(path)).toList());
        }
    }

    /** Says what differs from the run that made a checkpoint and changes results. */
    private void compare(Checkpoint checkpoint) {
        Map<String, String> now = facts();
        for (String name : List.of("device", Checkpoint.THREADS, "device.deterministic", "device.math", PRECISION)) {
            String then = checkpoint.facts().getOrDefault(name, now.get(name));
            if (!then.equals(now.get(name))) {
                log.warn("{} was {}, is {}: results may differ in their last bits", name, then, now.get(name));
            }
        }
        String then = checkpoint.facts().get(SCHEDULE);
        double rate = rate(checkpoint.values().get(StepGraph.STEP));
        if (then != null && Double.parseDouble(then) != rate) {
            log.warn("the schedule gives a learning rate of {} here, it gave {} when the checkpoint was made", rate,
                    then);
        }
    }

    /** Whether the sums of loss and metrics go on; otherwise they begin at zero. Asked once per epoch. */
    boolean figuresGoOn() {
        boolean restored = figuresRestored;
        figuresRestored = false;
        return restored;
    }

    void batchDone(Batch done, double total, double waiting) {
        batch = done.index() + 1;
        seconds = total;
        waitingSeconds = waiting;
    }

    void epochDone(Epoch record) {
        epochs.add(record);
        epoch++;
        batch = 0;
        seconds = 0;
        waitingSeconds = 0;
    }

    double seconds() {
        return seconds;
    }

    double waitingSeconds() {
        return waitingSeconds;
    }

    History history() {
        return new History(epochs, stopped);
    }
}
