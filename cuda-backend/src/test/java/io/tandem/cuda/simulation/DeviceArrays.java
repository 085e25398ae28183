package io.tandem.cuda.simulation;

import io.tandem.cuda.driver.CudaStream;
import io.tandem.cuda.driver.Driver;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Device memory of one test: arrays go in and out, everything is freed at the end. Works with any driver. */
public final class DeviceArrays implements AutoCloseable {

    private final Driver driver;
    private final CudaStream stream;
    private final List<Long> addresses = new ArrayList<>();

    /**
     * Uses a driver.
     *
     * @param driver the device
     */
    public DeviceArrays(Driver driver) {
        this.driver = driver;
        stream = driver.openStream();
    }

    /** A stream for the test's work; {@link #floats(long, int)} waits for it. */
    public CudaStream stream() {
        return stream;
    }

    /**
     * Allocates without a defined content.
     *
     * @param bytes size; 0 gives one byte
     */
    public long bytes(long bytes) {
        long address = driver.allocate(Math.max(bytes, 1));
        addresses.add(address);
        return address;
    }

    /**
     * Allocates floats without a defined content.
     *
     * @param count number of floats
     */
    public long emptyFloats(int count) {
        return bytes(4L * count);
    }

    /**
     * Copies an array to new device memory.
     *
     * @param values the array
     */
    public long upload(float... values) {
        long address = emptyFloats(values.length);
        write(address, values);
        return address;
    }

    /**
     * Copies an array to new device memory.
     *
     * @param values the array
     */
    public long uploadInts(int... values) {
        long address = bytes(4L * values.length);
        try (Arena arena = Arena.ofConfined()) {
            stream.copyToDevice(address, arena.allocateFrom(ValueLayout.JAVA_INT, values));
            stream.synchronize();
        }
        return address;
    }

    /**
     * Overwrites device memory.
     *
     * @param address where
     * @param values  with what
     */
    public void write(long address, float... values) {
        try (Arena arena = Arena.ofConfined()) {
            stream.copyToDevice(address, arena.allocateFrom(ValueLayout.JAVA_FLOAT, values));
            stream.synchronize();
        }
    }

    /**
     * Waits for the device and copies floats back.
     *
     * @param address where they are
     * @param count   how many
     */
    public float[] floats(long address, int count) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(ValueLayout.JAVA_FLOAT, count);
            driver.synchronize();
            stream.copyToHost(host, address);
            stream.synchronize();
            return host.toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    /**
     * Waits for the device and copies integers back.
     *
     * @param address where they are
     * @param count   how many
     */
    public int[] ints(long address, int count) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(ValueLayout.JAVA_INT, count);
            driver.synchronize();
            stream.copyToHost(host, address);
            stream.synchronize();
            return host.toArray(ValueLayout.JAVA_INT);
        }
    }

    @Override
    public void close() {
        driver.synchronize();
        addresses.forEach(driver::free);
        stream.close();
    }
}
