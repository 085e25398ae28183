package io.tandem.cpu.threads;

import io.tandem.cpu.onednn.NativeLibraries;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads that share the items of a loop with their owner, the thread that opened them. Only the owner may call
 * {@link #parallel}, and only the owner should create and run oneDNN's primitives, because OpenMP keeps the number of
 * threads, and the threads themselves, per calling thread.
 *
 * <p>A loop is split statically: how depends on the number of items, the grain and the number of threads alone, so
 * that a loop whose parts are independent of their order gives the same bits in each run.
 */
public abstract sealed class Workers implements AutoCloseable permits OpenMpWorkers, PoolWorkers {
    private static final Logger LOG = LoggerFactory.getLogger(Workers.class);

    private final Thread owner = Thread.currentThread();
    private final int threads;
    private final Throwable[] failures;
    private RangeBody body = Workers::nothing;
    private long items;
    private long grain;
    private long grains;
    private int parts;
    private boolean busy;
    private boolean failed;
    private boolean closed;

    Workers(int threads) {
        this.threads = threads;
        this.failures = new Throwable[threads];
    }

    /**
     * Opens workers for the calling thread, and sets the number of threads that oneDNN uses on it.
     *
     * <p>With an OpenMP runtime that allows it (GNU's, on Linux) loops run on its threads. With another runtime they
     * run on the owner alone, while oneDNN still uses all threads. Without oneDNN they run on Java threads.
     *
     * @param threads how many threads work, the owner included
     * @throws IllegalArgumentException if that is less than 1, or the calling thread is virtual
     */
    public static Workers open(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("at least 1 thread is needed, not " + threads);
        }
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalArgumentException("a virtual thread cannot own workers; use a platform thread");
        }
        Optional<NativeLibraries> libraries = NativeLibraries.discover().libraries();
        if (libraries.isEmpty()) {
            return new PoolWorkers(threads);
        }
        Optional<MemorySegment> setThreads = libraries.get().find("omp_set_num_threads");
        if (setThreads.isEmpty()) {
            LOG.info("the OpenMP runtime of oneDNN does not let its number of threads be set");
        } else {
            OpenMpWorkers.setThreads(setThreads.get(), threads);
        }
        if (OpenMpWorkers.possible(libraries.get())) {
            return new OpenMpWorkers(threads, libraries.get());
        }
        return new PoolWorkers(1);
    }

    /** Workers on Java threads, whatever else there is. They compete with oneDNN's for processors. */
    public static Workers openPool(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("at least 1 thread is needed, not " + threads);
        }
        return new PoolWorkers(threads);
    }

    /**
     * Makes something while oneDNN takes the owner for its only thread: primitives made so can be run by the parts of a
     * loop, each on a thread of its own.
     */
    public final <T> T alone(Supplier<T> make) {
        requireIdleOwner();
        setLibraryThreads(1);
        try {
            return make.get();
        } finally {
            setLibraryThreads(threads);
        }
    }

    /** Sets the number of threads that oneDNN uses on the owner, where that can be set. */
    abstract void setLibraryThreads(int count);

    /** The number of threads that share a loop, the owner included. */
    public final int threads() {
        return threads;
    }

    /**
     * Runs a loop and returns when all of it is done. Allocates nothing.
     *
     * @param count number of items
     * @param grain the smallest number of items worth a thread; parts begin at multiples of it. A loop of not more than
     *     one grain runs on the owner alone. For elementwise work on float32 about 4096 is right.
     * @param work what to do with a part of the items; the parts may run at the same time
     * @throws IllegalStateException if called by another thread than the owner, within a loop of these workers, or
     *     after {@link #close()}
     * @throws RuntimeException what the body threw; of several the one with the lowest part number, the others
     *     suppressed
     */
    public final void parallel(long count, long grain, RangeBody work) {
        if (count < 0 || grain < 1) {
            throw new IllegalArgumentException(count + " items with grain " + grain + " make no loop");
        }
        requireIdleOwner();
        if (count == 0) {
            return;
        }
        long pieces = Math.ceilDiv(count, grain);
        busy = true;
        try {
            if (pieces == 1 || threads == 1) {
                work.run(0, 0, count);
                return;
            }
            this.body = work;
            this.items = count;
            this.grain = grain;
            this.grains = pieces;
            this.parts = (int) Math.min(threads, pieces);
            fork();
        } finally {
            this.body = Workers::nothing;
            busy = false;
        }
        if (failed) {
            rethrow();
        }
    }

    private void requireIdleOwner() {
        if (Thread.currentThread() != owner) {
            throw new IllegalStateException("these workers belong to " + owner + ", and " + Thread.currentThread()
                    + " cannot use them");
        }
        if (closed) {
            throw new IllegalStateException("these workers are closed");
        }
        if (busy) {
            throw new IllegalStateException("a parallel loop cannot start another one on the same workers");
        }
    }

    /** Makes {@link #runPart} be called once for each number below {@link #parts()}, and waits for all. */
    abstract void fork();

    /** Frees what the threads need. */
    abstract void shutDown();

    final int parts() {
        return parts;
    }

    /** Runs one part of the current loop. Never throws: an exception that left an upcall would end the process. */
    final void runPart(int part) {
        try {
            long first = grains * part / parts;
            long last = grains * (part + 1) / parts;
            body.run(part, first * grain, Math.min(items, last * grain));
        } catch (Throwable e) {
            failures[part] = e;
            failed = true;
        }
    }

    private void rethrow() {
        failed = false;
        List<Throwable> thrown = new ArrayList<>(Arrays.asList(failures));
        thrown.removeIf(Objects::isNull);
        Arrays.fill(failures, null);
        Throwable first = thrown.getFirst();
        for (Throwable other : thrown.subList(1, thrown.size())) {
            if (other != first) {
                first.addSuppressed(other);
            }
        }
        switch (first) {
            case Error e -> throw e;
            case RuntimeException e -> throw e;
            default -> throw new IllegalStateException("a part of a parallel loop failed", first);
        }
    }

    private static void nothing(int part, long from, long to) {
        throw new IllegalStateException("part " + part + " runs outside a loop");
    }

    /** Ends the workers. To be called by the owner; a second call does nothing. */
    @Override
    public final void close() {
        if (!closed) {
            requireIdleOwner();
            closed = true;
            shutDown();
        }
    }
}
