package io.tandem.cpu.threads;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Loops on Java threads, which spin for a moment after each loop before they sleep. */
final class PoolWorkers extends Workers {
    private static final int SPINS = 2_000;
    private static final long NAP_NANOSECONDS = 50_000;

    private final List<Thread> pool = new ArrayList<>();
    /** Counts loops; a change lets the threads go. */
    private final AtomicInteger round = new AtomicInteger();
    /** Threads that have not yet been through the current loop. */
    private final AtomicInteger pending = new AtomicInteger();
    private volatile boolean ended;

    PoolWorkers(int threads) {
        super(threads);
        for (int part = 1; part < threads; part++) {
            int own = part;
            pool.add(Thread.ofPlatform().daemon().name("tandem-worker-" + part).start(() -> serve(own)));
        }
    }

    @Override
    void fork() {
        pending.set(pool.size());
        round.incrementAndGet();
        pool.forEach(LockSupport::unpark);
        runPart(0);
        for (int spins = 0; pending.get() != 0; spins++) {
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(this, NAP_NANOSECONDS);
            }
        }
    }

    private void serve(int part) {
        int seen = 0;
        while (true) {
            for (int spins = 0; round.get() == seen; spins++) {
                if (spins < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                }
            }
            seen++;
            if (ended) {
                return;
            }
            if (part < parts()) {
                runPart(part);
            }
            pending.decrementAndGet();
        }
    }

    @Override
    void setLibraryThreads(int count) {
        // Loops and oneDNN share no threads here.
    }

    @Override
    void shutDown() {
        ended = true;
        round.incrementAndGet();
        pool.forEach(LockSupport::unpark);
        boolean interrupted = false;
        for (Thread thread : pool) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return threads() == 1 ? "one thread" : threads() + " Java threads";
    }
}
