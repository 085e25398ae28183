package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.models.playground.Experiment;
import io.tandem.models.playground.Feature;
import io.tandem.models.playground.Outcome;
import io.tandem.models.playground.PointSet;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Section 7: median test accuracies of eight networks, with the playground's defaults but for what is named. */
@Tag("contract")
class Contract7PlaygroundTest {
    private static final double TOLERANCE = 0.05;

    private static double median(Experiment experiment) {
        try (Device device = Reference.oneThread()) {
            return experiment.run(device, 8, 1).medianTestAccuracy();
        }
    }

    static Stream<Arguments> listed() {
        Experiment gaussians = Experiment.on(PointSet.GAUSSIANS).withHidden().withEpochs(50);
        Experiment circle = Experiment.on(PointSet.CIRCLE).withEpochs(50);
        Experiment xor = Experiment.on(PointSet.XOR).withEpochs(100);
        return Stream.of(
                Arguments.of("Gaussians, no hidden layer", 1.00, gaussians),
                Arguments.of("Gaussians, x1 alone", 0.998, gaussians.withFeatures(Feature.X1)),
                Arguments.of("Gaussians with noise", 0.97, gaussians.withNoise(0.2)),
                Arguments.of("circle, 4", 1.00, circle.withHidden(4)),
                Arguments.of("circle, 3", 1.00, circle.withHidden(3)),
                Arguments.of("circle, 2", 0.79, circle.withHidden(2)),
                Arguments.of("circle, 1", 0.65, circle.withHidden(1)),
                Arguments.of(
                        "circle, one neuron on squares",
                        1.00,
                        circle.withHidden().withFeatures(Feature.X1_SQUARED, Feature.X2_SQUARED).withEpochs(50)),
                Arguments.of("XOR, 4-2", 1.00, xor),
                Arguments.of("XOR, 4", 0.99, xor.withHidden(4)),
                Arguments.of("XOR, 3", 0.94, xor.withHidden(3)),
                Arguments.of("XOR, 1", 0.68, xor.withHidden(1)),
                Arguments.of(
                        "XOR, one neuron on the product",
                        1.00,
                        xor.withHidden().withFeatures(Feature.PRODUCT).withEpochs(50)));
    }

    static Stream<Arguments> spirals() {
        Experiment spiral = Experiment.on(PointSet.SPIRAL);
        return Stream.of(
                Arguments.of("spiral, 4-2", 0.67, spiral.withEpochs(1000)),
                Arguments.of("spiral, 8-8", 0.95, spiral.withHidden(8, 8).withEpochs(1000)),
                Arguments.of(
                        "spiral, 8 on all features",
                        0.98,
                        spiral.withHidden(8).withFeatures(Feature.values()).withEpochs(500)));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("listed")
    void medianOfEightSeeds(String name, double accuracy, Experiment experiment) {
        assertEquals(accuracy, median(experiment), TOLERANCE, name);
    }

    /** Spirals take 500 to 1000 epochs. */
    @Tag("slow")
    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("spirals")
    void medianOfEightSeedsOnSpirals(String name, double accuracy, Experiment experiment) {
        assertEquals(accuracy, median(experiment), TOLERANCE, name);
    }

    /**
     * XOR with two units is listed with 0.80 for eight seeds. Networks end either near 0.70 (a quarter of them) or near 0.86, so
     * the median of eight hangs on how many of each kind are among them: of 64 groups of eight, medians go from 0.70 to 0.88,
     * and a third of them are within 0.80 ± 0.05. The median of all 512 is 0.856, for 50 to 500 epochs and 200 to 500 points.
     */
    @Test
    void xorWithTwoUnitsIsListedWithOneOfTheMediansThatEightSeedsGive() {
        double[] accuracies;
        try (Device device = Reference.oneThread()) {
            accuracies =
                    Experiment.on(PointSet.XOR).withHidden(2).withEpochs(100).run(device, 512, 1).members().stream()
                            .mapToDouble(Outcome.Member::testAccuracy)
                            .toArray();
        }
        double[] medians = IntStream.range(0, 64)
                .mapToDouble(group -> median(Arrays.copyOfRange(accuracies, 8 * group, 8 * (group + 1))))
                .toArray();
        long listed = Arrays.stream(medians).filter(m -> Math.abs(m - 0.80) <= TOLERANCE).count();
        assertTrue(listed >= 64 / 5, () -> Arrays.toString(medians));
        assertEquals(0.856, median(accuracies), 0.01);
    }

    private static double median(double[] values) {
        double[] sorted = Arrays.stream(values).sorted().toArray();
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }
}
