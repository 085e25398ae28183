package io.tandem.cuda.lib;

import io.tandem.cuda.driver.NativeAddress;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A scaling factor that a library reads during a call. It lies in native memory: an array of the Java heap JCuda would
 * hold in its place for the time of the call, and the garbage collector would wait for that.
 */
final class HostScalar extends NativeAddress {
    // Keeps the memory for as long as the pointer itself is in use.
    private final MemorySegment memory;

    private HostScalar(MemorySegment memory) {
        super(memory.address());
        this.memory = memory;
    }

    /**
     * A factor.
     *
     * @param wide whether the library wants a double, else a float
     */
    static HostScalar of(boolean wide, double value) {
        MemorySegment memory = Arena.ofAuto().allocate(ValueLayout.JAVA_DOUBLE);
        if (wide) {
            memory.set(ValueLayout.JAVA_DOUBLE, 0, value);
        } else {
            memory.set(ValueLayout.JAVA_FLOAT, 0, (float) value);
        }
        return new HostScalar(memory);
    }

    @Override
    public String toString() {
        return "scalar at " + memory;
    }
}
