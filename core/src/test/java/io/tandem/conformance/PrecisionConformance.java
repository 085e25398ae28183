package io.tandem.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.AveragePool;
import io.tandem.nn.BatchNorm;
import io.tandem.nn.Conv;
import io.tandem.nn.ConvTranspose;
import io.tandem.nn.Dense;
import io.tandem.nn.Embedding;
import io.tandem.nn.Flatten;
import io.tandem.nn.Gru;
import io.tandem.nn.Layer;
import io.tandem.nn.LayerNorm;
import io.tandem.nn.Loss;
import io.tandem.nn.Losses;
import io.tandem.nn.Lstm;
import io.tandem.nn.MaxPool;
import io.tandem.nn.MixedPrecision;
import io.tandem.nn.Model;
import io.tandem.nn.Residual;
import io.tandem.nn.Rnn;
import io.tandem.nn.Sequential;
import io.tandem.nn.TransformerBlock;
import io.tandem.optim.Optimizer;
import io.tandem.optim.Schedule;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.LossScaling;
import io.tandem.train.State;
import io.tandem.train.TrainStep;
import io.tandem.train.Training;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Networks of each family in mixed precision: ten steps against float32 on the same device, and against the reference in
 * the same precision. A backend's test extends this class.
 */
public abstract class PrecisionConformance {
    private static final int STEPS = 10;
    private static final int BATCH = 5;
    private static final String GRADIENT = "optimizer.gradient.";

    /** The device under test. */
    protected abstract Device open();

    /** The 16-bit types with the largest relative error of a rounding. */
    enum Form {
        F16(MixedPrecision.f16(), 0x1p-11),
        BF16(MixedPrecision.bf16(), 0x1p-8);

        private final MixedPrecision precision;
        private final double rounding;

        Form(MixedPrecision precision, double rounding) {
            this.precision = precision;
            this.rounding = rounding;
        }
    }

    /**
     * A network and its task.
     *
     * @param smooth whether a small change of values is a small change of gradients; otherwise rounding may take another
     *     branch, and only losses are compared with float32
     * @param roundings how many roundings of 16 bits in a row the path from inputs to a gradient has, about; their errors
     *     add up at worst
     */
    private record Task(Model model, TensorType target, Loss loss, int classes, boolean smooth, int roundings) {}

    /** Gradient descent that keeps each gradient. */
    private record Recording(Schedule rate) implements Optimizer {
        @Override
        public List<Slot> slots() {
            return List.of(new Slot("gradient", 0));
        }

        @Override
        public Update update(Context context, Tensor param, Tensor gradient, List<Tensor> slots) {
            return new Update(param.sub(gradient.mul(context.rate().cast(param.dtype()))), List.of(gradient));
        }
    }

    @ParameterizedTest
    @EnumSource
    void perceptron(Form form) {
        Layer net = Sequential.of(Dense.of(13), Activation.sigmoid(), Dense.of(7), Activation.tanh(), Dense.of(3));
        check(new Task(Model.of(net, 6), TensorType.of(DType.I32), Losses.crossEntropy(), 3, true, 16), form);
    }

    @ParameterizedTest
    @EnumSource
    void convolutional(Form form) {
        Layer block = Sequential.of(Conv.conv2d(4, 3).withPadding(1), BatchNorm.of(), Activation.tanh());
        Layer net = Sequential.of(
                Conv.conv2d(4, 3).withPadding(1),
                BatchNorm.of(),
                Activation.tanh(),
                Residual.of(block),
                AveragePool.pool2d(2),
                Flatten.of(),
                Dense.of(4));
        check(new Task(Model.of(net, 2, 8, 9), TensorType.of(DType.I32), Losses.crossEntropy(), 4, true, 48), form);
    }

    @ParameterizedTest
    @EnumSource
    void convolutionalWithKinks(Form form) {
        Layer net = Sequential.of(
                Conv.conv2d(6, 3).withStride(2),
                Activation.relu(),
                ConvTranspose.conv2d(4, 3),
                Activation.elu(),
                MaxPool.pool2d(2),
                Flatten.of(),
                Dense.of(4));
        check(new Task(Model.of(net, 2, 11, 10), TensorType.of(DType.I32), Losses.crossEntropy(), 4, false, 40), form);
    }

    @ParameterizedTest
    @EnumSource
    void recurrent(Form form) {
        Layer net = Sequential.of(
                Lstm.of(9), Gru.of(8), Rnn.of(7), x -> x.at(1, -1), Dense.of(1));
        check(new Task(Model.of(net, 6, 4), TensorType.f32(1), Losses.meanSquaredError(), 0, true, 40), form);
    }

    @ParameterizedTest
    @EnumSource
    void transformer(Form form) {
        Layer net = Sequential.of(
                Embedding.of(11, 12), TransformerBlock.of(12, 3), LayerNorm.of(), Dense.of(11));
        Loss loss = (prediction, target) -> Losses.crossEntropy().of(prediction.reshape(-1, 11), target.reshape(-1));
        Model model = Model.of(net, TensorType.of(DType.I32, 6));
        check(new Task(model, TensorType.of(DType.I32, 6), loss, 11, true, 40), form);
    }

    /** Rounded weights are kept between predictions: not longer than they are right. */
    @ParameterizedTest
    @EnumSource
    void predictionsFollowTheWeights(Form form) {
        Model model = Model.of(Sequential.of(Dense.of(13), Activation.tanh(), Dense.of(3)), 6);
        Training training = Training.of(model, Losses.crossEntropy(), new Recording(Schedule.constant(0.5)))
                .withPrecision(form.precision)
                .withAverage(0.5)
                .withAccumulation(2);
        NDArray x = values(TensorType.f32(BATCH, 6), 0, 3);
        NDArray labels = values(TensorType.of(DType.I32, BATCH), 3, 4);
        try (Device device = open();
                Run run = new Run(training, device, TensorType.of(DType.I32));
                Evaluation kept = new Evaluation(training.model(), run.state);
                Evaluation averaged = Evaluation.averaged(training.model(), run.state)) {
            NDArray before = kept.predict(x);
            NDArray averageBefore = averaged.predict(x);
            assertEquals(before, kept.predict(x));
            float first = run.run(x, labels);
            assertEquals(first, run.run(x, labels), "the second batch before an update");
            assertNotEquals(first, run.run(x, labels), "a batch after an update");
            NDArray after = kept.predict(x);
            assertNotEquals(before, after);
            assertNotEquals(averageBefore, averaged.predict(x));
            try (Evaluation fresh = new Evaluation(training.model(), run.state)) {
                assertEquals(fresh.predict(x), after);
            }
            String path = model.variables().keySet().iterator().next();
            run.state.set(path, NDArray.zeros(run.state.get(path).type()));
            NDArray changed = kept.predict(x);
            assertNotEquals(after, changed);
            try (Evaluation fresh = new Evaluation(training.model(), run.state)) {
                assertEquals(fresh.predict(x), changed);
            }
        }
    }

    private void check(Task task, Form form) {
        Training exact = Training.of(task.model(), task.loss(), new Recording(Schedule.constant(0.05)));
        // From 2^16 on, which is the default, the first steps of some of these networks overflow.
        Training mixed = exact.withPrecision(form.precision)
                .withLossScaling(LossScaling.dynamic().withInitial(0x1p8));
        try (Device device = open();
                Device reference = Device.of("reference");
                Run float32 = new Run(exact, device, task.target());
                Run actual = new Run(mixed, device, task.target());
                Run expected = new Run(mixed, reference, task.target())) {
            for (int i = 0; i < STEPS; i++) {
                TensorType type = task.model().inputs().getFirst();
                NDArray inputs = values(type.with(type.shape().insert(0, BATCH)), task.classes(), 1000L + i);
                NDArray targets =
                        values(task.target().with(task.target().shape().insert(0, BATCH)), task.classes(), 2000L + i);
                float wide = float32.run(inputs, targets);
                float loss = actual.run(inputs, targets);
                float defined = expected.run(inputs, targets);
                double bound = task.roundings() * form.rounding;
                assertEquals(wide, loss, bound * Math.max(1, wide), "loss of step " + i + " against float32");
                if (task.smooth()) {
                    requireClose(float32.state, actual.state, bound, "step " + i + " against float32");
                }
                assertEquals(defined, loss, bound / 4 * Math.max(1, wide), "loss of step " + i);
                requireClose(expected.state, actual.state, bound / 4, "step " + i);
                // From the same values again, so that each step is compared by itself.
                Map<String, NDArray> values = float32.values();
                values.forEach(actual.state::set);
                values.forEach(expected.state::set);
            }
            assertEquals(0, actual.step.skipped());
            assertNotEquals(
                    float32.state.get(GRADIENT + first(task)), actual.state.get(GRADIENT + first(task)),
                    "16 bits change something");
            try (Evaluation one = new Evaluation(mixed.model(), actual.state);
                    Evaluation other = new Evaluation(task.model(), actual.state)) {
                TensorType type = task.model().inputs().getFirst();
                NDArray x = values(type.with(type.shape().insert(0, 3)), task.classes(), 7);
                NDArray y = one.predict(x);
                assertEquals(DType.F32, y.dtype());
                assertNotEquals(other.predict(x), y, "predictions are in mixed precision too");
            }
        }
    }

    private static String first(Task task) {
        return task.model().variables().keySet().iterator().next();
    }

    /** A training under way. */
    private static final class Run implements AutoCloseable {
        private final State state;
        private final TrainStep step;

        Run(Training training, Device device, TensorType target) {
            state = State.of(training.model(), device, 7);
            step = new TrainStep(training, state, target);
        }

        float run(NDArray inputs, NDArray targets) {
            return step.run(List.of(inputs), targets).loss();
        }

        Map<String, NDArray> values() {
            Map<String, NDArray> values = new LinkedHashMap<>();
            state.model().variables().keySet().forEach(path -> values.put(path, state.get(path)));
            return values;
        }

        @Override
        public void close() {
            step.close();
            state.close();
        }
    }

    /** Compares gradients and statistics, each with the largest element of its tensor as measure. */
    private static void requireClose(State expected, State actual, double bound, String what) {
        double distance = distance(expected, actual);
        assertTrue(distance <= bound, what + ": gradients differ by " + distance + " of their size, allowed " + bound);
    }

    private static double distance(State expected, State actual) {
        double worst = 0;
        for (String path : expected.model().variables().keySet()) {
            String entry = expected.contains(GRADIENT + path) ? GRADIENT + path : path;
            double[] wanted = expected.get(entry).toDoubles();
            double[] got = actual.get(entry).toDoubles();
            double size = 1e-2;
            for (double value : wanted) {
                size = Math.max(size, Math.abs(value));
            }
            for (int i = 0; i < wanted.length; i++) {
                double difference = Math.abs(wanted[i] - got[i]) / size;
                worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(worst, difference);
            }
        }
        return worst;
    }

    private static NDArray values(TensorType type, int classes, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return NDArray.generate(
                type, i -> type.dtype().isFloating() ? random.nextDouble(-1.5, 1.5) : random.nextInt(classes));
    }
}
