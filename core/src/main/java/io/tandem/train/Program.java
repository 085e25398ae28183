package io.tandem.train;

import io.tandem.backend.Buffer;
import io.tandem.backend.Device;
import io.tandem.backend.Executable;
import io.tandem.compile.Compiler;
import io.tandem.compile.FixedPart;
import io.tandem.compile.Plan;
import io.tandem.graph.Graph;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A graph compiled for a state: arguments that are entries of the state use its memory, the others have their own. What
 * follows from entries alone that the graph does not replace, such as weights rounded to 16 bits, is not computed in each
 * run but when they have changed.
 */
final class Program implements AutoCloseable {
    private final State state;
    private final Optional<Program> fixed;
    private final Executable executable;
    private final Map<String, Buffer> own = new HashMap<>();
    private final Map<String, TensorType> types = new HashMap<>();
    private final List<Buffer> arguments = new ArrayList<>();
    private final List<State.Entry> read = new ArrayList<>();
    private final List<State.Entry> replaced;
    /** The last change of what is read that the results include. */
    private long included;

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
        replaced = updates.values().stream().map(state::entry).toList();
        Optional<FixedPart> parts = FixedPart.of(
                graph,
                input -> state.isSaved(entries.apply(input)) && !replaced.contains(state.entry(entries.apply(input))));
        fixed = parts.map(p -> new Program(state, p.fixed(), Map.of(), entries));
        Device device = state.device();
        Compiler compiler = new Compiler(device.lowering(), device.options().fuse());
        try {
            executable = device.compile(compiler.compile(parts.map(FixedPart::rest).orElse(graph), updates));
        } catch (RuntimeException | Error e) {
            fixed.ifPresent(Program::close);
            throw e;
        }
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
            String path = entries.apply(argument.name());
            if (fixed.isPresent() && fixed.get().has(argument.name())) {
                arguments.add(fixed.get().own.get(argument.name()));
            } else if (state.contains(path)) {
                read.add(state.entry(path));
                arguments.add(state.buffer(path));
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
        state.guarded(() -> {
            fixed.ifPresent(Program::refresh);
            executable.run(arguments);
            replaced.forEach(state::changed);
        });
    }

    /** Runs if an entry that is read has changed since the last time. */
    private void refresh() {
        long last = 0;
        for (State.Entry entry : read) {
            last = Math.max(last, entry.changed());
        }
        if (last > included) {
            executable.run(arguments);
            included = last;
        }
    }

    List<Executable.StepTime> profile() {
        state.requireUsable();
        List<Executable.StepTime> times = new ArrayList<>();
        state.guarded(() -> {
            fixed.ifPresent(Program::refresh);
            times.addAll(executable.profile(arguments));
            replaced.forEach(state::changed);
        });
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
        fixed.ifPresent(Program::close);
        executable.close();
        own.values().forEach(Buffer::close);
    }
}
