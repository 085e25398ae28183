package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.models.DefaultDnn;
import io.tandem.models.playground.PointSet;
import io.tandem.models.playground.Points;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Layer;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Adam;
import io.tandem.optim.Sgd;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.Epoch;
import io.tandem.train.FitAssessment;
import io.tandem.train.GradientNorms;
import io.tandem.train.History;
import io.tandem.train.Metrics;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sections 4.5 and 4.8: the preset, gradient norms per layer, and what learning curves say. */
@Tag("contract")
class Contract4_5PresetTest {
    private static final int[] UNITS = {32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 2};

    private static Dataset points(PointSet set, int count, double noise, long seed) {
        Points points = set.draw(count, noise, seed);
        return ArrayDataset.of(
                points.x(),
                NDArray.generate(TensorType.of(DType.I32, count), i -> points.labels().getDouble(i) > 0 ? 1 : 0));
    }

    private static GradientNorms norms(Model model) {
        Dataset batch = points(PointSet.SPIRAL, 128, 0, 1);
        try (Device device = Reference.oneThread(); State state = State.of(model, device, 1)) {
            Map<String, NDArray> before = state.snapshot();
            GradientNorms norms = GradientNorms.measure(
                    DefaultDnn.training(model, Losses.crossEntropy()),
                    state,
                    List.of(batch.all().column(0)),
                    batch.all().column(1));
            assertEquals(before, state.snapshot(), "measuring changes nothing");
            return norms;
        }
    }

    /** Ten hidden layers: in sigmoid units with Glorot weights the gradient fades towards the input. */
    @Test
    void gradientsVanishInADeepSigmoidNetAndNotInThePreset() {
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < UNITS.length - 1; i++) {
            layers.add(Dense.of(UNITS[i]));
            layers.add(Activation.sigmoid());
        }
        layers.add(Dense.of(2));
        GradientNorms sigmoid = norms(Model.of(new Sequential(layers), 2));
        assertTrue(sigmoid.vanishing(), sigmoid::toString);
        assertEquals(11, sigmoid.layers().size());
        assertTrue(sigmoid.toString().contains("it vanishes"), sigmoid::toString);
        Model preset = Model.of(DefaultDnn.of(UNITS), 2);
        GradientNorms kept = norms(preset);
        assertFalse(kept.vanishing(), kept::toString);
        assertTrue(kept.firstToLast() > 0.1, kept::toString);
        // Weights and the two vectors of each normalization, and the output's weights and bias.
        assertEquals(10 + 10 + 1, kept.layers().size(), kept::toString);
    }

    /** Five hidden layers learn the moons. */
    @Test
    void thePresetLearns() {
        Dataset data = points(PointSet.MOONS, 600, 0.2, 3);
        Model model = Model.of(DefaultDnn.of(32, 32, 32, 32, 32, 2), 2);
        try (Device device = Reference.oneThread(); State state = State.of(model, device, 1)) {
            History history = Trainer.of(
                    DefaultDnn.training(model, Losses.crossEntropy()).withMetrics(Metrics.accuracy()))
                    .fit(state, DataLoader.of(data.take(400), 20).shuffled(1), data.skip(400), 60);
            assertTrue(history.last().validation().get("accuracy") > 0.97, history.last()::toString);
        }
    }

    private static History curve(double[] training, double[] validation) {
        List<Epoch> epochs = new ArrayList<>();
        for (int i = 0; i < training.length; i++) {
            epochs.add(new Epoch(i, Map.of("loss", training[i]), Map.of("loss", validation[i]), 1, 1, 0));
        }
        return new History(epochs, Optional.empty());
    }

    /** 4.8 */
    @Test
    void learningCurvesAreJudged() {
        FitAssessment over = FitAssessment.of(curve(
                new double[] {1, 0.5, 0.3, 0.1, 0.05}, new double[] {1, 0.7, 0.6, 0.65, 0.8}));
        assertEquals(FitAssessment.Kind.OVERFITTING, over.kind());
        assertEquals(
                "Overfitting: the validation loss was lowest in epoch 2 (0.6000) and has risen to 0.8000 since, while the"
                        + " training loss fell from 0.3000 to 0.05000; stop there, take more or augmented data, or regularize.",
                over.sentence());
        assertEquals(
                FitAssessment.Kind.UNDERFITTING,
                FitAssessment
                        .of(curve(new double[] {0.7, 0.695, 0.694, 0.693}, new double[] {0.7, 0.695, 0.694, 0.693}),
                                Math.log(2))
                        .kind());
        assertEquals(
                FitAssessment.Kind.UNFINISHED,
                FitAssessment.of(curve(new double[] {1, 0.8, 0.6, 0.4}, new double[] {1, 0.8, 0.6, 0.4})).kind());
        assertEquals(
                FitAssessment.Kind.GOOD,
                FitAssessment.of(curve(new double[] {1, 0.2, 0.1, 0.1}, new double[] {1, 0.2, 0.12, 0.12})).kind());
        assertEquals(
                FitAssessment.Kind.DIVERGED,
                FitAssessment.of(curve(new double[] {1, 5, Double.NaN}, new double[] {1, 2, 3})).kind());
        assertTrue(assertThrows(
                IllegalArgumentException.class, () -> FitAssessment.of(new History(List.of(), Optional.empty())))
                .getMessage()
                .contains("at least 3 epochs"));
    }

    /** 4.8: real curves. A large network on few noisy points overfits, one without hidden layer underfits. */
    @Test
    void realCurvesAreJudged() {
        Dataset noisy = points(PointSet.XOR, 300, 0.4, 1);
        assertEquals(
                FitAssessment.Kind.OVERFITTING,
                fit(Model.of(
                        Sequential.of(Dense.of(128), Activation.tanh(), Dense.of(128), Activation.tanh(), Dense.of(2)),
                        2), noisy.take(40), noisy.skip(40), 150).kind());
        Dataset clean = points(PointSet.XOR, 600, 0, 1);
        assertEquals(
                FitAssessment.Kind.UNDERFITTING,
                fit(Model.of(Dense.of(2), 2), clean.take(300), clean.skip(300), 40).kind());
        assertEquals(
                FitAssessment.Kind.GOOD,
                fit(Model.of(Dense.of(2), 2),
                        points(PointSet.GAUSSIANS, 300, 0.4, 1),
                        points(PointSet.GAUSSIANS, 300, 0.4, 2),
                        60).kind());
    }

    private static FitAssessment fit(Model model, Dataset train, Dataset test, int epochs) {
        try (Device device = Reference.oneThread(); State state = State.of(model, device, 1)) {
            Training training = Training.of(model, Losses.crossEntropy(), Adam.of(0.01));
            return FitAssessment.of(
                    Trainer.of(training).fit(state, DataLoader.of(train, 20).shuffled(1), test, epochs), Math.log(2));
        }
    }

    @Test
    void badInputIsRefused() {
        Model model = Model.of(Dense.of(2), 2);
        Training training = Training.of(model, Losses.crossEntropy(), Sgd.of(1));
        try (Device device = Reference.oneThread(); State state = State.of(model, device, 1)) {
            NDArray x = NDArray.zeros(TensorType.f32(2, 2));
            assertTrue(assertThrows(
                    IllegalArgumentException.class,
                    () -> GradientNorms.measure(
                            training, state, List.of(x), NDArray.ofInts(Shape.of(2), 0, 2)))
                    .getMessage()
                    .contains("label 2 at position 1"));
        }
        assertThrows(IllegalArgumentException.class, () -> DefaultDnn.of());
    }
}
