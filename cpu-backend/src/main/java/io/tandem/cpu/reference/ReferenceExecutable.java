package io.tandem.cpu.reference;

import io.tandem.backend.Buffer;
import io.tandem.backend.DeviceException;
import io.tandem.backend.Executable;
import io.tandem.compile.Plan;
import io.tandem.cpu.memory.HostMemory;
import io.tandem.reference.Interpreter;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A plan on the reference device. */
final class ReferenceExecutable implements Executable {
    private final ReferenceDevice device;
    private final PlanRunner runner;
    private boolean closed;

    ReferenceExecutable(ReferenceDevice device, Plan plan, Interpreter interpreter, boolean poison) {
        this.device = device;
        this.runner = new PlanRunner(plan, interpreter, 0, poison);
    }

    @Override
    public Plan plan() {
        return runner.plan();
    }

    @Override
    public void run(List<Buffer> arguments) {
        execute(arguments, (step, seconds) -> {});
    }

    @Override
    public List<StepTime> profile(List<Buffer> arguments) {
        List<StepTime> times = new ArrayList<>();
        execute(arguments, (step, seconds) -> times.add(new StepTime(step, "reference", seconds)));
        return times;
    }

    private void execute(List<Buffer> buffers, PlanRunner.Clock clock) {
        HostMemory memory = device.memory();
        memory.requireOpen();
        if (closed) {
            throw new DeviceException("the executable was closed before this use");
        }
        List<Plan.Argument> expected = plan().arguments();
        if (buffers.size() != expected.size()) {
            throw new DeviceException("the plan has %d arguments %s, got %d buffers"
                    .formatted(
                            expected.size(),
                            expected.stream().map(Plan.Argument::name).toList(),
                            buffers.size()));
        }
        MemorySegment workspace = memory.workspace(runner.workspaceBytes());
        List<MemorySegment> arguments = new ArrayList<>();
        for (int i = 0; i < expected.size(); i++) {
            Plan.Argument argument = expected.get(i);
            MemorySegment segment = memory.segment(buffers.get(i));
            if (segment.byteSize() < argument.type().bytes()) {
                throw new DeviceException("argument '%s' of type %s needs %d bytes, its buffer has %d"
                        .formatted(
                                argument.name(), argument.type(), argument.type().bytes(), segment.byteSize()));
            }
            arguments.add(segment);
        }
        runner.run(workspace, arguments, clock);
    }

    @Override
    public long arenaBytes() {
        return runner.workspaceBytes();
    }

    @Override
    public void close() {
        closed = true;
    }
}
