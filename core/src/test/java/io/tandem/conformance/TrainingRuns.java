package io.tandem.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.data.ImageAugmentation;
import io.tandem.data.ImageTransform;
import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.BatchNorm;
import io.tandem.nn.Conv;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.Flatten;
import io.tandem.nn.GaussianNoise;
import io.tandem.nn.Layer;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.nn.RandomFlip;
import io.tandem.nn.RandomShift;
import io.tandem.nn.Sequential;
import io.tandem.optim.Adam;
import io.tandem.optim.Clipping;
import io.tandem.optim.Schedules;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.Callback;
import io.tandem.train.Epoch;
import io.tandem.train.History;
import io.tandem.train.Metrics;
import io.tandem.train.Run;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A small task with everything that has state: the suites about training and checkpoints share it. */
final class TrainingRuns {
    static final int CLASSES = 3;
    static final int EPOCHS = 3;

    private TrainingRuns() {}

    /** A network with statistics and with random numbers. */
    static Model network() {
        return Model.of(
                Sequential.of(
                        Conv.conv2d(3, 3),
                        BatchNorm.of(),
                        Activation.relu(),
                        Flatten.of(),
                        Dropout.of(0.25),
                        Dense.of(CLASSES)),
                1,
                6,
                6);
    }

    /** A layer that is used twice in a step. */
    private record Shared(BatchNorm norm) implements Layer {
        @Override
        public Tensor forward(Tensor x) {
            return norm.apply(x).add(norm.apply(x.square()));
        }
    }

    /** A network that augments its input itself, with random numbers of the state. */
    static Model augmentedNetwork() {
        return Model.of(
                Sequential.of(
                        RandomShift.of(1),
                        RandomFlip.horizontal(),
                        GaussianNoise.of(0.1),
                        Conv.conv2d(3, 3),
                        new Shared(BatchNorm.of()),
                        Activation.relu(),
                        Flatten.of(),
                        Dense.of(CLASSES)),
                1,
                6,
                6);
    }

    /** A perceptron from 4 numbers to classes. */
    static Model perceptron() {
        return Model.of(Sequential.of(Dense.of(8), Activation.tanh(), Dense.of(CLASSES)), 4);
    }

    /** Adam with a schedule and clipping, metrics. */
    static Training training(Model model) {
        return Training.of(model, Losses.crossEntropy(), Adam.of(Schedules.cosine(0.02, 0.001, 18)))
                .withClipping(Clipping.byGlobalNorm(1))
                .withMetrics(Metrics.accuracy(), Metrics.confusion(CLASSES));
    }

    /** Images with a bright row that tells the class, and noise. */
    static Dataset images(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] labels = random.ints(count, 0, CLASSES).toArray();
        NDArray pixels = NDArray.generate(
                TensorType.f32(count, 1, 6, 6),
                i -> random.nextDouble() + (i / 6 % 6 / 2 == labels[i / 36] ? 0.7 : 0));
        NDArray targets = NDArray.generate(TensorType.of(DType.I32, count), i -> labels[i]);
        return ArrayDataset.of(pixels, targets);
    }

    /** Points around one centre per class. */
    static Dataset points(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] labels = random.ints(count, 0, CLASSES).toArray();
        NDArray x = NDArray.generate(
                TensorType.f32(count, 4), i -> random.nextDouble(-1, 1) + (i % 4 == labels[i / 4] ? 1 : 0));
        return ArrayDataset.of(x, NDArray.generate(TensorType.of(DType.I32, count), i -> labels[i]));
    }

    /** Shuffled, augmented, with a smaller last batch: 6 batches of 23 samples. */
    static DataLoader loader() {
        Dataset augmented = images(23, 5).map(ImageTransform.of(ImageAugmentation.affine(0.1, 10, 0.9, 1.1)));
        return DataLoader.of(augmented, 4).shuffled(9);
    }

    /** What a run leaves: all entries of the state, and the record without times. */
    record Outcome(Map<String, NDArray> values, List<Epoch> epochs) {
        static Outcome of(State state, History history) {
            return new Outcome(state.snapshot(), history.epochs().stream().map(TrainingRuns::timeless).toList());
        }

        void requireEqual(Outcome other, String what) {
            assertEquals(values.keySet(), other.values.keySet(), what);
            values.forEach((path, value) -> assertEquals(value, other.values.get(path), what + ": " + path));
            assertEquals(epochs, other.epochs, what);
        }
    }

    static Epoch timeless(Epoch epoch) {
        return new Epoch(epoch.number(), epoch.training(), epoch.validation(), 1, epoch.samples(), 0);
    }

    /** Trains the network from the start. */
    static Outcome run(Device device, Trainer trainer, DataLoader loader, int epochs) {
        try (State state = State.of(trainer.training().model(), device, 3)) {
            return Outcome.of(state, trainer.fit(state, loader, images(10, 6), epochs));
        }
    }

    /** Stops a run after so many steps of this process. */
    static final class StopAfter implements Callback {
        private final int steps;
        private int done;

        StopAfter(int steps) {
            this.steps = steps;
        }

        @Override
        public void settled(Run run) {
            // Steps, and the ends of epochs.
            if (++done == steps) {
                run.stop("after " + steps);
            }
        }
    }

    static void requireContains(String text, String... parts) {
        for (String part : parts) {
            assertTrue(text.contains(part), "'" + part + "' is missing in: " + text);
        }
    }
}
