package io.tandem.conformance;

import io.tandem.backend.Device;
import io.tandem.nn.Model;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.State;
import io.tandem.train.TrainStep;
import io.tandem.train.Training;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Trains in a process of its own, and prints by how many KB its resident memory grew after the warm-up. The JVM should be
 * given a heap of fixed size that is touched at the start, so that what grows is native memory.
 */
public final class MemoryProcess {
    private static final NDArray X = NDArray.zeros(TensorType.f32(4, 4));
    private static final NDArray T = NDArray.zeros(TensorType.of(DType.I32, 4));

    private MemoryProcess() {}

    /**
     * Runs and prints.
     *
     * @param arguments device, and {@code steps} (10,000 after 20,000) or {@code opens} (100 devices after 300)
     */
    public static void main(String[] arguments) throws IOException {
        Training training = TrainingRuns.training(TrainingRuns.perceptron());
        long before;
        if (arguments[1].equals("steps")) {
            try (Device device = Device.of(arguments[0]);
                    State state = State.of(training.model(), device, 1);
                    TrainStep step = new TrainStep(training, state, TensorType.of(DType.I32))) {
                run(step, 20_000);
                before = resident();
                run(step, 10_000);
                System.out.println("grown " + (resident() - before));
            }
        } else {
            open(arguments[0], training, 300);
            before = resident();
            open(arguments[0], training, 100);
            System.out.println("grown " + (resident() - before));
        }
    }

    private static void open(String name, Training training, int times) {
        Model model = training.model();
        for (int i = 0; i < times; i++) {
            try (Device device = Device.of(name);
                    State state = State.of(model, device, 1);
                    TrainStep step = new TrainStep(training, state, TensorType.of(DType.I32))) {
                run(step, 5);
            }
        }
    }

    /** Steps with two batch sizes in turn. */
    private static void run(TrainStep step, int count) {
        for (int i = 0; i < count; i++) {
            int rows = i % 5 == 4 ? 2 : 4;
            step.run(List.of(X.rows(0, rows)), T.rows(0, rows));
            if (i % 100 == 99) {
                step.figures();
            }
        }
    }

    private static long resident() throws IOException {
        System.gc();
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }
}
