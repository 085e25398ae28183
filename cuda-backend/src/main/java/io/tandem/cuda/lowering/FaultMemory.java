package io.tandem.cuda.lowering;

import io.tandem.cuda.driver.CudaStream;
import io.tandem.cuda.driver.Driver;
import io.tandem.cuda.driver.PinnedMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where kernels report an index outside of its axis: the first report since the last look stays. In device memory:
 * the number of the reporting site (0: none), the index, its number among the indices.
 */
public final class FaultMemory implements AutoCloseable {
    private static final long BYTES = 24;

    private final Driver driver;
    private final CudaStream stream;
    private final long address;
    private final PinnedMemory host;
    private final List<Site> sites = new ArrayList<>();
    private final Map<Site, Integer> numbers = new HashMap<>();

    /** A place in a plan that may report. */
    private record Site(String operation, int axis, int size, long indices) {}

    /** Clears the report. */
    public FaultMemory(Driver driver, CudaStream stream) {
        this.driver = driver;
        this.stream = stream;
        this.address = driver.allocate(BYTES);
        this.host = driver.allocatePinned(BYTES);
        stream.fill(address, (byte) 0, BYTES);
    }

    /** Its address on the device; the first word is 0 while there is no report. */
    public long address() {
        return address;
    }

    /** The number of a site, above 0. */
    int site(String operation, int axis, int size, long indices) {
        return numbers.computeIfAbsent(new Site(operation, axis, size, indices), site -> {
            sites.add(site);
            return sites.size();
        });
    }

    /** The report since the last call, in words; waits for the device. */
    public Optional<String> take() {
        stream.copyToHost(host.segment().asSlice(0, BYTES), address);
        stream.synchronize();
        MemorySegment values = host.segment();
        int number = values.get(ValueLayout.JAVA_INT, 0);
        if (number == 0) {
            return Optional.empty();
        }
        long index = values.getAtIndex(ValueLayout.JAVA_LONG, 1);
        long position = values.getAtIndex(ValueLayout.JAVA_LONG, 2);
        stream.fill(address, (byte) 0, BYTES);
        Site site = sites.get(number - 1);
        return Optional.of("%s: index %d (number %d of %d) is outside of axis %d, whose size is %d; %d was used instead"
                .formatted(
                        site.operation(),
                        index,
                        position,
                        site.indices(),
                        site.axis(),
                        site.size(),
                        Math.clamp(index, 0L, site.size() - 1L)));
    }

    @Override
    public void close() {
        host.close();
        driver.free(address);
    }
}
