package io.tandem.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.cuda.simulation.SimulationOptions;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Embedding;
import io.tandem.nn.Flatten;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Adam;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.State;
import io.tandem.train.StepResult;
import io.tandem.train.TrainStep;
import io.tandem.train.Training;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/** Reading a loss waits for its step, not for steps that were asked for since. */
class LossReadTest {
    private static final int WORDS = 20;

    private static void train(BiConsumer<CudaDevice, TrainStep> use) {
        Model model = Model.of(
                Sequential.of(Embedding.of(WORDS, 6), Flatten.of(), Dense.of(9), Activation.tanh(), Dense.of(3)),
                TensorType.of(DType.I32, 5));
        Training training = Training.of(model, Losses.crossEntropy(), Adam.of(0.01));
        try (CudaDevice device = SimulatedDevices.open(
                SimulationOptions.DEFAULT.withDeferredStreams(), SimulatedDevices.DETERMINISTIC);
                State state = State.of(model, device, 3);
                TrainStep step = new TrainStep(training, state, TensorType.of(DType.I32))) {
            use.accept(device, step);
        }
    }

    private static StepResult run(TrainStep step, int number, int limit) {
        SplittableRandom random = new SplittableRandom(number);
        return step.run(
                List.of(NDArray.generate(TensorType.of(DType.I32, 4, 5), i -> random.nextInt(limit))),
                NDArray.generate(TensorType.of(DType.I32, 4), i -> random.nextInt(3)));
    }

    @Test
    void laterStepsGoOn() {
        List<Float> expected = new ArrayList<>();
        train((device, step) -> {
            for (int i = 0; i < 8; i++) {
                expected.add(run(step, i, WORDS).loss());
            }
        });
        train((device, step) -> {
            for (int i = 0; i < 8; i += 2) {
                StepResult first = run(step, i, WORDS);
                StepResult second = run(step, i + 1, WORDS);
                assertEquals(expected.get(i), first.loss());
                assertFalse(device.stream().isIdle(), "the loss of step " + i + " has waited for a later step");
                assertEquals(expected.get(i + 1), second.loss());
                assertEquals(expected.get(i), first.loss(), "an old loss is still there");
            }
        });
    }

    @Test
    void faultsAreStillReported() {
        train((device, step) -> {
            run(step, 0, WORDS).loss();
            StepResult bad = run(step, 1, 50 * WORDS);
            run(step, 2, WORDS);
            String message = assertThrows(IllegalArgumentException.class, bad::loss).getMessage();
            assertTrue(message.contains("outside of axis 0, whose size is 20"), message);
            assertTrue(Float.isFinite(run(step, 3, WORDS).loss()), "a fault is reported once");
        });
    }

    @Test
    void marksAreUsedAgain() {
        train((device, step) -> {
            long first = device.mark();
            long last = first;
            for (int i = 0; i < 3000; i++) {
                last = device.mark();
            }
            assertEquals(first + 3000, last);
            assertEquals(Optional.empty(), device.takeError(first));
            long unknown = last + 1;
            assertThrows(IllegalArgumentException.class, () -> device.takeError(unknown));
        });
    }
}
