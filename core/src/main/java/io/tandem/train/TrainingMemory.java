package io.tandem.train;

import io.tandem.compile.Compiler;
import io.tandem.compile.Lowering;
import io.tandem.compile.MemoryPlan;
import io.tandem.compile.Plan;
import io.tandem.tensor.TensorType;
import java.util.List;

/**
 * The memory that a training step needs, in bytes, as the shared compiler plans it, without a device: nothing of it is
 * allocated. A backend needs more where its kernels have layouts or work space of their own.
 *
 * @param values parameters, statistics, what the optimizer keeps, figures and the batch
 * @param arena results, gradients and whatever else lives during the step alone, with memory shared by what does not live
 *     at the same time
 */
public record TrainingMemory(long values, long arena) {
    private static final long ALIGNMENT = 64;

    /**
     * Plans a step.
     *
     * @param training what training means
     * @param batch samples per step
     * @param targets types of one sample's targets, without batch axis
     */
    public static TrainingMemory of(Training training, int batch, TensorType... targets) {
        StepGraph.Built built = StepGraph.batch(training, List.of(targets), batch);
        Plan plan = new Compiler(new Lowering() {}, true).compile(built.graph(), built.updates());
        long values = plan.arguments().stream().mapToLong(a -> a.type().bytes()).sum() + plan.constantBytes();
        return new TrainingMemory(values, MemoryPlan.of(plan, ALIGNMENT).bytes());
    }

    /** All together. */
    public long bytes() {
        return values + arena;
    }
}
