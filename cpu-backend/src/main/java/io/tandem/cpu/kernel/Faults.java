package io.tandem.cpu.kernel;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/** What went wrong inside kernels without stopping them: the first message since it was last taken. */
public final class Faults {
    private final AtomicReference<String> first = new AtomicReference<>();

    /** No faults yet. */
    public Faults() {}

    /** Keeps a message, if none is there yet. */
    public void report(String message) {
        first.compareAndSet(null, message);
    }

    /** Whether there is a message already, so that another one need not be made. */
    public boolean any() {
        return first.get() != null;
    }

    /** The message, which is forgotten. */
    public Optional<String> take() {
        return Optional.ofNullable(first.getAndSet(null));
    }
}
