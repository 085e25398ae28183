package io.tandem.conformance;

import io.tandem.backend.Buffer;
import io.tandem.backend.Device;
import io.tandem.backend.DeviceException;
import io.tandem.backend.DeviceInfo;
import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Executable;
import io.tandem.compile.Lowering;
import io.tandem.compile.Plan;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** A device whose programs or whose memory fail when they are told to. */
final class FailingDevice implements Device {
    static final String MESSAGE = "the device has failed";

    private final Device device;
    private int left = Integer.MAX_VALUE;
    private int allocationsLeft = Integer.MAX_VALUE;

    FailingDevice(Device device) {
        this.device = device;
    }

    /** Lets so many runs succeed, and all later ones fail. */
    void failAfter(int runs) {
        left = runs;
    }

    /** Lets so many allocations succeed, and all later ones fail. */
    void failAllocationAfter(int allocations) {
        allocationsLeft = allocations;
    }

    private record Failing(FailingDevice owner, Executable executable) implements Executable {
        @Override
        public Plan plan() {
            return executable.plan();
        }

        @Override
        public void run(List<Buffer> arguments) {
            if (owner.left-- <= 0) {
                throw new IllegalStateException(MESSAGE);
            }
            executable.run(arguments);
        }

        @Override
        public long arenaBytes() {
            return executable.arenaBytes();
        }

        @Override
        public List<StepTime> profile(List<Buffer> arguments) {
            return executable.profile(arguments);
        }

        @Override
        public void close() {
            executable.close();
        }
    }

    @Override
    public Executable compile(Plan plan) {
        return new Failing(this, device.compile(plan));
    }

    @Override
    public DeviceInfo info() {
        return device.info();
    }

    @Override
    public DeviceOptions options() {
        return device.options();
    }

    @Override
    public Buffer allocate(long bytes) {
        if (allocationsLeft-- <= 0) {
            throw new DeviceException(MESSAGE);
        }
        return device.allocate(bytes);
    }

    @Override
    public void write(Buffer target, long offset, MemorySegment source) {
        device.write(target, offset, source);
    }

    @Override
    public void read(Buffer source, long offset, MemorySegment target) {
        device.read(source, offset, target);
    }

    @Override
    public Lowering lowering() {
        return device.lowering();
    }

    @Override
    public void synchronize() {
        device.synchronize();
    }

    @Override
    public Optional<String> takeError() {
        return device.takeError();
    }

    @Override
    public long allocatedBytes() {
        return device.allocatedBytes();
    }

    @Override
    public void close() {
        device.close();
    }
}
