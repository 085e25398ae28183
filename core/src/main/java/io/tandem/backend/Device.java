package io.tandem.backend;

import io.tandem.compile.Lowering;
import io.tandem.compile.Plan;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Something that computes, with memory of its own. All work on a device happens in the order in which it was asked for.
 * A device, its buffers and executables are used by one thread at a time. What is made of them in {@code io.tandem.train},
 * and {@link CompiledFunction}, can be used by several: each operation there holds the device's monitor, so that it is not
 * interrupted by others on the same device.
 *
 * <p>Only devices, buffers and executables own native memory. They are closed by whoever opened them; using one after it
 * was closed is an exception.
 */
public interface Device extends AutoCloseable {

    /** Opens the named device with default options. See {@link Devices#open}. */
    static Device of(String name) {
        return Devices.open(name, DeviceOptions.defaults());
    }

    /** Opens the best device that there is, and logs which and why. */
    static Device best() {
        return Devices.open("auto", DeviceOptions.defaults());
    }

    /** What this device is. */
    DeviceInfo info();

    /** The options that it was opened with. */
    DeviceOptions options();

    /** Reserves memory; its content is undefined. */
    Buffer allocate(long bytes);

    /**
     * Copies host memory into a buffer, from its offset on. Memory of the Java heap must stay as it is afterwards, as that of
     * an {@link io.tandem.tensor.NDArray} does: the device may read it when it comes to that. Native memory can be changed
     * and freed when this returns.
     */
    void write(Buffer target, long offset, MemorySegment source);

    /** Copies a part of a buffer to host memory; waits for all work that was asked for before. */
    void read(Buffer source, long offset, MemorySegment target);

    /**
     * Notes the work that was asked for so far, for a {@link #read(Buffer, long, MemorySegment, long) read} that waits for
     * nothing later. Marks cost little and need not be given back; waiting for one of many marks ago may wait for some
     * later work too.
     *
     * @return the mark
     */
    default long mark() {
        return 0;
    }

    /**
     * Copies a part of a buffer to host memory; need not wait for work that was asked for after a mark. Later work must
     * leave the part as it is.
     *
     * @param mark what {@link #mark} has returned
     */
    default void read(Buffer source, long offset, MemorySegment target, long mark) {
        read(source, offset, target);
    }

    /** Which computations this device has kernels of its own for. */
    Lowering lowering();

    /** Makes a plan executable. */
    Executable compile(Plan plan);

    /** Waits until all work is done. */
    void synchronize();

    /** What went wrong inside kernels since the last call, for example an index out of range; waits for all work. */
    Optional<String> takeError();

    /**
     * The same for the work that was asked for before a mark; it need not wait for later work, unless there is something
     * to tell.
     *
     * @param mark what {@link #mark} has returned
     */
    default Optional<String> takeError(long mark) {
        return takeError();
    }

    /** Bytes that buffers and executables hold now. */
    long allocatedBytes();

    /** Gives everything back, buffers and executables included. */
    @Override
    void close();
}
