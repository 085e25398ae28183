package io.tandem.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.CompiledFunction;
import io.tandem.backend.Device;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Losses;
import io.tandem.nn.MixedPrecision;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Sgd;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import io.tandem.train.TrainStep;
import io.tandem.train.Training;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several threads that use one device. A backend's test extends this class. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class ThreadsConformance {
    private static final int THREADS = 4;
    private static final int ROUNDS = 60;

    /** The device under test. */
    protected abstract Device open();

    private static Model model(int width) {
        return Model.of(Sequential.of(Dense.of(width), Activation.tanh(), Dense.of(3)), 5);
    }

    private static NDArray batch(int samples, int seed) {
        return NDArray.generate(TensorType.f32(samples, 5), i -> Math.sin(seed * 31 + i));
    }

    /** Does tasks at the same time, and throws what one of them throws. */
    private static void together(List<Callable<Void>> tasks) throws InterruptedException, ExecutionException {
        try (ExecutorService threads = Executors.newFixedThreadPool(tasks.size())) {
            List<Future<Void>> results = new ArrayList<>();
            tasks.forEach(task -> results.add(threads.submit(task)));
            for (Future<Void> result : results) {
                result.get();
            }
        }
    }

    @Test
    void predictionsOfSeveralThreadsAreEachTheirOwn() throws InterruptedException, ExecutionException {
        Model model = model(16).withPrecision(MixedPrecision.bf16());
        try (Device device = open();
                State state = State.of(model, device, 1);
                Evaluation evaluation = new Evaluation(model, state);
                CompiledFunction square =
                        CompiledFunction.of(device, in -> List.of(in.getFirst().square()))) {
            List<NDArray> inputs = new ArrayList<>();
            List<NDArray> expected = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                inputs.add(batch(1 + i % 2, i));
                expected.add(evaluation.predict(inputs.get(i)));
            }
            List<Callable<Void>> tasks = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int number = i;
                tasks.add(() -> {
                    NDArray x = inputs.get(number);
                    NDArray squared = square.apply(x);
                    for (int round = 0; round < ROUNDS; round++) {
                        assertEquals(expected.get(number), evaluation.predict(x));
                        assertEquals(squared, square.apply(x));
                    }
                    return null;
                });
            }
            together(tasks);
        }
    }

    @Test
    void modelsAreTrainedAndAskedAtTheSameTime() throws InterruptedException, ExecutionException {
        try (Device device = open()) {
            List<Callable<Void>> tasks = new ArrayList<>();
            List<List<Float>> losses = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                List<Float> own = new ArrayList<>();
                losses.add(own);
                tasks.add(() -> {
                    train(device, own);
                    return null;
                });
            }
            together(tasks);
            List<Float> alone = new ArrayList<>();
            train(device, alone);
            losses.forEach(own -> assertEquals(alone, own, "as if trained alone"));
            assertTrue(alone.getLast() < alone.getFirst());
        }
    }

    private static void train(Device device, List<Float> losses) throws InterruptedException, ExecutionException {
        Model model = model(8);
        Training training = Training.of(model, Losses.meanSquaredError(), Sgd.of(0.1));
        NDArray x = batch(6, 1);
        NDArray target = NDArray.generate(TensorType.f32(6, 3), i -> Math.cos(i));
        try (State state = State.of(model, device, 1);
                TrainStep step = new TrainStep(training, state, TensorType.f32(3));
                Evaluation evaluation = new Evaluation(model, state)) {
            together(List.of(
                    () -> {
                        for (int i = 0; i < ROUNDS; i++) {
                            losses.add(step.run(List.of(x), target).loss());
                        }
                        return null;
                    },
                    () -> {
                        for (int i = 0; i < ROUNDS; i++) {
                            evaluation.predict(x);
                            state.snapshot();
                        }
                        return null;
                    }));
        }
    }
}
