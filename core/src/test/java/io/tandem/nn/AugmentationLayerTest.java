package io.tandem.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.graph.GraphException;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Augmentation inside the graph: what each layer does to each sample, in training alone. */
class AugmentationLayerTest {
    private static final int SAMPLES = 400;

    /** Numbers from 1, all different within a sample. */
    private static NDArray images(int... sample) {
        int[] dims = new int[sample.length + 1];
        dims[0] = SAMPLES;
        System.arraycopy(sample, 0, dims, 1, sample.length);
        TensorType type = TensorType.f32(dims);
        return NDArray.generate(type, i -> 1 + i % (type.shape().size() / SAMPLES));
    }

    @Test
    void nothingHappensInInference() {
        NDArray x = images(2, 3, 4);
        for (Layer layer : new Layer[] {
            RandomFlip.horizontal().withProbability(1), RandomShift.of(2), GaussianNoise.of(3)
        }) {
            assertEquals(x, LayerRun.output(layer, Mode.INFERENCE, x));
        }
        for (Layer layer : new Layer[] {
            RandomFlip.vertical().withProbability(0), RandomShift.of(0), GaussianNoise.of(0)
        }) {
            assertEquals(x, LayerRun.output(layer, Mode.TRAINING, x));
        }
    }

    @Test
    void flipsMirrorWholeSamples() {
        NDArray x = images(2, 3, 4);
        for (boolean horizontal : new boolean[] {true, false}) {
            RandomFlip flip = horizontal ? RandomFlip.horizontal() : RandomFlip.vertical();
            NDArray all = LayerRun.output(flip.withProbability(1), Mode.TRAINING, x);
            for (int i = 0; i < 24; i++) {
                int y = i / 4 % 3;
                int mirrored = horizontal ? i - i % 4 + 3 - i % 4 : i + (2 - 2 * y) * 4;
                assertEquals(1 + mirrored, all.getDouble(i));
            }
            NDArray some = LayerRun.output(flip, Mode.TRAINING, x);
            int count = 0;
            for (int n = 0; n < SAMPLES; n++) {
                NDArray sample = some.rows(n, n + 1);
                boolean isMirrored = sample.equals(all.rows(n, n + 1));
                assertTrue(isMirrored || sample.equals(x.rows(n, n + 1)), "sample " + n);
                count += isMirrored ? 1 : 0;
            }
            // Five standard deviations of a binomial variable: sqrt(400 / 4) = 10.
            assertEquals(SAMPLES / 2, count, 50);
        }
    }

    @Test
    void shiftsMoveWholeSamplesByWholePlaces() {
        NDArray x = images(2, 5, 4);
        NDArray y = LayerRun.output(RandomShift.of(2).withFill(-7), Mode.TRAINING, x);
        Set<Integer> moves = new HashSet<>();
        for (int n = 0; n < SAMPLES; n++) {
            int found = 0;
            for (int dy = -2; dy <= 2; dy++) {
                for (int dx = -2; dx <= 2; dx++) {
                    if (isMoved(y, n, dy, dx)) {
                        moves.add(5 * dy + dx);
                        found++;
                    }
                }
            }
            assertEquals(1, found, "sample " + n);
        }
        assertEquals(25, moves.size(), "every move occurs among 400 samples");
    }

    private static boolean isMoved(NDArray y, int sample, int dy, int dx) {
        for (int i = 0; i < 40; i++) {
            int row = i / 4 % 5 + dy;
            int column = i % 4 + dx;
            boolean inside = row >= 0 && row < 5 && column >= 0 && column < 4;
            double expected = inside ? 1 + i / 20 * 20 + row * 4 + column : -7;
            if (y.getDouble(40L * sample + i) != expected) {
                return false;
            }
        }
        return true;
    }

    @Test
    void noiseHasItsDeviation() {
        NDArray x = images(1, 5, 5);
        NDArray y = LayerRun.output(GaussianNoise.of(0.5), Mode.TRAINING, x);
        int count = SAMPLES * 25;
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < count; i++) {
            double noise = y.getDouble(i) - x.getDouble(i);
            sum += noise;
            squares += noise * noise;
        }
        // Five standard errors: 0.5 / 100 of the mean, 0.25 sqrt(2 / 10,000) of the variance.
        assertEquals(0, sum / count, 0.025);
        assertEquals(0.25, squares / count, 0.018);
    }

    @Test
    void wrongUsesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new RandomFlip(0, 0.5));
        assertThrows(IllegalArgumentException.class, () -> RandomFlip.vertical().withProbability(1.5));
        assertThrows(IllegalArgumentException.class, () -> RandomShift.of(-1));
        assertThrows(IllegalArgumentException.class, () -> GaussianNoise.of(Double.NaN));
        String axis = assertThrows(GraphException.class, () -> Model.of(RandomFlip.vertical(), 4)).getMessage();
        assertTrue(axis.contains("axis -2"), axis);
        assertThrows(GraphException.class, () -> Model.of(RandomShift.of(1), 4));
        assertThrows(GraphException.class, () -> Model.of(GaussianNoise.of(1), TensorType.of(DType.I32, 4)));
    }
}
