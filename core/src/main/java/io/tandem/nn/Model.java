package io.tandem.nn;

import io.tandem.graph.Diagram;
import io.tandem.graph.Graph;
import io.tandem.graph.GraphException;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * A network with the types of its inputs: knows the paths, shapes and initial values of all parameters, without holding
 * any value. Immutable; one model can be traced, initialized and trained many times.
 */
public final class Model {
    private final Object root;
    private final Network network;
    private final List<TensorType> inputs;
    private final DType dtype;
    private final Set<String> frozenPrefixes;
    private final Optional<MixedPrecision> precision;
    private final ParamPaths paths;
    private final Map<String, Variable> variables = new LinkedHashMap<>();
    private final List<TensorType> outputs;

    /**
     * A parameter or statistic of a model.
     *
     * @param path where it stands
     * @param type element type and shape
     * @param initializer how it starts
     * @param trainable whether gradients change it
     */
    public record Variable(String path, TensorType type, Initializer initializer, boolean trainable) {
        /** The initial value for a model's seed. */
        public NDArray initialize(long seed) {
            NDArray value = initializer.initialize(type, seed ^ PathHash.of(path));
            if (!value.type().equals(type)) {
                throw new GraphException(
                        "the initializer of '" + path + "' gave " + value.type() + " instead of " + type);
            }
            return value;
        }
    }

    private Model(
            Object root,
            Network network,
            List<TensorType> inputs,
            DType dtype,
            Set<String> frozenPrefixes,
            Optional<MixedPrecision> precision) {
        if (precision.isPresent() && dtype != DType.F32) {
            throw new GraphException("mixed precision is for models with float32 parameters; this model's are " + dtype
                    + ", as its inputs are");
        }
        this.root = root;
        this.precision = precision;
        this.network = network;
        this.inputs = List.copyOf(inputs);
        this.dtype = dtype;
        this.frozenPrefixes = Collections.unmodifiableSet(new TreeSet<>(frozenPrefixes));
        this.paths = ParamPaths.of(root);
        // Some parts, such as auxiliary heads, are used in training alone.
        collect(trace(Mode.TRAINING, 2));
        Traced inference = trace(Mode.INFERENCE, 2);
        collect(inference);
        requireBatchAxes(inference.outputs());
        this.outputs = inference.outputs().stream()
                .map(y -> y.type().with(y.shape().without(0)))
                .toList();
        for (String prefix : this.frozenPrefixes) {
            if (variables.keySet().stream().noneMatch(path -> matches(path, prefix))) {
                throw new GraphException("freeze: no parameter's path starts with '" + prefix + "'; there are "
                        + variables.keySet());
            }
        }
    }

    private static void requireBatchAxes(List<Tensor> outputs) {
        for (int i = 0; i < outputs.size(); i++) {
            if (outputs.get(i).shape().isScalar()) {
                throw new GraphException("output " + i + " of the model is the scalar " + outputs.get(i).type()
                        + ": axis 0 of every output is the batch; reduce over the axes from 1 on alone");
            }
        }
    }

    private void collect(Traced traced) {
        traced.trace().params().forEach((path, tensor) -> {
            Param used = traced.trace().used().get(path);
            Variable variable =
                    new Variable(path, tensor.type(), used.initializer(), traced.trace().trainable(path));
            Variable known = variables.putIfAbsent(path, variable);
            if (known != null && !known.type().equals(tensor.type())) {
                throw new GraphException("parameter '" + path + "' has shape " + known.type().shape()
                        + " in training, but " + tensor.shape() + " in inference");
            }
        });
    }

    /**
     * A model of one layer (which may hold others) with one input.
     *
     * @param layer the layer
     * @param input type of one sample, without batch axis
     * @throws GraphException if the layers do not fit each other
     */
    public static Model of(Layer layer, TensorType input) {
        Network network = in -> List.of(layer.apply(in.getFirst()));
        return new Model(layer, network, List.of(input), parameterType(List.of(input)), Set.of(), Optional.empty());
    }

    /** A model of one layer with one float32 input of the given sizes, without batch axis. */
    public static Model of(Layer layer, int... sample) {
        return of(layer, TensorType.f32(sample));
    }

    /**
     * A model of a network with any number of inputs and outputs.
     *
     * @param network the network, a record of layers
     * @param inputs types of one sample, without batch axis
     */
    public static Model of(Network network, List<TensorType> inputs) {
        return new Model(network, network, inputs, parameterType(inputs), Set.of(), Optional.empty());
    }

    private static DType parameterType(List<TensorType> inputs) {
        return inputs.stream()
                .map(TensorType::dtype)
                .filter(DType::isFloating)
                .findFirst()
                .orElse(DType.F32);
    }

    /**
     * This model with some parameters frozen: they are not trained, and statistics below the prefixes are used instead of
     * tracked.
     *
     * @param prefixes paths, or starts of paths up to a dot
     */
    public Model freeze(String... prefixes) {
        Set<String> all = new TreeSet<>(frozenPrefixes);
        all.addAll(List.of(prefixes));
        return new Model(root, network, inputs, dtype, all, precision);
    }

    /**
     * This model computing in mixed precision, wherever it is used: parameters, statistics and results stay float32.
     *
     * @throws GraphException if the parameters are not float32
     */
    public Model withPrecision(MixedPrecision mixed) {
        return new Model(root, network, inputs, dtype, frozenPrefixes, Optional.of(mixed));
    }

    /** The mixed precision that this model computes in; empty for that of its inputs throughout. */
    public Optional<MixedPrecision> precision() {
        return precision;
    }

    /** The types of one sample of each input, without batch axis. */
    public List<TensorType> inputs() {
        return inputs;
    }

    /** The types of one sample of each output, without batch axis. */
    public List<TensorType> outputs() {
        return outputs;
    }

    /** The layer or network that this model is made of. */
    public Object root() {
        return root;
    }

    /** All parameters and statistics by path, in the order of their first use. */
    public Map<String, Variable> variables() {
        return Collections.unmodifiableMap(variables);
    }

    /** From the further paths of shared parameters to the path that they are known by. */
    public Map<String, String> aliases() {
        return Collections.unmodifiableMap(paths.aliases());
    }

    /** The number of trained and frozen parameters, without statistics. */
    public long parameterCount() {
        return variables.values().stream()
                .filter(v -> isParameter(v.path()))
                .mapToLong(v -> v.type().shape().size())
                .sum();
    }

    /** Whether there is a parameter at a path, and not a statistic. */
    boolean isParameter(String path) {
        return paths.param(path).map(Param::trainable).orElse(true);
    }

    /**
     * What a trace gives.
     *
     * @param trace parameters, and updates of statistics
     * @param inputs with batch axis
     * @param outputs with batch axis
     */
    public record Traced(Trace trace, List<Tensor> inputs, List<Tensor> outputs) {}

    /**
     * Traces the model into a new graph.
     *
     * @param mode what for
     * @param batch the batch size
     */
    public Traced trace(Mode mode, int batch) {
        Graph graph = new Graph();
        Trace trace = Trace.start(graph, paths, mode, dtype, this::isFrozen);
        List<Tensor> in = IntStream.range(0, inputs.size())
                .mapToObj(i -> graph.input(
                        "input." + i,
                        inputs.get(i).with(inputs.get(i).shape().insert(0, batch))))
                .toList();
        List<Tensor> out = network.forward(in);
        Traced traced = new Traced(trace, in, List.copyOf(out));
        return precision.map(mixed -> rewritten(traced, mixed)).orElse(traced);
    }

    private static Traced rewritten(Traced traced, MixedPrecision mixed) {
        Graph graph = new Graph();
        Trace trace = traced.trace();
        PrecisionPass pass = PrecisionPass.of(
                trace.graph(), graph, mixed.dtype(), trace.params().keySet());
        return new Traced(
                trace.moved(graph, pass::of, pass::widen),
                traced.inputs().stream().map(pass::of).toList(),
                traced.outputs().stream().map(y -> pass.widen(pass.of(y))).toList());
    }

    private boolean isFrozen(String path) {
        return frozenPrefixes.stream().anyMatch(prefix -> matches(path, prefix));
    }

    private static boolean matches(String path, String prefix) {
        return path.equals(prefix) || path.startsWith(prefix.endsWith(".") ? prefix : prefix + ".");
    }

    /** What the layers cost, from the shapes alone. */
    public ModelProfile profile() {
        return ModelProfile.of(this);
    }

    /** The model by its layers, to be drawn. */
    public Diagram diagram() {
        return ModelDiagram.of(this);
    }

    /** The kind of the layer at a path, for example {@code Conv}; {@code lambda} for lambdas, empty where there is none. */
    String kind(String path) {
        return paths.layer(path)
                .map(layer -> layer.getClass().isHidden()
                        ? "lambda"
                        : layer.getClass().getSimpleName())
                .orElse("");
    }

    /**
     * A table of all layers with their results, parameters and costs for one sample, and the totals; see {@link
     * #profile}.
     */
    public String summary() {
        long trained = variables.values().stream()
                .filter(Variable::trainable)
                .mapToLong(v -> v.type().shape().size())
                .sum();
        long statistics = variables.values().stream()
                .filter(v -> !isParameter(v.path()))
                .mapToLong(v -> v.type().shape().size())
                .sum();
        ModelProfile profile = profile();
        return String.format(
                Locale.ROOT,
                """
                        %s
                        %s -> %s
                        %,d parameters (%,d trained, %,d frozen)%s
                        %,d multiply-adds of products and convolutions per sample, each of them 2 FLOPs
                        %s of parameters%s, %s of layers' results per sample""",
                profile.table(),
                inputs,
                outputs,
                parameterCount(),
                trained,
                parameterCount() - trained,
                statistics == 0 ? "" : String.format(Locale.ROOT, ", %,d statistics", statistics),
                profile.multiplyAdds(),
                ModelProfile.size(profile.parameterBytes()),
                statistics == 0 ? "" : " and statistics",
                ModelProfile.size(profile.resultBytes()));
    }
}
