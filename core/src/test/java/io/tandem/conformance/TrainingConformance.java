package io.tandem.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.graph.Composites;
import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.BatchNorm;
import io.tandem.nn.Conv;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.Embedding;
import io.tandem.nn.Flatten;
import io.tandem.nn.Gru;
import io.tandem.nn.Layer;
import io.tandem.nn.LayerNorm;
import io.tandem.nn.Loss;
import io.tandem.nn.Losses;
import io.tandem.nn.Lstm;
import io.tandem.nn.MaxPool;
import io.tandem.nn.Model;
import io.tandem.nn.Residual;
import io.tandem.nn.Sequential;
import io.tandem.optim.Adam;
import io.tandem.optim.Optimizer;
import io.tandem.optim.Schedule;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.State;
import io.tandem.train.TrainStep;
import io.tandem.train.Training;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Trains small networks of each family for ten steps and compares the loss and every gradient of every step with those of
 * another device. A backend's test extends this class.
 */
public abstract class TrainingConformance {
    private static final int STEPS = 10;
    private static final int BATCH = 5;
    private static final double TOLERANCE = 2e-4;

    /** The device under test. */
    protected abstract Device open();

    /** What it is compared with: the device {@code reference}. */
    protected Device openReference() {
        return Device.of("reference");
    }

    /** Gradient descent that keeps each gradient, so that it can be read. */
    private record Recording(Schedule rate) implements Optimizer {
        @Override
        public List<Slot> slots() {
            return List.of(new Slot("gradient", 0));
        }

        @Override
        public Update update(Context context, Tensor param, Tensor gradient, List<Tensor> slots) {
            Tensor step = gradient.mul(context.rate().cast(param.dtype()));
            return new Update(param.sub(step), List.of(gradient));
        }
    }

    private record SelfAttention(int heads, Dense project, Dense combine) implements Layer {
        @Override
        public Tensor forward(Tensor x) {
            int batch = x.dim(0);
            int length = x.dim(1);
            int width = x.dim(2);
            List<Tensor> parts =
                    project.apply(x).reshape(batch, length, 3 * heads, width / heads).permute(0, 2, 1, 3).split(1, 3);
            Tensor y = Composites.attention(
                    parts.get(0), parts.get(1), parts.get(2), Optional.empty(), true,
                    Math.sqrt((double) heads / width));
            return combine.apply(y.permute(0, 2, 1, 3).reshape(batch, length, width));
        }
    }

    @Test
    void perceptron() {
        Layer net = Sequential.of(Dense.of(13), Activation.relu(), Dense.of(7), Activation.tanh(), Dense.of(3));
        check(Model.of(net, 6), TensorType.of(DType.I32), Losses.crossEntropy(), 3);
    }

    @Test
    void convolutional() {
        Layer net = Sequential.of(
                Conv.conv2d(4, 3).withPadding(1),
                BatchNorm.of(),
                Activation.relu(),
                Conv.conv2d(6, 3).withStride(2),
                Activation.relu(),
                MaxPool.pool2d(2),
                Flatten.of(),
                Dense.of(4));
        check(Model.of(net, 2, 11, 10), TensorType.of(DType.I32), Losses.crossEntropy(), 4);
    }

    @Test
    void residualWithBatchNormalization() {
        Layer block = Sequential.of(
                Conv.conv2d(8, 3).withPadding(1).withoutBias(),
                BatchNorm.of(),
                Activation.relu(),
                Conv.conv2d(8, 3).withPadding(1).withoutBias(),
                BatchNorm.of());
        Layer net = Sequential.of(
                Conv.conv2d(8, 3).withPadding(1),
                Residual.of(block),
                Activation.relu(),
                Conv.conv2d(8, 1).withStride(2),
                Flatten.of(),
                Dense.of(3));
        check(Model.of(net, 3, 8, 8), TensorType.of(DType.I32), Losses.crossEntropy(), 3);
    }

    @Test
    void longShortTermMemory() {
        Layer net = Sequential.of(Lstm.of(9), x -> x.at(1, -1), Dense.of(1));
        check(Model.of(net, 7, 4), TensorType.f32(1), Losses.meanSquaredError(), 0);
    }

    @Test
    void gatedRecurrentUnit() {
        Layer net = Sequential.of(Gru.of(9), x -> x.at(1, -1), Dense.of(1));
        check(Model.of(net, 7, 4), TensorType.f32(1), Losses.meanSquaredError(), 0);
    }

    @Test
    void transformer() {
        Layer net = Sequential.of(
                Embedding.of(11, 12),
                Residual.of(Sequential.of(LayerNorm.of(), new SelfAttention(3, Dense.of(36), Dense.of(12)))),
                Residual.of(Sequential.of(LayerNorm.of(), Dense.of(20), Activation.gelu(), Dense.of(12))),
                LayerNorm.of(),
                Dense.of(11));
        Loss loss = (prediction, target) -> Losses.crossEntropy().of(prediction.reshape(-1, 11), target.reshape(-1));
        check(Model.of(net, TensorType.of(DType.I32, 6)), TensorType.of(DType.I32, 6), loss, 11);
    }

    @Test
    void dropoutDrawsTheSameNumbers() {
        Layer net = Sequential.of(Dense.of(50), Activation.relu(), Dropout.of(0.5), Dense.of(2));
        check(Model.of(net, 5), TensorType.f32(2), Losses.meanSquaredError(), 0);
    }

    @Test
    void adamInFloat64() {
        Layer net = Sequential.of(Dense.of(8), Activation.tanh(), Dense.of(2));
        Model model = Model.of(net, TensorType.of(DType.F64, 4));
        Training training = Training.of(model, Losses.meanSquaredError(), Adam.of(0.01));
        try (Device device = open();
                Device reference = openReference();
                State state = State.of(model, device, 3);
                State expected = State.of(model, reference, 3);
                TrainStep step = new TrainStep(training, state, TensorType.of(DType.F64, 2));
                TrainStep expectedStep = new TrainStep(training, expected, TensorType.of(DType.F64, 2))) {
            for (int i = 0; i < STEPS; i++) {
                List<NDArray> x = List.of(values(TensorType.of(DType.F64, BATCH, 4), 0, 10L + i));
                NDArray t = values(TensorType.of(DType.F64, BATCH, 2), 0, 100L + i);
                step.run(x, t);
                expectedStep.run(x, t);
            }
            compare(expected, state, "after " + STEPS + " steps", 1e-9);
        }
    }

    @Test
    void runsRepeatBitForBit() {
        Layer net = Sequential.of(
                Conv.conv2d(4, 3), Activation.relu(), Flatten.of(), Dropout.of(0.3), Dense.of(10));
        Model model = Model.of(net, 1, 9, 9);
        assertEquals(trained(model), trained(model));
    }

    @Test
    void batchSizesMayChange() {
        Model model = Model.of(Sequential.of(Dense.of(4), BatchNorm.of(), Activation.relu(), Dense.of(1)), 3);
        Training training = Training.of(model, Losses.meanSquaredError(), Adam.of(0.01));
        try (Device device = open();
                State state = State.of(model, device, 1);
                TrainStep step = new TrainStep(training, state, TensorType.f32(1))) {
            for (int batch : new int[] {8, 3, 8, 2}) {
                float loss = step.run(
                        List.of(values(TensorType.f32(batch, 3), 0, batch)),
                        values(TensorType.f32(batch, 1), 0, batch + 1))
                        .loss();
                assertTrue(Float.isFinite(loss));
            }
            assertEquals(4, step.steps());
        }
    }

    private Map<String, NDArray> trained(Model model) {
        Training training = Training.of(model, Losses.crossEntropy(), Adam.of(0.01));
        try (Device device = open();
                State state = State.of(model, device, 5);
                TrainStep step = new TrainStep(training, state, TensorType.of(DType.I32))) {
            for (int i = 0; i < 5; i++) {
                step.run(
                        List.of(values(TensorType.f32(BATCH, 1, 9, 9), 0, i)),
                        values(TensorType.of(DType.I32, BATCH), 10, 50L + i));
            }
            return state.snapshot();
        }
    }

    private void check(Model model, TensorType target, Loss loss, int classes) {
        Training training = Training.of(model, loss, new Recording(Schedule.constant(0.05)));
        try (Device device = open();
                Device reference = openReference();
                State state = State.of(model, device, 7);
                State expected = State.of(model, reference, 7);
                TrainStep step = new TrainStep(training, state, target);
                TrainStep expectedStep = new TrainStep(training, expected, target)) {
            for (int i = 0; i < STEPS; i++) {
                List<NDArray> inputs = new ArrayList<>();
                for (TensorType type : model.inputs()) {
                    inputs.add(values(type.with(type.shape().insert(0, BATCH)), classes, 1000L + i));
                }
                NDArray targets = values(target.with(target.shape().insert(0, BATCH)), classes, 2000L + i);
                float actual = step.run(inputs, targets).loss();
                float wanted = expectedStep.run(inputs, targets).loss();
                assertEquals(wanted, actual, TOLERANCE * Math.max(1, Math.abs(wanted)), "loss of step " + i);
                compare(expected, state, "step " + i, TOLERANCE);
            }
        }
    }

    private static void compare(State expected, State actual, String when, double tolerance) {
        Map<String, NDArray> wanted = expected.snapshot();
        Map<String, NDArray> got = actual.snapshot();
        assertEquals(wanted.keySet(), got.keySet());
        wanted.forEach((path, values) -> {
            double scale = 0;
            for (long i = 0; i < values.shape().size(); i++) {
                scale = Math.max(scale, Math.abs(values.getDouble(i)));
            }
            for (long i = 0; i < values.shape().size(); i++) {
                double difference = Math.abs(values.getDouble(i) - got.get(path).getDouble(i));
                // Not "greater than", so that NaN counts as a difference.
                assertTrue(
                        difference <= tolerance * Math.max(scale, 1e-2),
                        "%s, %s[%d]: expected %s, got %s"
                                .formatted(when, path, i, values.getDouble(i), got.get(path).getDouble(i)));
            }
        });
    }

    private static NDArray values(TensorType type, int classes, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return NDArray.generate(
                type, i -> type.dtype().isFloating() ? random.nextDouble(-1.5, 1.5) : random.nextInt(classes));
    }
}
