package io.tandem.cuda.lowering;

import io.tandem.compile.LayoutPass;
import io.tandem.compile.Plan;
import io.tandem.cuda.driver.Driver;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/** A plan made ready for a device: what runs each of its steps, and how much memory that takes. */
public final class CompiledPlan {
    private final Plan plan;
    private final LoweringContext context;
    private final ConstantPool constants = new ConstantPool();
    private final Region scratch = new Region(Program.ALIGNMENT);
    private final List<Region> arguments;
    private final Program program;

    /**
     * Chooses kernels and library calls, and notes in the context's library what has to be compiled.
     *
     * @throws io.tandem.backend.DeviceException if there is something in the plan that CUDA devices do not run
     */
    public CompiledPlan(Plan plan, LoweringContext context) {
        this.plan = LayoutPass.apply(plan, context.channelsLast());
        this.context = context;
        this.arguments = IntStream.range(0, plan.arguments().size())
                .mapToObj(i -> new Region(Program.ALIGNMENT))
                .toList();
        this.program = new Program(this.plan, new StepFactory(context, scratch), constants, 0, arguments);
    }

    /** Compiles the kernels and copies the constants to the device. */
    public void load(Driver driver) {
        context.library().build();
        constants.upload(driver, context.stream());
    }

    /** Gives the memory of the constants back. */
    public void release(Driver driver) {
        constants.release(driver);
    }

    /** The plan. */
    public Plan plan() {
        return plan;
    }

    /** Bytes of memory that one run needs beside arguments and constants. */
    public long workspaceBytes() {
        return scratchRoom() + program.arenaEnd();
    }

    private long scratchRoom() {
        return Math.ceilDiv(program.scratchBytes(), Program.ALIGNMENT) * Program.ALIGNMENT;
    }

    /** Bytes of device memory that the constants take. */
    public long constantBytes() {
        return constants.bytes();
    }

    /** The number of kernel launches and library calls of one run. */
    public int launches() {
        return program.launches();
    }

    /** What runs a step of the plan, in words. */
    public String label(int step) {
        return program.kernel(step).label();
    }

    /**
     * Places the plan.
     *
     * @param workspace address of {@link #workspaceBytes} bytes, a multiple of 256
     * @param addresses of the arguments, multiples of 256
     */
    public void bind(long workspace, List<Long> addresses) {
        scratch.moveTo(workspace);
        program.bindArena(workspace + scratchRoom());
        for (int i = 0; i < arguments.size(); i++) {
            arguments.get(i).moveTo(addresses.get(i));
        }
    }

    /** Asks the device for one run at the bound addresses; does not wait. */
    public void issue() {
        issue(step -> {});
    }

    /**
     * Asks the device for one run.
     *
     * @param clock is told before each step of the plan, and with the number of steps at the end
     */
    public void issue(IntConsumer clock) {
        for (int i = 0; i < arguments.size(); i++) {
            Plan.Argument argument = plan.arguments().get(i);
            if (argument.role() == Plan.Role.OUTPUT && argument.type().bytes() > 0) {
                context.stream().declareUndefined(arguments.get(i).address(), argument.type().bytes());
            }
        }
        program.issue(clock::accept);
    }
}
