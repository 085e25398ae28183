package io.tandem.cpu;

import io.tandem.backend.Buffer;
import io.tandem.backend.DeviceException;
import io.tandem.backend.Executable;
import io.tandem.compile.Plan;
import io.tandem.cpu.memory.HostMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A plan on the CPU device. */
final class CpuExecutable implements Executable {
    private final CpuDevice device;
    private final Program program;
    private final List<Plan.Argument> expected;
    private final long heldBytes;
    private boolean closed;

    CpuExecutable(CpuDevice device, Program program) {
        this.device = device;
        this.program = program;
        this.expected = program.plan().arguments();
        this.heldBytes = program.constantBytes();
        device.memory().account(heldBytes);
    }

    @Override
    public Plan plan() {
        return program.plan();
    }

    @Override
    public void run(List<Buffer> arguments) {
        long[] addresses = locate(arguments);
        device.owner().post(() -> {
            bind(addresses);
            program.run();
        });
    }

    @Override
    public List<StepTime> profile(List<Buffer> arguments) {
        long[] addresses = locate(arguments);
        List<StepTime> times = new ArrayList<>();
        device.owner().call(() -> {
            bind(addresses);
            program.profile((step, kernel, seconds) -> times.add(new StepTime(step, kernel, seconds)));
        });
        return times;
    }

    private long[] locate(List<Buffer> arguments) {
        HostMemory memory = device.memory();
        memory.requireOpen();
        if (closed) {
            throw new DeviceException("the executable was closed before this use");
        }
        if (arguments.size() != expected.size()) {
            throw new DeviceException("the plan has %d arguments %s, got %d buffers"
                    .formatted(
                            expected.size(),
                            expected.stream().map(Plan.Argument::name).toList(),
                            arguments.size()));
        }
        long[] addresses = new long[expected.size()];
        for (int i = 0; i < addresses.length; i++) {
            Plan.Argument argument = expected.get(i);
            MemorySegment segment = memory.segment(arguments.get(i));
            if (segment.byteSize() < argument.type().bytes()) {
                throw new DeviceException("argument '%s' of type %s needs %d bytes, its buffer has %d"
                        .formatted(argument.name(), argument.type(), argument.type().bytes(), segment.byteSize()));
            }
            addresses[i] = segment.address();
        }
        return addresses;
    }

    private void bind(long[] addresses) {
        program.bindWorkspace(device.memory().workspace(program.workspaceBytes()).address());
        for (int i = 0; i < addresses.length; i++) {
            program.bindArgument(i, addresses[i]);
        }
        if (device.poisons()) {
            program.poison();
        }
    }

    @Override
    public long arenaBytes() {
        return program.workspaceBytes();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            device.release(this);
        }
    }

    /** Gives native resources back; on the device's thread. */
    void free() {
        closed = true;
        program.close();
        device.memory().account(-heldBytes);
    }
}
