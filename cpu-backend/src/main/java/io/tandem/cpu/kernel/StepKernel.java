package io.tandem.cpu.kernel;

/** One step of a plan, ready to run again and again on the device's thread. */
public interface StepKernel extends AutoCloseable {
    /** Bytes of memory that the kernel needs while it runs; kernels that run in turn share it. */
    default long temporaryBytes() {
        return 0;
    }

    /** Tells where the temporary memory is; {@link #bind} follows. */
    default void bindTemporary(long address) {}

    /** Called when a place of this kernel has another address than before, and before the first run. */
    default void bind() {}

    /** Does the work. */
    void run();

    /** What runs, for people: the library or the way the kernel was made. */
    String label();

    /** Gives native resources back. */
    @Override
    default void close() {}
}
