package io.tandem.cpu;

import io.tandem.backend.DeviceException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * The one thread that runs a device's native code: OpenMP keeps a team of workers per calling thread, so all calls must
 * come from the same one. Tasks run one at a time, in the order in which they were posted; the caller may go on while they
 * do, a few tasks ahead. When a task fails, those that were posted after it are dropped, and the caller meets the failure
 * at its next call.
 */
final class OwnerThread implements AutoCloseable {
    /** Tasks that may wait; more would only make the caller's data older. */
    private static final int DEPTH = 8;

    /** Where a processor is free, waiting starts with spinning, because steps of small models are short. */
    private static final int SPINS = 2_000;

    private final int spins;
    private final Thread thread;
    private final Runnable[] queue = new Runnable[DEPTH];
    private volatile long posted;
    private volatile long done;
    private volatile long awaited;
    private volatile Thread waiter;
    private volatile boolean stop;
    private volatile Throwable failure;

    /**
     * Starts the thread.
     *
     * @param workers how many threads work on its tasks, itself included: if they need all processors, who waits sleeps
     *     at once, rather than keep one of them from its work
     */
    OwnerThread(String name, int workers) {
        spins = workers < Runtime.getRuntime().availableProcessors() ? SPINS : 0;
        thread = Thread.ofPlatform().name(name).daemon().unstarted(this::loop);
        thread.start();
    }

    private void loop() {
        for (long next = 0; await(next); next++) {
            int slot = (int) (next % DEPTH);
            try {
                if (failure == null) {
                    queue[slot].run();
                }
            } catch (Throwable e) {
                failure = e;
            }
            queue[slot] = null;
            done = next + 1;
            Thread waiting = waiter;
            if (waiting != null && next + 1 >= awaited) {
                LockSupport.unpark(waiting);
            }
        }
    }

    /** Waits for a task; false where there is none and the thread is to end. */
    private boolean await(long next) {
        int spun = 0;
        while (posted == next) {
            if (stop) {
                return false;
            }
            if (spun++ < spins) {
                Thread.onSpinWait();
            } else {
                LockSupport.park(this);
            }
        }
        return true;
    }

    /** Whether all tasks are done and none has failed since the last call. */
    boolean isIdle() {
        return done == posted && failure == null;
    }

    /** Runs a task after all others, and waits for it. */
    void call(Runnable work) {
        post(work);
        finish();
    }

    /** Computes something after all other tasks. */
    <T> T compute(Supplier<T> work) {
        Object[] result = new Object[1];
        call(() -> result[0] = work.get());
        @SuppressWarnings("unchecked")
        T value = (T) result[0];
        return value;
    }

    /** Adds a task to those that wait, and returns; waits where there are many. */
    void post(Runnable work) {
        requireOther();
        synchronized (this) {
            if (failure != null) {
                finish();
            }
            long number = posted;
            if (done <= number - DEPTH) {
                // A caller that is far ahead sleeps, rather than take the processors from the kernels task by task.
                awaitDone(number - DEPTH / 2, 0);
            }
            queue[(int) (number % DEPTH)] = work;
            posted = number + 1;
            LockSupport.unpark(thread);
        }
    }

    /** Waits for all tasks; throws what made one fail. Meanwhile other threads cannot add any. */
    void finish() {
        requireOther();
        Throwable failed;
        synchronized (this) {
            awaitDone(posted, spins);
            failed = failure;
            failure = null;
        }
        if (failed instanceof Error error) {
            throw error;
        }
        if (failed != null) {
            throw new DeviceException(
                    failed instanceof DeviceException ? failed.getMessage() : "a task of the device failed: " + failed,
                    failed);
        }
    }

    private void requireOther() {
        if (Thread.currentThread() == thread) {
            throw new IllegalStateException("the device's own thread cannot wait for itself");
        }
    }

    private void awaitDone(long count, int spinning) {
        int spun = 0;
        while (done < count) {
            if (spun++ < spinning) {
                Thread.onSpinWait();
            } else {
                awaited = count;
                waiter = Thread.currentThread();
                if (done < count) {
                    LockSupport.park(this);
                }
            }
        }
        waiter = null;
    }

    /** Waits for the last task and ends the thread. */
    @Override
    public void close() {
        try {
            finish();
        } finally {
            stop = true;
            LockSupport.unpark(thread);
        }
    }
}
