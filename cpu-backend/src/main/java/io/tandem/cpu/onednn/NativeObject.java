package io.tandem.cpu.onednn;

/** An object of oneDNN, freed by {@link #close()}. Use after that is an exception. Not for several threads at once. */
abstract class NativeObject implements AutoCloseable {
    private long handle;

    NativeObject(long handle) {
        this.handle = handle;
    }

    /** The object's address. */
    final long handle() {
        if (handle == 0) {
            throw new IllegalStateException(getClass().getSimpleName() + " is closed");
        }
        return handle;
    }

    /** Whether the object has been freed. */
    public final boolean isClosed() {
        return handle == 0;
    }

    /** Frees the object. A second call does nothing. */
    @Override
    public final void close() {
        long open = handle;
        if (open != 0) {
            handle = 0;
            destroy(open);
        }
    }

    abstract void destroy(long open);
}
