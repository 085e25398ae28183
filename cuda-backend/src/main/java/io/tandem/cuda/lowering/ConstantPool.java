package io.tandem.cuda.lowering;

import io.tandem.cuda.driver.CudaStream;
import io.tandem.cuda.driver.Driver;
import io.tandem.tensor.NDArray;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** The constants of a program and of those in its loops, in one piece of device memory; equal arrays lie there once. */
final class ConstantPool {
    private static final long ALIGNMENT = 256;

    private final List<NDArray> arrays = new ArrayList<>();
    private final List<Region> regions = new ArrayList<>();
    private long address;

    /** The memory of a constant. */
    Region region(NDArray array) {
        int known = arrays.indexOf(array);
        if (known >= 0) {
            return regions.get(known);
        }
        arrays.add(array);
        regions.add(new Region(ALIGNMENT));
        return regions.getLast();
    }

    private static long room(NDArray array) {
        return Math.ceilDiv(array.type().bytes(), ALIGNMENT) * ALIGNMENT;
    }

    /** Bytes of device memory. */
    long bytes() {
        return arrays.stream().mapToLong(ConstantPool::room).sum();
    }

    /** Copies all constants to the device. */
    void upload(Driver driver, CudaStream stream) {
        if (bytes() == 0) {
            return;
        }
        address = driver.allocate(bytes());
        long end = address;
        try (Arena arena = Arena.ofConfined()) {
            for (int i = 0; i < arrays.size(); i++) {
                regions.get(i).moveTo(end);
                MemorySegment values = arrays.get(i).segment();
                if (values.byteSize() > 0) {
                    MemorySegment copy = arena.allocate(values.byteSize(), ALIGNMENT).copyFrom(values);
                    stream.copyToDevice(end, copy);
                }
                end += room(arrays.get(i));
            }
            stream.synchronize();
        }
    }

    /** Gives the memory back. */
    void release(Driver driver) {
        if (address != 0) {
            driver.free(address);
            address = 0;
        }
    }
}
