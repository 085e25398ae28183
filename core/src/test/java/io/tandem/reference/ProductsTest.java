package io.tandem.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.Op;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ProductsTest {
    private static final ConvolutionGeometry PLAIN =
            new ConvolutionGeometry(List.of(1, 1), List.of(0, 0), List.of(0, 0), List.of(1, 1), 1);

    @Test
    void matrixProduct() {
        NDArray a = NDArray.of(Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
        NDArray b = NDArray.of(Shape.of(3, 2), 7, 8, 9, 10, 11, 12);
        NDArray expected = NDArray.of(Shape.of(2, 2), 58, 64, 139, 154);
        NDArray at = NDArray.of(Shape.of(3, 2), 1, 4, 2, 5, 3, 6);
        NDArray bt = NDArray.of(Shape.of(2, 3), 7, 9, 11, 8, 10, 12);
        assertEquals(expected, Evaluation.of(new Op.MatMul(false, false, DType.F32), a, b));
        assertEquals(expected, Evaluation.of(new Op.MatMul(true, false, DType.F32), at, b));
        assertEquals(expected, Evaluation.of(new Op.MatMul(false, true, DType.F32), a, bt));
        assertEquals(expected, Evaluation.of(new Op.MatMul(true, true, DType.F32), at, bt));
    }

    @Test
    void batchesAreIndependent() {
        NDArray a = NDArray.of(Shape.of(2, 1, 2), 1, 2, 3, 4);
        NDArray b = NDArray.of(Shape.of(2, 2, 1), 5, 6, 7, 8);
        assertEquals(NDArray.of(Shape.of(2, 1, 1), 17, 53),
                Evaluation.of(new Op.MatMul(false, false, DType.F32), a, b));
    }

    @Test
    void anEmptyInnerAxisGivesZeros() {
        NDArray product = Evaluation.of(
                new Op.MatMul(false, false, DType.F32), NDArray.zeros(TensorType.f32(2, 0)),
                NDArray.zeros(TensorType.f32(0, 3)));
        assertEquals(NDArray.zeros(TensorType.f32(2, 3)), product);
    }

    @Test
    void zeroTimesInfinityIsNaN() {
        NDArray product = Evaluation.of(
                new Op.MatMul(false, false, DType.F32),
                NDArray.of(Shape.of(1, 2), 0, 1),
                NDArray.of(Shape.of(2, 1), Float.POSITIVE_INFINITY, 1));
        assertEquals(Double.NaN, product.item());
    }

    @Test
    void convolutionIsACorrelation() {
        NDArray x = NDArray.of(Shape.of(1, 1, 3, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9);
        NDArray w = NDArray.of(Shape.of(1, 1, 2, 2), 1, 2, 3, 4);
        assertEquals(
                NDArray.of(Shape.of(1, 1, 2, 2), 37, 47, 67, 77),
                Evaluation.of(new Op.Convolution(PLAIN, DType.F32), x, w));
        NDArray g = NDArray.of(Shape.of(1, 1, 2, 2), 1, 0, 0, 2);
        assertEquals(
                NDArray.of(Shape.of(1, 1, 3, 3), 1, 2, 0, 3, 6, 4, 0, 6, 8),
                Evaluation.of(new Op.ConvolutionInputGradient(PLAIN, x.shape(), DType.F32), w, g));
        assertEquals(
                NDArray.of(Shape.of(1, 1, 2, 2), 11, 14, 20, 23),
                Evaluation.of(new Op.ConvolutionFilterGradient(PLAIN, w.shape(), DType.F32), x, g));
    }

    @Test
    void paddingStrideDilationAndGroups() {
        // Two channels in two groups over one axis: input padded to 0 1 2 3 4 0 0, taps at 0 and 2, every second place.
        ConvolutionGeometry geometry = new ConvolutionGeometry(List.of(2), List.of(1), List.of(2), List.of(2), 2);
        NDArray x = NDArray.of(Shape.of(1, 2, 4), 1, 2, 3, 4, 10, 20, 30, 40);
        NDArray w = NDArray.of(Shape.of(2, 1, 2), 1, 10, 1, 100);
        assertEquals(
                NDArray.of(Shape.of(1, 2, 3), 20, 2 + 40, 4, 2000, 20 + 4000, 40),
                Evaluation.of(new Op.Convolution(geometry, DType.F32), x, w));
    }

    /** Each adjoint satisfies y · conv(x, w) = x · inputGradient(w, y) = w · filterGradient(x, y). */
    @Test
    void adjoints() {
        ConvolutionGeometry geometry = new ConvolutionGeometry(List.of(2, 1), List.of(1, 0), List.of(0, 2),
                List.of(1, 2), 2);
        Random random = new Random(5);
        NDArray x = random(random, 2, 4, 7, 8);
        NDArray w = random(random, 6, 2, 3, 3);
        NDArray conv = Evaluation.of(new Op.Convolution(geometry, DType.F64), x, w);
        assertEquals(Shape.of(2, 6, 3, 6), conv.shape());
        NDArray y = random(random, 2, 6, 3, 6);
        NDArray dx = Evaluation.of(new Op.ConvolutionInputGradient(geometry, x.shape(), DType.F64), w, y);
        NDArray dw = Evaluation.of(new Op.ConvolutionFilterGradient(geometry, w.shape(), DType.F64), x, y);
        assertEquals(dot(y, conv), dot(x, dx), 1e-12);
        assertEquals(dot(y, conv), dot(w, dw), 1e-12);
    }

    /** Written directly from the definition, with an index for each axis. */
    @Test
    void threeAxes() {
        ConvolutionGeometry geometry =
                new ConvolutionGeometry(List.of(1, 2, 3), List.of(0, 1, 2), List.of(1, 0, 2), List.of(1, 2, 1), 1);
        Random random = new Random(6);
        NDArray x = random(random, 1, 2, 4, 7, 7);
        NDArray w = random(random, 3, 2, 2, 3, 3);
        NDArray y = Evaluation.of(new Op.Convolution(geometry, DType.F64), x, w);
        assertEquals(Shape.of(1, 3, 4, 2, 3), y.shape());
        for (int i = 0; i < y.shape().size(); i++) {
            int o = i / 24;
            int[] at = {i / 6 % 4, i / 3 % 2, i % 3};
            double expected = 0;
            for (int j = 0; j < 36; j++) {
                int c = j / 18;
                int[] k = {j / 9 % 2, j / 3 % 3, j % 3};
                int a = at[0] + k[0];
                int b = at[1] * 2 - 1 + k[1] * 2;
                int d = at[2] * 3 - 2 + k[2];
                if (a < 4 && b >= 0 && b < 7 && d >= 0 && d < 7) {
                    expected += w.getDouble(o * 36 + j) * x.getDouble(c * 196 + a * 49 + b * 7 + d);
                }
            }
            assertEquals(expected, y.getDouble(i), 1e-12);
        }
    }

    private static NDArray random(Random random, int... dims) {
        return NDArray.generate(TensorType.of(DType.F64, dims), i -> random.nextGaussian());
    }

    private static double dot(NDArray x, NDArray y) {
        double sum = 0;
        for (int i = 0; i < x.shape().size(); i++) {
            sum += x.getDouble(i) * y.getDouble(i);
        }
        return sum;
    }
}
