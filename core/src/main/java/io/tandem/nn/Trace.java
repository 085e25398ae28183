package io.tandem.nn;

import io.tandem.graph.Distribution;
import io.tandem.graph.Graph;
import io.tandem.graph.GraphException;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * A model on its way into a graph: gives layers their parameters as tensors, random numbers, and a place to leave updated
 * statistics.
 */
public final class Trace {
    /** Name of the graph input that holds the seed of all random numbers: an int64 scalar. */
    public static final String SEED = "random.seed";
    /** Name of the graph input that advances with each step: an int64 scalar. */
    public static final String COUNTER = "random.counter";

    private final Graph graph;
    private final ParamPaths paths;
    private final Mode mode;
    private final DType dtype;
    private final Map<String, Tensor> params = new LinkedHashMap<>();
    private final Map<String, Param> used = new LinkedHashMap<>();
    private final Map<String, Tensor> updates = new LinkedHashMap<>();
    private final Map<String, Integer> calls = new HashMap<>();
    private final Map<String, Tensor> results = new HashMap<>();
    private final Predicate<String> frozen;

    private Trace(Graph graph, ParamPaths paths, Mode mode, DType dtype, Predicate<String> frozen) {
        this.graph = graph;
        this.paths = paths;
        this.mode = mode;
        this.dtype = dtype;
        this.frozen = frozen;
    }

    /** The holder through which a graph knows its trace. */
    private static final class Holder {
        private Trace trace;
    }

    static Trace start(Graph graph, ParamPaths paths, Mode mode, DType dtype, Predicate<String> frozen) {
        Trace trace = new Trace(graph, paths, mode, dtype, frozen);
        graph.attachment(Holder.class, Holder::new).trace = trace;
        return trace;
    }

    /**
     * This trace in another graph.
     *
     * @param target the other graph
     * @param tensors from tensors of this graph to what they are there
     * @param statistics from tensors there to those of the type that statistics have
     */
    Trace moved(Graph target, UnaryOperator<Tensor> tensors, UnaryOperator<Tensor> statistics) {
        Trace trace = start(target, paths, mode, dtype, frozen);
        params.forEach((path, x) -> trace.params.put(path, tensors.apply(x)));
        trace.used.putAll(used);
        updates.forEach((path, x) -> trace.updates.put(path, statistics.apply(tensors.apply(x))));
        trace.calls.putAll(calls);
        results.forEach((path, x) -> trace.results.put(path, tensors.apply(x)));
        return trace;
    }

    /**
     * The trace that a tensor belongs to.
     *
     * @throws GraphException if the tensor's graph is not a model's trace
     */
    public static Trace of(Tensor x) {
        Trace trace = x.graph().attachment(Holder.class, Holder::new).trace;
        if (trace == null) {
            throw new GraphException("layers can be applied in a model's trace alone, and this graph is none: make a"
                    + " Model of the layers; inside a scan, ask for parameters before it and pass them as fixed values");
        }
        return trace;
    }

    /** The graph that grows. */
    public Graph graph() {
        return graph;
    }

    /** What the trace is for. */
    public Mode mode() {
        return mode;
    }

    /** The element type of parameters. */
    public DType dtype() {
        return dtype;
    }

    /** Whether statistics are to be tracked here: in training, and where no enclosing layer is frozen. */
    public boolean training() {
        return mode == Mode.TRAINING && !frozen.test(graph.scope());
    }

    /**
     * The value of a parameter.
     *
     * @param param whose
     * @param shape its shape; the first use fixes it
     * @throws GraphException if the parameter is not part of the model, or was used with another shape before
     */
    public Tensor param(Param param, Shape shape) {
        String path = paths.path(param)
                .orElseThrow(() -> new GraphException("a parameter of shape " + shape + " is not part of the model"
                        + (graph.scope().isEmpty() ? "" : " (in " + graph.scope() + ")")
                        + ": layers are found as components of records and in lists of these, not in fields of other"
                        + " classes, variables that a lambda uses, maps, arrays, or where forward makes them; write"
                        + " the layer as a record that holds its parameters and layers"));
        Tensor known = params.get(path);
        if (known == null) {
            known = graph.input(path, new TensorType(dtype, shape));
            params.put(path, known);
            used.put(path, param);
        }
        if (!known.shape().equals(shape)) {
            throw new GraphException("parameter '" + path + "' has shape " + known.shape() + ", but here it is used as "
                    + shape + ": a shared layer needs inputs of equal size");
        }
        return known;
    }

    /**
     * The value of a statistic after the updates that layers have left for it so far in this trace: a layer that is used
     * more than once goes on from what its earlier uses left.
     *
     * @param param whose
     * @param shape its shape, as for {@link #param}
     */
    public Tensor tracked(Param param, Shape shape) {
        Tensor before = param(param, shape);
        return updates.getOrDefault(paths.path(param).orElseThrow(), before);
    }

    /** Leaves a new value for a statistic; it takes effect when the step ends. */
    public void update(Param param, Tensor value) {
        String path = paths.path(param).orElseThrow();
        if (!value.type().equals(params.get(path).type())) {
            throw new GraphException("the new value of '" + path + "' must be " + params.get(path).type() + ", it is "
                    + value.type());
        }
        updates.put(path, value);
    }

    /** Random numbers that differ from call to call and from step to step. */
    public Tensor random(Distribution distribution, Shape shape) {
        String scope = graph.scope();
        int call = calls.merge(scope, 1, Integer::sum);
        long site = PathHash.of(scope + "#" + call);
        return graph.add(new Op.Random(distribution, shape, site), scalar(SEED), scalar(COUNTER));
    }

    private Tensor scalar(String name) {
        return graph.inputs().stream()
                .filter(x -> x.node().op() instanceof Op.Input i && i.name().equals(name))
                .findFirst()
                .orElseGet(() -> graph.input(name, TensorType.of(DType.I64)));
    }

    /** Runs a layer's {@code forward} with its path as scope. */
    Tensor enter(Layer layer, Tensor x, UnaryOperator<Tensor> forward) {
        String path = paths.path(layer).orElse(graph.scope());
        Tensor y = graph.inScope(path, () -> forward.apply(x));
        results.put(path, y);
        return y;
    }

    /** Runs part of a layer with its path as scope, for layers with several inputs. */
    public <T> T enter(Object layer, Supplier<T> forward) {
        String path = paths.path(layer).orElse(graph.scope());
        T y = graph.inScope(path, forward);
        if (y instanceof Tensor tensor) {
            results.put(path, tensor);
        }
        return y;
    }

    /** What the layer at a path has given last, if it gives one tensor and has been applied. */
    Optional<Tensor> result(String path) {
        return Optional.ofNullable(results.get(path));
    }

    /** The parameters and statistics used so far, by path. */
    public Map<String, Tensor> params() {
        return Collections.unmodifiableMap(params);
    }

    /** The parameters used so far, by path, as the model knows them. */
    Map<String, Param> used() {
        return Collections.unmodifiableMap(used);
    }

    /** Whether gradients change the parameter at a path. */
    public boolean trainable(String path) {
        return used.get(path).trainable() && !frozen.test(path);
    }

    /** New values of statistics, by path. */
    public Map<String, Tensor> updates() {
        return Collections.unmodifiableMap(updates);
    }
}
