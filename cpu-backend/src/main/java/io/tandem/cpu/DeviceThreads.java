package io.tandem.cpu;

import io.tandem.cpu.primitive.Team;
import io.tandem.cpu.threads.Workers;
import java.util.function.Supplier;

/** The threads of a device, for kernels in Java and for generated ones. Belongs to the device's thread. */
final class DeviceThreads implements io.tandem.cpu.kernel.Parallel, Team, AutoCloseable {
    private final Workers workers;

    DeviceThreads(Workers workers) {
        this.workers = workers;
    }

    @Override
    public int threads() {
        return workers.threads();
    }

    @Override
    public <T> T alone(Supplier<T> make) {
        return workers.alone(make);
    }

    @Override
    public void split(long units, long bytesPerUnit, Part part) {
        workers.parallel(units, Math.max(1, GRAIN_BYTES / Math.max(1, bytesPerUnit)), part::run);
    }

    @Override
    public void forEach(long units, long grain, RangeBody body) {
        workers.parallel(units, grain, (part, from, to) -> body.run(from, to));
    }

    @Override
    public void close() {
        workers.close();
    }
}
