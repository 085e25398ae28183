package io.tandem.data;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The batches of one epoch, read ahead in the background. Each batch has memory of its own, so it may be kept.
 *
 * <p>One thread iterates; {@link #close} may be called by any thread and ends the iteration. An exception of the data
 * set is thrown by the {@link #next} that would have given its batch. Made by {@link DataLoader#epoch}.
 */
public final class Batches implements Iterable<Batch>, Iterator<Batch>, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Batches.class);
    private static final int CLOSE_SECONDS = 10;

    private final DataLoader loader;
    private final Pass pass;
    private final int[] order;
    private final int count;
    /** Reads in progress or done, in the order of the batches; guarded by itself. */
    private final Deque<Future<Batch>> pending = new ArrayDeque<>();

    private final Optional<ExecutorService> readers;
    private int requested;
    private int delivered;
    private long waitNanos;
    private volatile boolean closed;

    Batches(DataLoader loader, long epoch, int firstBatch) {
        this.loader = loader;
        this.pass = new Pass(loader.seed(), epoch);
        int size = loader.dataset().size();
        this.order = loader.shuffle() ? Permutation.of(size, pass) : Permutation.identity(size);
        this.count = loader.batchesPerEpoch();
        this.requested = firstBatch;
        this.delivered = firstBatch;
        this.readers = loader.prefetch() == 0
                ? Optional.empty()
                : Optional.of(Executors.newFixedThreadPool(
                        loader.threads(),
                        Thread.ofPlatform().daemon().name("tandem-data-", 0).factory()));
        readers.ifPresent(this::requestAhead);
    }

    private void requestAhead(ExecutorService executor) {
        synchronized (pending) {
            while (!closed && requested < count && pending.size() < loader.prefetch()) {
                int index = requested++;
                pending.add(executor.submit(() -> read(index)));
            }
        }
    }

    private Batch read(int index) {
        int from = Math.multiplyExact(index, loader.batchSize());
        int to = Math.min(order.length, from + loader.batchSize());
        return loader.dataset().read(Arrays.copyOfRange(order, from, to), pass, index);
    }

    /** Whether there is another batch; false once closed. */
    @Override
    public boolean hasNext() {
        return !closed && delivered < count;
    }

    /**
     * The next batch; waits until it is read.
     *
     * @throws NoSuchElementException if the epoch is over
     * @throws IllegalStateException if closed, or interrupted while waiting
     * @throws RuntimeException what the data set threw while it read the batch
     */
    @Override
    public Batch next() {
        if (delivered >= count) {
            throw new NoSuchElementException("the epoch has " + count + " batches");
        }
        if (closed) {
            throw new IllegalStateException("these batches are closed");
        }
        long start = System.nanoTime();
        Batch batch;
        try {
            batch = readers.isPresent() ? take(readers.get()) : read(requested++);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
        waitNanos += System.nanoTime() - start;
        delivered++;
        if (delivered == count) {
            close();
        }
        return batch;
    }

    private Batch take(ExecutorService executor) {
        Future<Batch> first;
        synchronized (pending) {
            first = pending.poll();
        }
        if (first == null) {
            throw new IllegalStateException("these batches are closed");
        }
        requestAhead(executor);
        try {
            return first.get();
        } catch (CancellationException e) {
            throw new IllegalStateException("these batches are closed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for a batch", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw new IllegalStateException("reading a batch failed", e.getCause());
        }
    }

    /** This object: an epoch can be iterated once. */
    @Override
    public Iterator<Batch> iterator() {
        return this;
    }

    /** The number of batches that the whole epoch has, those before the first one read here included. */
    public int count() {
        return count;
    }

    /** The position in the epoch of the batch that {@link #next} gives, for a later {@link DataLoader#epoch}. */
    public int position() {
        return delivered;
    }

    /** Nanoseconds that {@link #next} has spent waiting for data so far. */
    public long waitNanos() {
        return waitNanos;
    }

    /**
     * Ends reading: what is queued is cancelled, what is being read is waited for, so that afterwards nothing uses the
     * data set. Closing twice has no effect.
     */
    @Override
    public void close() {
        synchronized (pending) {
            if (closed) {
                return;
            }
            closed = true;
            // No interrupts: they would close file channels under a data set that is used again.
            pending.forEach(future -> future.cancel(false));
            pending.clear();
        }
        readers.ifPresent(this::end);
    }

    private void end(ExecutorService executor) {
        executor.shutdown();
        try {
            if (!executor.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("a read of {} has not ended {} s after its batches were closed",
                        loader.dataset(), CLOSE_SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
