package io.tandem.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.DeviceOptions;
import io.tandem.nn.Activation;
import io.tandem.nn.Conv;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.Embedding;
import io.tandem.nn.Flatten;
import io.tandem.nn.Losses;
import io.tandem.nn.Lstm;
import io.tandem.nn.MaxPool;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Adam;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.State;
import io.tandem.train.TrainStep;
import io.tandem.train.Training;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What training must be on a CUDA device, whatever it computes: replayed graphs equal plain launches, equal runs have
 * equal bits in deterministic mode, and memory does not grow.
 */
abstract class ExecutionChecks {
    private static final int BATCH = 12;

    /** The device under test. */
    abstract CudaDevice open(DeviceOptions options);

    /** Steps of the long run. */
    abstract int steps();

    private static Model images() {
        return Model.of(
                Sequential.of(
                        Conv.conv2d(8, 3), Activation.relu(), MaxPool.pool2d(2), Flatten.of(), Dropout.of(0.25),
                        Dense.of(10)),
                1, 12, 12);
    }

    private static Model words() {
        return Model.of(
                Sequential.of(Embedding.of(50, 12), Lstm.of(16), x -> x.at(1, -1), Dense.of(10)),
                TensorType.of(DType.I32, 9));
    }

    private static NDArray values(TensorType type, int limit, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return NDArray.generate(
                type, i -> type.dtype().isFloating() ? random.nextDouble(-1, 1) : random.nextInt(limit));
    }

    private static void step(TrainStep step, Model model, int batch, long seed) {
        TensorType input = model.inputs().getFirst();
        step.run(
                List.of(values(input.with(input.shape().insert(0, batch)), 50, seed)),
                values(TensorType.of(DType.I32, batch), 10, seed + 1));
    }

    private Map<String, NDArray> trained(Model model, DeviceOptions options) {
        Training training = Training.of(model, Losses.crossEntropy(), Adam.of(0.01));
        try (CudaDevice device = open(options);
                State state = State.of(model, device, 3);
                TrainStep step = new TrainStep(training, state, TensorType.of(DType.I32))) {
            for (int i = 0; i < 6; i++) {
                step(step, model, BATCH, i);
            }
            return state.snapshot();
        }
    }

    @Test
    void replaysEqualPlainLaunches() {
        for (Model model : List.of(images(), words())) {
            Map<String, NDArray> replayed = trained(model, SimulatedDevices.DETERMINISTIC);
            assertEquals(replayed, trained(model, SimulatedDevices.DETERMINISTIC.withGraphs(false)));
        }
    }

    @Test
    void deterministicRunsHaveEqualBits() {
        for (Model model : List.of(images(), words())) {
            for (DeviceOptions.MathPolicy policy : DeviceOptions.MathPolicy.values()) {
                DeviceOptions options = SimulatedDevices.DETERMINISTIC.withMath(policy);
                assertEquals(trained(model, options), trained(model, options), policy::name);
            }
        }
    }

    @Test
    void memoryDoesNotGrow() {
        run(150);
    }

    @Test
    @Tag("soak")
    void memoryDoesNotGrowInALongRun() {
        run(steps());
    }

    /** Two batch sizes, losses read now and then: after the first steps neither Tandem nor the device holds more. */
    private void run(int steps) {
        Model model = images();
        Training training = Training.of(model, Losses.crossEntropy(), Adam.of(0.001));
        try (CudaDevice device = open(DeviceOptions.defaults());
                State state = State.of(model, device, 3);
                TrainStep step = new TrainStep(training, state, TensorType.of(DType.I32))) {
            long allocated = 0;
            long free = 0;
            for (int i = 0; i < steps; i++) {
                step(step, model, i % 7 == 6 ? BATCH - 5 : BATCH, i % 16);
                if (i % 50 == 49) {
                    assertTrue(Double.isFinite(step.figures().get("loss")), "step " + i);
                    step.resetFigures();
                }
                if (i == steps / 10) {
                    device.synchronize();
                    allocated = device.allocatedBytes();
                    free = device.driver().memoryInfo().free();
                }
            }
            device.synchronize();
            assertEquals(allocated, device.allocatedBytes());
            long taken = free - device.driver().memoryInfo().free();
            assertTrue(taken <= 16 << 20, () -> taken + " bytes of device memory were taken during the run");
        }
    }
}
