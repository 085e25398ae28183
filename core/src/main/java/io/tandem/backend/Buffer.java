package io.tandem.backend;

/** A piece of a device's memory. */
public interface Buffer extends AutoCloseable {
    /** Its size. */
    long bytes();

    /** Gives the memory back; closing twice is allowed. */
    @Override
    void close();
}
