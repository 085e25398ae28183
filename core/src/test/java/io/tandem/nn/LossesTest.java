package io.tandem.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Graph;
import io.tandem.graph.GraphException;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("contract")
class LossesTest {
    private static final NDArray Y = doubles(Shape.of(2, 2), 1, 2, 3, 4);
    private static final NDArray F = doubles(Shape.of(2, 2), 1.5, 2, 1, 7);

    private static NDArray doubles(Shape shape, double... values) {
        return NDArray.ofDoubles(shape, values);
    }

    private static NDArray[] valueAndGradient(Loss loss, NDArray y, NDArray target) {
        Graph graph = new Graph();
        Tensor prediction = graph.input("y", y.type());
        Tensor value = loss.of(prediction, graph.input("t", target.type()));
        graph.output("value", value);
        graph.output("gradient", Gradients.of(value.sum(), List.of(prediction)).getFirst());
        Map<String, NDArray> results = new Interpreter().run(graph, Map.of("y", y, "t", target));
        return new NDArray[] {results.get("value"), results.get("gradient")};
    }

    private static double value(Loss loss, NDArray y, NDArray target) {
        return valueAndGradient(loss, y, target)[0].item();
    }

    @Test
    void crossEntropyOfASingleClassIsRefused() {
        // It is 0 whatever the model says, so training would do nothing.
        GraphException e = assertThrows(
                GraphException.class,
                () -> value(Losses.crossEntropy(), doubles(Shape.of(2, 1), 3, -4), doubles(Shape.of(2, 1), 0, 1)));
        assertEquals(
                "cross-entropy: the prediction f64[2, 1] has a single class on axis 1, so the loss would always be 0;"
                        + " for one logit per sample use binary cross-entropy",
                e.getMessage());
        assertThrows(
                GraphException.class,
                () -> value(Losses.crossEntropy(), doubles(Shape.of(2, 1), 3, -4), NDArray.ofInts(Shape.of(2), 0, 0)));
    }

    @Test
    void classesThatCountDifferentlyAndSmoothedTargets() {
        // Probabilities 1/8, 2/8 and 5/8 in both samples, whose classes are 0 and 2.
        NDArray logits = doubles(Shape.of(2, 3), 0, Math.log(2), Math.log(5), 0, Math.log(2), Math.log(5));
        NDArray labels = NDArray.ofInts(Shape.of(2), 0, 2);
        double first = Math.log(8);
        double last = Math.log(1.6);
        assertEquals((first + last) / 2, value(Losses.crossEntropy(), logits, labels), 1e-14);
        assertEquals(
                (first + 3 * last) / 4, value(Losses.crossEntropy().withClassWeights(1, 2, 3), logits, labels), 1e-14);
        // A share of 0.3 is spread over the three classes.
        double spread = 0.1 * (first + Math.log(4) + last);
        assertEquals(
                (0.7 * first + 0.7 * last) / 2 + spread,
                value(Losses.crossEntropy().withLabelSmoothing(0.3), logits, labels), 1e-14);
    }

    @Test
    void formsOfSquaredError() {
        // Differences: -0.5, 0, 2, -3.
        assertEquals(13.25, value(Losses.sumOfSquares(), Y, F), 1e-15);
        assertEquals(6.625, value(Losses.halfSumOfSquares(), Y, F), 1e-15);
        assertEquals(13.25 / 4, value(Losses.meanSquaredError(), Y, F), 1e-15);
        assertEquals(13.25 / 4, value(Losses.halfMeanOfSquares(), Y, F), 1e-15);
        assertArrayEquals(
                new double[] {.25, 0, 4, 9},
                valueAndGradient(Losses.squaredError(LossReduction.NONE), Y, F)[0].toDoubles());
    }

    @Test
    void absoluteErrorAndHuber() {
        assertEquals(5.5 / 4, value(Losses.meanAbsoluteError(), Y, F), 1e-15);
        assertEquals((0.125 + 0 + (2 - .5) + (3 - .5)) / 4, value(Losses.huber(1), Y, F), 1e-15);
        assertEquals((0.125 + 2 + 2.5 * (3 - 1.25)) / 4, value(Losses.huber(2.5), Y, F), 1e-15);
        assertEquals(value(Losses.huber(2.5), Y, F) / 2.5, value(Losses.smoothL1(2.5), Y, F), 1e-15);
        assertThrows(IllegalArgumentException.class, () -> Losses.huber(0));
    }

    @Test
    void binaryCrossEntropyTellsZeroFromAlmostZero() {
        NDArray target = NDArray.of(Shape.of(2), 1, 1);
        NDArray[] results = valueAndGradient(
                Losses.binaryCrossEntropy(LossReduction.NONE), NDArray.of(Shape.of(2), 0, 1e-8f), target);
        assertArrayEquals(new double[] {100, -Math.log(1e-8f)}, results[0].toDoubles(), 1e-5);
        for (double g : results[1].toDoubles()) {
            assertTrue(Double.isFinite(g) && g < -1e7, "gradient " + g);
        }
        NDArray[] right = valueAndGradient(
                Losses.binaryCrossEntropy(LossReduction.NONE),
                NDArray.of(Shape.of(2), 1, 0),
                NDArray.of(Shape.of(2), 1, 0));
        assertArrayEquals(new double[2], right[0].toDoubles(), 1e-300);
        assertArrayEquals(new double[2], right[1].toDoubles(), 1e-300);
    }

    @Test
    void binaryCrossEntropyOfLogitsAndOfProbabilitiesAgree() {
        NDArray logits = doubles(Shape.of(4), -3, -0.5, 0.2, 4);
        NDArray p = NDArray.generate(logits.type(), i -> 1 / (1 + Math.exp(-logits.getDouble(i))));
        NDArray t = doubles(Shape.of(4), 0, 1, 0.3, 1);
        assertEquals(
                value(Losses.binaryCrossEntropy(), p, t), value(Losses.binaryCrossEntropyFromLogits(), logits, t),
                1e-14);
        NDArray far = NDArray.of(Shape.of(2), 500, -500);
        NDArray wrong = NDArray.of(Shape.of(2), 0, 1);
        NDArray[] results = valueAndGradient(Losses.binaryCrossEntropyFromLogits(), far, wrong);
        assertEquals(500, results[0].item());
        assertArrayEquals(new double[] {.5, -.5}, results[1].toDoubles(), 1e-7);
    }

    @Test
    void weightedPositivesCountMore() {
        NDArray logits = doubles(Shape.of(2), 0.3, -0.7);
        NDArray t = doubles(Shape.of(2), 1, 0);
        double positive = Math.log1p(Math.exp(-0.3));
        double negative = Math.log1p(Math.exp(-0.7));
        Loss loss = Losses.binaryCrossEntropyFromLogits(3, LossReduction.SUM);
        assertEquals(3 * positive + negative, value(loss, logits, t), 1e-14);
    }

    @Test
    void crossEntropyOfIndicesEqualsThatOfOneHotRows() {
        NDArray logits = LayerRun.random(DType.F64, 1, 3, 4);
        NDArray labels = NDArray.ofInts(Shape.of(3), 2, 0, 3);
        NDArray oneHot = NDArray.generate(
                TensorType.of(DType.F64, 3, 4), i -> labels.getLong(i / 4) == i % 4 ? 1 : 0);
        NDArray[] byIndex = valueAndGradient(Losses.crossEntropy(), logits, labels);
        NDArray[] byRow = valueAndGradient(Losses.crossEntropy(), logits, oneHot);
        assertEquals(byRow[0].item(), byIndex[0].item(), 1e-14);
        assertArrayEquals(byRow[1].toDoubles(), byIndex[1].toDoubles(), 1e-14);
    }

    @Test
    void classesMayStandOnTheLastAxis() {
        NDArray logits = LayerRun.random(DType.F64, 2, 2, 3, 4);
        NDArray transposed =
                NDArray.generate(TensorType.of(DType.F64, 2, 4, 3),
                        i -> logits.getDouble(i / 12 * 12L + i % 3 * 4 + i / 3 % 4));
        NDArray labels = NDArray.ofInts(Shape.of(2, 3), 0, 1, 2, 3, 1, 1);
        assertEquals(
                value(Losses.crossEntropy(), transposed, labels),
                value(Losses.crossEntropy().withClassAxis(-1), logits, labels),
                1e-14);
    }

    @Test
    void ignoredLabelsDoNotCount() {
        NDArray logits = LayerRun.random(DType.F64, 3, 3, 4);
        CrossEntropy loss = Losses.crossEntropy().withIgnoredLabel(-1);
        NDArray[] some = valueAndGradient(loss, logits, NDArray.ofInts(Shape.of(3), 2, -1, 3));
        NDArray two = NDArray.ofDoubles(
                Shape.of(2, 4),
                java.util.stream.IntStream.of(0, 1, 2, 3, 8, 9, 10, 11)
                        .mapToDouble(logits::getDouble)
                        .toArray());
        assertEquals(value(Losses.crossEntropy(), two, NDArray.ofInts(Shape.of(2), 2, 3)), some[0].item(), 1e-14);
        for (int i = 4; i < 8; i++) {
            assertEquals(0, some[1].getDouble(i), 1e-300);
        }
    }

    @Test
    void aLabelOutsideTheClassesCostsInfinitely() {
        NDArray logits = LayerRun.random(DType.F64, 3, 2, 4);
        assertEquals(
                Double.POSITIVE_INFINITY, value(Losses.crossEntropy(), logits, NDArray.ofInts(Shape.of(2), 1, 4)));
    }

    @Test
    void divergenceOfEqualDistributionsIsZero() {
        double[] p = {.2, .3, .5, 1, 0, 0};
        NDArray target = doubles(Shape.of(2, 3), p);
        NDArray same = NDArray.generate(target.type(), i -> Math.log(Math.max(p[i], 1e-300)));
        assertEquals(0, value(Losses.klDivergence(), same, target), 1e-15);
        NDArray even = NDArray.full(target.type(), Math.log(1 / 3.0));
        double expected = (.2 * Math.log(.6) + .3 * Math.log(.9) + .5 * Math.log(1.5) + Math.log(3)) / 2;
        assertEquals(expected, value(Losses.klDivergence(), even, target), 1e-15);
    }

    @Test
    void hingeIsZeroBeyondTheMargin() {
        NDArray y = doubles(Shape.of(4), 2, 0.25, -0.5, -3);
        NDArray t = doubles(Shape.of(4), 1, 1, 1, -1);
        assertEquals((0 + .75 + 1.5 + 0) / 4, value(Losses.hinge(), y, t), 1e-15);
    }

    @Test
    void wrongTargetsAreNamed() {
        Graph graph = new Graph();
        Tensor y = graph.input("y", TensorType.f32(32, 1));
        Tensor vector = graph.input("t", TensorType.f32(32));
        String shapes = assertThrows(GraphException.class, () -> Losses.meanSquaredError().of(y, vector)).getMessage();
        assertEquals(
                "squared error: the prediction is f32[32, 1], the target f32[32]; both must be of one shape and"
                        + " element type",
                shapes);
        Tensor images = graph.input("z", TensorType.f32(8, 64, 12, 10));
        Tensor labels = graph.input("l", TensorType.of(DType.I64, 8));
        String flatten =
                assertThrows(GraphException.class, () -> Losses.crossEntropy().of(images, labels)).getMessage();
        assertTrue(flatten.endsWith("got i64[8]; a Flatten before the last dense layer may be missing"), flatten);
        Tensor sequence = graph.input("s", TensorType.f32(8, 5, 10));
        Tensor steps = graph.input("k", TensorType.of(DType.I64, 8, 5));
        String axis = assertThrows(GraphException.class, () -> Losses.crossEntropy().of(sequence, steps)).getMessage();
        assertTrue(axis.endsWith("if the classes are on the last axis, use withClassAxis(-1)"), axis);
        assertThrows(
                GraphException.class,
                () -> Losses.crossEntropy().withClassWeights(1, 2).of(sequence, steps));
        assertThrows(IllegalArgumentException.class, () -> Losses.crossEntropy().withLabelSmoothing(1));
    }
}
