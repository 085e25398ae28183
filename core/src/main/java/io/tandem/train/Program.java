package io.tandem.train;

import io.tandem.backend.Buffer;
import io.tandem.backend.Device;
import io.tandem.backend.Executable;
import io.tandem.compile.Compiler;
import io.tandem.compile.Plan;
import io.tandem.graph.Graph;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** A graph compiled for a state: arguments that are entries of the state use its memory, the others have their own. */
final class Program implements AutoCloseable {
    private final State state;
    private final Executable executable;
    private final Map<String, Buffer> own = new HashMap<>();
    private final Map<String, TensorType> types = new HashMap<>();
    private final List<Buffer> arguments = new ArrayList<>();

    /**
     * Compiles a graph.
     *
     * @param updates from outputs to the entries that they replace
     */
    Program(State state, Graph graph, Map<String, String> updates) {
        this(state, graph, updates, UnaryOperator.identity());
    }

    /**
     * Compiles a graph.
     *
     * @param updates from outputs to the entries that they replace
     * @param entries from names of inputs to the entries that they read
     */
    Program(State state, Graph graph, Map<String, String> updates, UnaryOperator<String> entries) {
        this.state = state;
        Device device = state.device();
        Compiler compiler = new Compiler(device.lowering(), device.options().fuse());
        executable = device.compile(compiler.compile(graph, updates));
        try {
            bind(device, entries);
        } catch (RuntimeException | Error e) {
            // Without memory for all of them, a smaller batch may still find enough.
            close();
            throw e;
        }
    }

    private void bind(Device device, UnaryOperator<String> entries) {
        for (Plan.Argument argument : executable.plan().arguments()) {
            types.put(argument.name(), argument.type());
            String entry = entries.apply(argument.name());
            if (state.contains(entry)) {
                arguments.add(state.buffer(entry));
            } else {
                Buffer buffer = device.allocate(Math.max(1, argument.type().bytes()));
                own.put(argument.name(), buffer);
                arguments.add(buffer);
            }
        }
    }

    /** Whether the graph has an input or output of that name that is no entry of the state. */
    boolean has(String name) {
        return own.containsKey(name);
    }

    void write(String input, NDArray value) {
        TensorType type = types.get(input);
        if (!value.shape().equals(type.shape())) {
            throw new IllegalArgumentException(
                    "'" + input + "' takes " + type + ", the batch gives " + value.type());
        }
        MemorySegment values = value.cast(type.dtype()).segment();
        state.guarded(() -> state.device().write(own.get(input), 0, values));
    }

    NDArray read(String output) {
        TensorType type = types.get(output);
        MemorySegment values = NDArray.allocate(type);
        state.guarded(() -> state.device().read(own.get(output), 0, values));
        return NDArray.wrap(type, values);
    }

    void run() {
        state.requireUsable();
        state.guarded(() -> executable.run(arguments));
    }

    List<Executable.StepTime> profile() {
        state.requireUsable();
        List<Executable.StepTime> times = new ArrayList<>();
        state.guarded(() -> times.addAll(executable.profile(arguments)));
        return times;
    }

    Plan plan() {
        return executable.plan();
    }

    long arenaBytes() {
        return executable.arenaBytes();
    }

    @Override
    public void close() {
        executable.close();
        own.values().forEach(Buffer::close);
    }
}
