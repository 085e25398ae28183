package io.tandem.cpu.reference;

import io.tandem.backend.Buffer;
import io.tandem.backend.Device;
import io.tandem.backend.DeviceInfo;
import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Executable;
import io.tandem.compile.Lowering;
import io.tandem.compile.Plan;
import io.tandem.cpu.memory.HostMemory;
import io.tandem.reference.Interpreter;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Runs plans step by step in plain Java on one thread, at once. With {@link DeviceOptions#deterministic} it also fills
 * memory with NaN before each run, so that reading what was never written shows.
 */
final class ReferenceDevice implements Device {
    private final DeviceOptions options;
    private final HostMemory memory = new HostMemory("reference", () -> {});
    private final Interpreter interpreter = new Interpreter();

    ReferenceDevice(DeviceOptions options) {
        this.options = options;
    }

    HostMemory memory() {
        return memory;
    }

    @Override
    public DeviceInfo info() {
        return new DeviceInfo(
                "reference", "plain Java, one thread", 1, Runtime.getRuntime().maxMemory());
    }

    @Override
    public DeviceOptions options() {
        return options;
    }

    @Override
    public Buffer allocate(long bytes) {
        return memory.allocate(bytes);
    }

    @Override
    public void write(Buffer target, long offset, MemorySegment source) {
        memory.segment(target, offset, source.byteSize()).copyFrom(source);
    }

    @Override
    public void read(Buffer source, long offset, MemorySegment target) {
        target.copyFrom(memory.segment(source, offset, target.byteSize()));
    }

    @Override
    public Lowering lowering() {
        return ReferenceLowering.INSTANCE;
    }

    @Override
    public Executable compile(Plan plan) {
        memory.requireOpen();
        return new ReferenceExecutable(this, plan, interpreter, options.deterministic());
    }

    @Override
    public void synchronize() {
        memory.requireOpen();
    }

    @Override
    public Optional<String> takeError() {
        memory.requireOpen();
        Optional<String> error = interpreter.indexError();
        interpreter.clearIndexError();
        return error;
    }

    @Override
    public long allocatedBytes() {
        return memory.allocatedBytes();
    }

    @Override
    public void close() {
        memory.close();
    }
}
