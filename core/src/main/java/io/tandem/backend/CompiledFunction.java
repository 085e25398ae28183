package io.tandem.backend;

import io.tandem.compile.Compiler;
import io.tandem.compile.Plan;
import io.tandem.graph.Graph;
import io.tandem.graph.GraphException;
import io.tandem.graph.Tensor;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A Java function over tensors as a program on a device: for computing with values where there is no model to train. The
 * function is traced and compiled once for each list of argument types, and runs as often as wanted.
 *
 * <pre>{@code
 * try (CompiledFunction slope = CompiledFunction.of(device, in -> List.of(Grad.grad(f).apply(in.getFirst())))) {
 *     NDArray gradient = slope.apply(NDArray.of(Shape.of(3), 1, 2, 3));
 * }
 * }</pre>
 *
 * <p>Calls from several threads take turns. It is closed before its device.
 */
public final class CompiledFunction implements AutoCloseable {
    private static final String ARGUMENT = "argument.";
    private static final String RESULT = "result.";

    private final Device device;
    private final Function<List<Tensor>, List<Tensor>> function;
    private final Map<List<TensorType>, Compiled> compiled = new LinkedHashMap<>();
    private boolean closed;

    /** A program with the memory that each of its plan's arguments is bound to. */
    private record Compiled(Executable executable, Map<String, Buffer> buffers, List<TensorType> results)
            implements AutoCloseable {
        void run() {
            executable.run(List.copyOf(buffers.values()));
        }

        @Override
        public void close() {
            executable.close();
            buffers.values().forEach(Buffer::close);
        }
    }

    private CompiledFunction(Device device, Function<List<Tensor>, List<Tensor>> function) {
        this.device = device;
        this.function = function;
    }

    /**
     * A function for a device; it is traced when it is first used.
     *
     * @param device where it runs
     * @param function from the arguments to at least one result; it must add the same operations each time
     */
    public static CompiledFunction of(Device device, Function<List<Tensor>, List<Tensor>> function) {
        return new CompiledFunction(device, function);
    }

    /**
     * All results for some arguments; waits for them.
     *
     * @throws GraphException if the function does not accept the arguments' types, or gives no result
     * @throws IllegalArgumentException if an index in the arguments was out of range
     */
    public List<NDArray> run(NDArray... arguments) {
        synchronized (device) {
            return alone(arguments);
        }
    }

    private List<NDArray> alone(NDArray... arguments) {
        if (closed) {
            throw new IllegalStateException("the compiled function is closed");
        }
        List<NDArray> values = List.of(arguments);
        Compiled program =
                compiled.computeIfAbsent(values.stream().map(NDArray::type).toList(), this::compile);
        for (int i = 0; i < values.size(); i++) {
            // An argument that no result depends on is not part of the program.
            Buffer buffer = program.buffers().get(ARGUMENT + i);
            if (buffer != null) {
                device.write(buffer, 0, values.get(i).segment());
            }
        }
        program.run();
        List<NDArray> results = new ArrayList<>();
        for (int i = 0; i < program.results().size(); i++) {
            TensorType type = program.results().get(i);
            MemorySegment memory = NDArray.allocate(type);
            device.read(program.buffers().get(RESULT + i), 0, memory);
            results.add(NDArray.wrap(type, memory));
        }
        device.takeError().ifPresent(error -> {
            throw new IllegalArgumentException(error);
        });
        return List.copyOf(results);
    }

    /**
     * The only result for some arguments; waits for it.
     *
     * @throws GraphException if the function gives several results; see {@link #run}
     */
    public NDArray apply(NDArray... arguments) {
        List<NDArray> results = run(arguments);
        if (results.size() != 1) {
            throw new GraphException("the function gives " + results.size() + " results; ask run() for all of them");
        }
        return results.getFirst();
    }

    private Compiled compile(List<TensorType> types) {
        Graph graph = new Graph();
        List<Tensor> arguments = new ArrayList<>();
        for (TensorType type : types) {
            arguments.add(graph.input(ARGUMENT + arguments.size(), type));
        }
        List<Tensor> results = function.apply(List.copyOf(arguments));
        if (results.isEmpty()) {
            throw new GraphException("a compiled function needs at least one result");
        }
        for (int i = 0; i < results.size(); i++) {
            Tensor result = results.get(i);
            if (result.graph() != graph) {
                throw new GraphException("result " + i + " of the function belongs to another graph than its arguments:"
                        + " make constants with argument.graph().constant(...)");
            }
            graph.output(RESULT + i, result);
        }
        Executable executable =
                device.compile(new Compiler(device.lowering(), device.options().fuse()).compile(graph, Map.of()));
        Map<String, Buffer> buffers = new LinkedHashMap<>();
        for (Plan.Argument argument : executable.plan().arguments()) {
            buffers.put(argument.name(), device.allocate(Math.max(1, argument.type().bytes())));
        }
        return new Compiled(executable, buffers, results.stream().map(Tensor::type).toList());
    }

    @Override
    public void close() {
        closed = true;
        compiled.values().forEach(Compiled::close);
        compiled.clear();
    }
}
