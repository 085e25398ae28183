package io.tandem.train;

import io.tandem.backend.Buffer;
import io.tandem.backend.Device;
import io.tandem.nn.Model;
import io.tandem.nn.Trace;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The values of a model on a device, by path: parameters, statistics, what optimizers and random numbers keep. Programs
 * read them and replace them in place. All values are row-major. Several threads may read and write them, and take turns.
 */
public final class State implements AutoCloseable {
    private final Model model;
    private final Device device;
    private final Map<String, Entry> entries = Collections.synchronizedMap(new LinkedHashMap<>());
    private boolean damaged;
    private boolean closed;

    private long changes;

    /** What is known of an entry. */
    static final class Entry {
        private final TensorType type;
        private final Buffer buffer;
        private final boolean saved;
        private long changed;

        private Entry(TensorType type, Buffer buffer, boolean saved) {
            this.type = type;
            this.buffer = buffer;
            this.saved = saved;
        }

        TensorType type() {
            return type;
        }

        Buffer buffer() {
            return buffer;
        }

        /** Whether it belongs into a checkpoint. */
        boolean saved() {
            return saved;
        }

        /** A number that grows with each change of the value, and is larger than those of earlier changes elsewhere. */
        long changed() {
            return changed;
        }
    }

    private State(Model model, Device device) {
        this.model = model;
        this.device = device;
    }

    /**
     * A fresh state: parameters drawn from their initializers.
     *
     * @param model whose values
     * @param device where they live; it must stay open as long as the state
     * @param seed of initial values and of all random numbers in training
     */
    public static State of(Model model, Device device, long seed) {
        State state = new State(model, device);
        try {
            model.variables().values().forEach(v -> state.declare(v.path(), v.type(), true, v.initialize(seed)));
            state.declare(Trace.SEED, TensorType.of(DType.I64), true, NDArray.scalar(seed));
            state.declare(Trace.COUNTER, TensorType.of(DType.I64), true, NDArray.scalar(0));
        } catch (RuntimeException | Error e) {
            state.close();
            throw e;
        }
        return state;
    }

    /** The model whose values these are. */
    public Model model() {
        return model;
    }

    /** Where the values live. */
    public Device device() {
        return device;
    }

    /** The types of all entries that belong into a checkpoint, by path. */
    public Map<String, TensorType> entries() {
        Map<String, TensorType> types = new LinkedHashMap<>();
        entries.forEach((path, entry) -> {
            if (entry.saved()) {
                types.put(path, entry.type());
            }
        });
        return Collections.unmodifiableMap(types);
    }

    /** The types of entries that do not belong into a checkpoint, by path. */
    Map<String, TensorType> figures() {
        Map<String, TensorType> types = new LinkedHashMap<>();
        entries.forEach((path, entry) -> {
            if (!entry.saved()) {
                types.put(path, entry.type());
            }
        });
        return types;
    }

    /**
     * Adds an entry if there is none of that path.
     *
     * @throws IllegalStateException if there is one of another type
     */
    void declare(String path, TensorType type, boolean saved, NDArray initial) {
        requireOpen();
        Entry known = entries.get(path);
        if (known != null) {
            if (!known.type().equals(type)) {
                throw new IllegalStateException(
                        "state entry '" + path + "' is " + known.type() + ", a program needs " + type);
            }
            return;
        }
        synchronized (device) {
            Buffer buffer = device.allocate(Math.max(1, type.bytes()));
            Entry entry = new Entry(type, buffer, saved);
            entries.put(path, entry);
            changed(entry);
            device.write(buffer, 0, initial.cast(type.dtype()).segment());
        }
    }

    /** Whether there is an entry of that path. */
    public boolean contains(String path) {
        return entries.containsKey(path);
    }

    /** A copy of an entry's value; waits for the work that was asked for before. */
    public NDArray get(String path) {
        requireUsable();
        Entry entry = entry(path);
        MemorySegment values = NDArray.allocate(entry.type());
        guarded(() -> device.read(entry.buffer(), 0, values));
        return NDArray.wrap(entry.type(), values);
    }

    /** One element of an entry; waits for the work that was asked for before a {@link Device#mark mark} alone. */
    NDArray element(String path, long index, long mark) {
        requireUsable();
        Entry entry = entry(path);
        TensorType type = TensorType.of(entry.type().dtype());
        MemorySegment value = NDArray.allocate(type);
        guarded(() -> device.read(entry.buffer(), index * type.bytes(), value, mark));
        return NDArray.wrap(type, value);
    }

    /**
     * Replaces an entry's value.
     *
     * @throws IllegalArgumentException if the value's shape is another
     */
    public void set(String path, NDArray value) {
        requireOpen();
        Entry entry = entry(path);
        if (!value.shape().equals(entry.type().shape())) {
            throw new IllegalArgumentException(
                    "state entry '" + path + "' is " + entry.type() + ", the new value is " + value.type());
        }
        MemorySegment values = value.cast(entry.type().dtype()).segment();
        guarded(() -> {
            device.write(entry.buffer(), 0, values);
            changed(entry);
        });
    }

    /** To be called when an entry's value is replaced. */
    void changed(Entry entry) {
        entry.changed = ++changes;
    }

    /**
     * Does something with the device. A device works on its own and may tell the failure of an earlier step only now: then
     * the values are possibly inconsistent.
     */
    void guarded(Runnable work) {
        synchronized (device) {
            try {
                work.run();
            } catch (RuntimeException | Error e) {
                damaged = true;
                throw e;
            }
        }
    }

    /** Copies of the values of all entries that belong into a checkpoint, by path. */
    public Map<String, NDArray> snapshot() {
        synchronized (device) {
            Map<String, NDArray> values = new LinkedHashMap<>();
            entries().keySet().forEach(path -> values.put(path, get(path)));
            return values;
        }
    }

    /**
     * Replaces the values of entries. If these are all that belong into a checkpoint, a state that a failed step has left
     * inconsistent can be used again.
     *
     * @throws IllegalArgumentException that lists all paths which are missing here, or have another shape
     */
    public void restore(Map<String, NDArray> values) {
        List<String> faults = new ArrayList<>();
        values.forEach((path, value) -> {
            Entry entry = entries.get(path);
            if (entry == null) {
                faults.add("unexpected: " + path + " " + value.type());
            } else if (!entry.type().shape().equals(value.shape())) {
                faults.add("wrong shape: " + path + " is " + entry.type() + ", not " + value.type());
            }
        });
        if (!faults.isEmpty()) {
            throw new IllegalArgumentException("the values do not fit this state:\n  " + String.join("\n  ", faults));
        }
        synchronized (device) {
            values.forEach(this::set);
            if (values.keySet().containsAll(entries().keySet())) {
                damaged = false;
            }
        }
    }

    /**
     * Requires that there is an entry of the right type for each parameter and statistic of a model.
     *
     * @throws IllegalArgumentException that lists all paths which are missing here, or have another type
     */
    public void require(Model other) {
        List<String> faults = new ArrayList<>();
        other.variables().forEach((path, variable) -> {
            Entry entry = entries.get(path);
            if (entry == null) {
                faults.add("missing: " + path + " " + variable.type());
            } else if (!entry.type().equals(variable.type())) {
                faults.add("wrong type: " + path + " is " + entry.type() + ", not " + variable.type());
            }
        });
        if (!faults.isEmpty()) {
            throw new IllegalArgumentException(
                    "the state belongs to another model:\n  " + String.join("\n  ", faults));
        }
    }

    /** The memory of an entry. */
    Buffer buffer(String path) {
        return entry(path).buffer();
    }

    TensorType type(String path) {
        return entry(path).type();
    }

    /** Whether there is an entry of that path which belongs into a checkpoint. */
    boolean isSaved(String path) {
        Entry entry = entries.get(path);
        return entry != null && entry.saved();
    }

    Entry entry(String path) {
        Entry entry = entries.get(path);
        if (entry == null) {
            throw new IllegalArgumentException("no state entry '" + path + "'; there are " + entries.keySet());
        }
        return entry;
    }

    void requireUsable() {
        requireOpen();
        if (damaged) {
            throw new IllegalStateException(
                    "a step failed midway, so the values may be inconsistent: restore a checkpoint first");
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the state is closed");
        }
    }

    @Override
    public void close() {
        synchronized (device) {
            if (!closed) {
                closed = true;
                entries.values().forEach(entry -> entry.buffer().close());
            }
        }
    }
}
