package io.tandem.train;

import io.tandem.backend.Executable;
import io.tandem.data.Batch;
import io.tandem.data.Batches;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.nn.Loss;
import io.tandem.nn.Mode;
import io.tandem.nn.Model;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * A model in inference: predictions, and loss and metrics over data sets. Several threads may ask for predictions, also
 * while the model is trained; on one device they take turns.
 */
public final class Evaluation implements AutoCloseable {
    private static final String METRIC_PREFIX = "evaluation.metric.";
    private static final String LOSS_SUM = "evaluation.loss_sum";

    private final Model model;
    private final State state;
    private final UnaryOperator<String> entries;
    private final ProgramCache predictors = new ProgramCache();
    private final ProgramCache fullPredictors = new ProgramCache();
    private final ProgramCache evaluators = new ProgramCache();
    private Loss loss;
    private List<Metric> metrics = List.of();
    private boolean closed;

    /**
     * Inference with the values of a state.
     *
     * @throws IllegalArgumentException if the state belongs to another model
     */
    public Evaluation(Model model, State state) {
        this(model, state, UnaryOperator.identity());
    }

    private Evaluation(Model model, State state, UnaryOperator<String> entries) {
        this.model = model;
        this.state = state;
        this.entries = entries;
        state.require(model);
    }

    /**
     * Inference with the averages of the parameters that {@link Training#withAverage} keeps; parameters without one, and
     * statistics, are used as they are.
     *
     * @throws IllegalArgumentException if the state has no averages: no such training has begun
     */
    public static Evaluation averaged(Model model, State state) {
        if (model.variables().keySet().stream().noneMatch(path -> state.contains(StepGraph.AVERAGE_PREFIX + path))) {
            throw new IllegalArgumentException(
                    "the state has no averages of the parameters; train with an average first");
        }
        return new Evaluation(model, state, path -> {
            String average = StepGraph.AVERAGE_PREFIX + path;
            return state.contains(average) ? average : path;
        });
    }

    /**
     * The model's first output.
     *
     * @param inputs the model's inputs, each with a batch axis
     */
    public NDArray predict(NDArray... inputs) {
        return predict(predictors, 1, inputs).getFirst();
    }

    /**
     * All outputs of the model.
     *
     * @param inputs the model's inputs, each with a batch axis
     */
    public List<NDArray> predictOutputs(NDArray... inputs) {
        return predict(fullPredictors, model.outputs().size(), inputs);
    }

    private List<NDArray> predict(ProgramCache programs, int outputs, NDArray... inputs) {
        synchronized (state.device()) {
            return alone(programs, outputs, inputs);
        }
    }

    private List<NDArray> alone(ProgramCache programs, int outputs, NDArray... inputs) {
        requireOpen();
        if (inputs.length != model.inputs().size()) {
            throw new IllegalArgumentException(
                    "the model has " + model.inputs().size() + " inputs, " + inputs.length + " were given");
        }
        int batch = TrainStep.batchSize(inputs[0]);
        for (int i = 0; i < inputs.length; i++) {
            TrainStep.requireSamples("input " + i, model.inputs().get(i), inputs[i], batch);
        }
        Program program = programs.get(batch, b -> {
            Model.Traced traced = model.trace(Mode.INFERENCE, b);
            for (int i = 0; i < outputs; i++) {
                traced.trace().graph().output("output." + i, traced.outputs().get(i));
            }
            return new Program(state, traced.trace().graph(), Map.of(), entries);
        });
        for (int i = 0; i < inputs.length; i++) {
            if (program.has("input." + i)) {
                program.write("input." + i, inputs[i]);
            }
        }
        program.run();
        List<NDArray> values = IntStream.range(0, outputs)
                .mapToObj(i -> program.read("output." + i))
                .toList();
        state.device().takeError().ifPresent(error -> {
            throw new IllegalArgumentException(error);
        });
        return values;
    }

    /**
     * Runs the last {@link #predict} of a batch size once more, with a clock at each part.
     *
     * @throws IllegalStateException if there was none of that size
     */
    public List<Executable.StepTime> profile(int batch) {
        synchronized (state.device()) {
            return predictors.require(batch).profile();
        }
    }

    /**
     * The model's first output for all samples of a data set, in order. The data set's first columns are the model's
     * inputs; further ones are not used.
     */
    public NDArray predictAll(Dataset data, int batchSize) {
        TensorType type = model.outputs().getFirst();
        TensorType all = type.with(type.shape().insert(0, data.size()));
        MemorySegment values = NDArray.allocate(all);
        long at = 0;
        int inputs = model.inputs().size();
        try (Batches batches = DataLoader.of(data, batchSize).epoch(0)) {
            for (Batch batch : batches) {
                NDArray part = predict(batch.columns().subList(0, inputs).toArray(NDArray[]::new));
                MemorySegment.copy(part.segment(), 0, values, at, part.segment().byteSize());
                at += part.segment().byteSize();
            }
        }
        return NDArray.wrap(all, values);
    }

    /**
     * Mean loss and metrics over a data set, whose columns are the model's inputs and then the target, or the targets of
     * a loss for several outputs.
     *
     * @return figures by name, {@code "loss"} first
     */
    public Map<String, Double> evaluate(Dataset data, int batchSize, Loss lossFunction, List<Metric> wanted) {
        synchronized (state.device()) {
            return alone(data, batchSize, lossFunction, wanted);
        }
    }

    private Map<String, Double> alone(Dataset data, int batchSize, Loss lossFunction, List<Metric> wanted) {
        requireOpen();
        if (lossFunction != loss || !wanted.equals(metrics)) {
            evaluators.close();
            loss = lossFunction;
            metrics = Metrics.distinct(wanted);
        }
        state.declare(LOSS_SUM, TensorType.of(DType.F64, 2), false, NDArray.zeros(TensorType.of(DType.F64, 2)));
        TrainStep.reset(state, LOSS_SUM, METRIC_PREFIX, metrics);
        int inputs = model.inputs().size();
        if (data.types().size() <= inputs) {
            throw new IllegalArgumentException("the data set needs " + inputs + " input columns and a target, it has "
                    + data.types().size() + " columns");
        }
        int columns = data.types().size();
        int outputs = loss.outputs();
        int targets = columns >= inputs + outputs ? outputs : 1;
        List<TensorType> types = data.types().subList(inputs, inputs + targets);
        try (Batches batches = DataLoader.of(data, batchSize).epoch(0)) {
            for (Batch batch : batches) {
                Program program = evaluators.get(batch.size(), size -> compile(size, types));
                for (int i = 0; i < inputs; i++) {
                    TrainStep.requireSamples("input " + i, model.inputs().get(i), batch.column(i), batch.size());
                    program.write("input." + i, batch.column(i));
                }
                loss.check(model.outputs(), batch.columns().subList(inputs, inputs + targets));
                for (int i = 0; i < targets; i++) {
                    program.write(StepGraph.target(i), batch.column(inputs + i));
                }
                program.run();
            }
        }
        return TrainStep.figures(state, LOSS_SUM, METRIC_PREFIX, metrics);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the evaluation is closed");
        }
    }

    private Program compile(int batch, List<TensorType> types) {
        Model.Traced traced = model.trace(Mode.INFERENCE, batch);
        Graph graph = traced.trace().graph();
        List<Tensor> predictions = traced.outputs();
        List<Tensor> targets = StepGraph.targets(graph, types, batch);
        Map<String, String> updates = new LinkedHashMap<>();
        add(graph, LOSS_SUM, StepGraph.sums(loss.of(predictions, targets), batch), updates);
        StepGraph.metricSums(metrics, METRIC_PREFIX, predictions, targets)
                .forEach((path, sums) -> add(graph, path, sums, updates));
        StepGraph.declareMetrics(state, new StepGraph.Built(graph, updates), METRIC_PREFIX);
        return new Program(state, graph, updates, entries);
    }

    private static void add(Graph graph, String path, Tensor sums, Map<String, String> updates) {
        StepGraph.output(graph, path, graph.input(path, sums.type()).add(sums), updates);
    }

    @Override
    public void close() {
        synchronized (state.device()) {
            closed = true;
            predictors.close();
            fullPredictors.close();
            evaluators.close();
        }
    }
}
