package io.tandem.cpu;

import io.tandem.backend.DeviceException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * The one thread that runs a device's native code: OpenMP keeps a team of workers per calling thread, so all calls must
 * come from the same one. Tasks run one at a time; the caller may go on while one runs, and meets its failure at the
 * next
 * call.
 */
final class OwnerThread implements AutoCloseable {
    /** Waiting starts with spinning, because steps of small models are short. */
    private static final int SPINS = 2_000;

    private final Thread thread;
    private volatile Runnable task;
    private volatile Thread waiter;
    private volatile boolean stop;
    private volatile Throwable failure;

    OwnerThread(String name) {
        thread = Thread.ofPlatform().name(name).daemon().unstarted(this::loop);
        thread.start();
    }

    private void loop() {
        while (true) {
            Runnable next = await();
            if (next == null) {
                return;
            }
            try {
                next.run();
            } catch (Throwable e) {
                failure = e;
            }
            task = null;
            Thread waiting = waiter;
            if (waiting != null) {
                LockSupport.unpark(waiting);
            }
        }
    }

    private Runnable await() {
        int spins = 0;
        while (true) {
            Runnable next = task;
            if (next != null || stop) {
                return next;
            }
            if (spins++ < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.park(this);
            }
        }
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

    /** Waits for the task before, then starts one and returns. */
    void post(Runnable work) {
        finish();
        task = work;
        LockSupport.unpark(thread);
    }

    /** Waits for the last task; throws what made it fail. */
    void finish() {
        if (Thread.currentThread() == thread) {
            throw new IllegalStateException("the device's own thread cannot wait for itself");
        }
        int spins = 0;
        while (task != null) {
            if (spins++ < SPINS) {
                Thread.onSpinWait();
            } else {
                waiter = Thread.currentThread();
                if (task != null) {
                    LockSupport.park(this);
                }
            }
        }
        waiter = null;
        Throwable failed = failure;
        if (failed != null) {
            failure = null;
            if (failed instanceof Error error) {
                throw error;
            }
            throw new DeviceException(
                    failed instanceof DeviceException ? failed.getMessage() : "a task of the device failed: " + failed,
                    failed);
        }
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
