package io.tandem.models.playground;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PlaygroundTest {
    @ParameterizedTest
    @EnumSource
    void setsAreDrawnBySeed(PointSet set) {
        Points points = set.draw(400, 0, 1);
        assertEquals(400, points.size());
        assertEquals(points, set.draw(400, 0, 1));
        assertTrue(!points.equals(set.draw(400, 0, 2)));
        assertTrue(!points.equals(set.draw(400, 0.3, 1)));
        int positive = 0;
        for (int i = 0; i < 400; i++) {
            assertTrue(Math.abs(points.x1(i)) < 6 && Math.abs(points.x2(i)) < 6);
            positive += points.labels().getDouble(i) > 0 ? 1 : 0;
        }
        assertEquals(200, positive, 40);
    }

    /** Without noise each set keeps to its rule. */
    @Test
    void rulesOfTheSets() {
        Points circle = PointSet.CIRCLE.draw(300, 0, 1);
        Points xor = PointSet.XOR.draw(300, 0, 1);
        for (int i = 0; i < 300; i++) {
            double radius = Math.hypot(circle.x1(i), circle.x2(i));
            assertEquals(radius < 3 ? 1 : -1, circle.labels().getDouble(i));
            assertTrue(radius <= 2.5 || radius >= 3.49);
            assertEquals(Math.signum(xor.x1(i) * xor.x2(i)), xor.labels().getDouble(i));
            assertTrue(Math.abs(xor.x1(i)) >= 0.29 && Math.abs(xor.x2(i)) >= 0.29);
        }
        Points spiral = PointSet.SPIRAL.draw(200, 0, 1);
        for (int i = 0; i < 200; i++) {
            double angle = Math.atan2(spiral.x1(i), spiral.x2(i));
            double along = Math.hypot(spiral.x1(i), spiral.x2(i)) / 5 * 1.75 * 2 * Math.PI;
            double turn = Math.cos(angle - along - (spiral.labels().getDouble(i) > 0 ? 0 : Math.PI));
            assertEquals(1, turn, 1e-3);
        }
    }

    @Test
    void featuresAreParsed() {
        assertEquals(List.of(Feature.values()), Feature.parse("x1, x2,x1^2,x2^2,x1x2,sin(x1),SIN(x2),x1"));
        assertEquals(6, Feature.PRODUCT.of(2, 3));
        assertEquals(Math.sin(3), Feature.SIN_X2.of(2, 3));
        refuses("no feature 'x3'; there are x1, x2, x1^2", () -> Feature.parse("x1,x3"));
    }

    @Test
    void badInputIsRefused() {
        Experiment e = Experiment.on(PointSet.XOR);
        refuses("at least one feature", e::withFeatures);
        refuses("noise must be from 0 to 1, got 1.5", () -> e.withNoise(1.5));
        refuses("hidden layers need at least 1 unit", () -> e.withHidden(4, 0));
        refuses("do not leave training and test points", () -> e.withSamples(1, 0.5));
        refuses("share of the training points", () -> e.withSamples(10, 1));
        refuses("a batch needs at least 1 point", () -> e.withBatch(0));
        refuses("epochs must not be negative", () -> e.withEpochs(-1));
        refuses("a set needs at least 2 points", () -> PointSet.CIRCLE.draw(1, 0, 1));
        refuses("noise must be", () -> PointSet.CIRCLE.draw(10, -1, 1));
    }

    private static void refuses(String part, Executable action) {
        String message = assertThrows(IllegalArgumentException.class, action).getMessage();
        assertTrue(message.contains(part), message);
    }
}
