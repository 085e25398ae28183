package io.tandem.cuda.lib;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaGraph;
import io.tandem.cuda.simulation.DeviceArrays;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Tandem relies on of cuBLAS, tested on the stand-in and, where there is a device, on the library. */
abstract class BlasSemantics {

    private static final int WORKSPACE = 4 << 20;

    abstract Rig open();

    private interface Body {
        void run(DeviceArrays arrays, Blas blas);
    }

    private void on(Body body) {
        try (Rig rig = open();
                DeviceArrays arrays = new DeviceArrays(rig.driver())) {
            rig.blas().setStream(arrays.stream());
            rig.blas().setWorkspace(new Workspace(arrays.bytes(WORKSPACE), WORKSPACE));
            body.run(arrays, rig.blas());
        }
    }

    /** The definition, element by element. */
    private static double[] reference(
            Gemm f, double alpha, float[] a, int atA, float[] b, int atB, double beta, float[] c, int atC) {
        double[] result = new double[c.length];
        Arrays.setAll(result, i -> c[i]);
        for (int i = 0; i < f.m(); i++) {
            for (int j = 0; j < f.n(); j++) {
                double sum = 0;
                for (int l = 0; l < f.k(); l++) {
                    float x = f.transposeA() ? a[atA + l + i * f.leadingA()] : a[atA + i + l * f.leadingA()];
                    float y = f.transposeB() ? b[atB + j + l * f.leadingB()] : b[atB + l + j * f.leadingB()];
                    sum += (double) x * y;
                }
                int at = atC + i + j * f.leadingC();
                result[at] = alpha * sum + (beta == 0 ? 0 : beta * c[at]);
            }
        }
        return result;
    }

    @ParameterizedTest
    @CsvSource({
        "false, false, 0", "true, false, 0", "false, true, 0", "true, true, 0",
        "false, false, 3", "true, false, 3", "false, true, 3", "true, true, 3"
    })
    void allTransposesAndLeadingDimensions(boolean ta, boolean tb, int gap) {
        Numbers numbers = new Numbers(1);
        int m = 13;
        int n = 7;
        int k = 29;
        Gemm f = Gemm.of(
                ta, tb, m, n, k, DataType.F32, (ta ? k : m) + gap, (tb ? n : k) + gap, m + gap, ComputeType.F32);
        float[] a = numbers.normal(f.leadingA() * f.storedColumnsA());
        float[] b = numbers.normal(f.leadingB() * f.storedColumnsB());
        float[] c = numbers.normal(f.leadingC() * n);
        on((arrays, blas) -> {
            long da = arrays.upload(a);
            long db = arrays.upload(b);
            long dc = arrays.upload(c);
            blas.gemm(f, 0.75, da, db, -0.5, dc);
            Numbers.assertClose(reference(f, 0.75, a, 0, b, 0, -0.5, c, 0), arrays.floats(dc, c.length), 1e-5);
        });
    }

    @Test
    void resultIsNotReadWhereBetaIsZero() {
        Gemm f = Gemm.of(false, false, 2, 2, 1, DataType.F32, 2, 1, 2, ComputeType.F32);
        on((arrays, blas) -> {
            long c = arrays.emptyFloats(4);
            arrays.stream().fillWords(c, Float.floatToRawIntBits(Float.NaN), 4);
            blas.gemm(f, 2, arrays.upload(1, 2), arrays.upload(3, 4), 0, c);
            assertArrayEquals(new float[] {6, 12, 8, 16}, arrays.floats(c, 4));
        });
    }

    @Test
    void emptySumsScaleTheOldResult() {
        Gemm f = Gemm.of(false, false, 2, 1, 0, DataType.F32, 2, 1, 2, ComputeType.F32);
        on((arrays, blas) -> {
            long c = arrays.upload(4, 6);
            blas.gemm(f, 1, arrays.upload(1), arrays.upload(1), 0.5, c);
            assertArrayEquals(new float[] {2, 3}, arrays.floats(c, 2));
        });
    }

    @Test
    void rowMajorProductsAreSwappedColumnMajorOnes() {
        Numbers numbers = new Numbers(2);
        int rows = 5;
        int columns = 11;
        int inner = 8;
        for (boolean tx : new boolean[] {false, true}) {
            for (boolean ty : new boolean[] {false, true}) {
                float[] x = numbers.normal(rows * inner);
                float[] y = numbers.normal(inner * columns);
                double[] expected = new double[rows * columns];
                for (int r = 0; r < rows; r++) {
                    for (int c = 0; c < columns; c++) {
                        for (int i = 0; i < inner; i++) {
                            double left = tx ? x[i * rows + r] : x[r * inner + i];
                            double right = ty ? y[c * inner + i] : y[i * columns + c];
                            expected[r * columns + c] += left * right;
                        }
                    }
                }
                on((arrays, blas) -> {
                    long z = arrays.emptyFloats(rows * columns);
                    Gemm f = Gemm.rowMajor(tx, ty, rows, columns, inner, DataType.F32, ComputeType.F32_PEDANTIC);
                    blas.gemm(f, 1, arrays.upload(y), arrays.upload(x), 0, z);
                    Numbers.assertClose(expected, arrays.floats(z, rows * columns), 1e-5);
                });
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"false, false, 3", "true, true, 3", "false, true, 1", "false, false, 0"})
    void stridedBatches(boolean ta, boolean tb, int count) {
        Numbers numbers = new Numbers(3);
        int m = 6;
        int n = 5;
        int k = 4;
        Gemm f = Gemm.of(ta, tb, m, n, k, DataType.F32, ta ? k : m, tb ? n : k, m, ComputeType.F32);
        int strideA = m * k + 2;
        int strideC = m * n + 1;
        float[] a = numbers.normal(strideA * 3);
        float[] b = numbers.normal(k * n);
        float[] c = numbers.normal(strideC * 3);
        double[] expected = new double[c.length];
        Arrays.setAll(expected, i -> c[i]);
        for (int i = 0; i < count; i++) {
            double[] one = reference(f, 2, a, i * strideA, b, 0, 1, c, i * strideC);
            System.arraycopy(one, i * strideC, expected, i * strideC, m * n);
        }
        on((arrays, blas) -> {
            long dc = arrays.upload(c);
            blas.gemmStridedBatched(
                    f, 2, arrays.upload(a), strideA, arrays.upload(b), 0, 1, dc, strideC, count);
            Numbers.assertClose(expected, arrays.floats(dc, c.length), 1e-5);
        });
    }

    @Test
    void reducedPrecisionStaysWithinItsRounding() {
        Numbers numbers = new Numbers(4);
        int size = 32;
        float[] a = numbers.normal(size * size);
        float[] b = numbers.normal(size * size);
        for (ComputeType type : new ComputeType[] {ComputeType.F32_FAST_TF32, ComputeType.F32_FAST_BF16}) {
            Gemm f = Gemm.of(false, false, size, size, size, DataType.F32, size, size, size, type);
            double[] exact = reference(f, 1, a, 0, b, 0, 0, new float[size * size], 0);
            double allowed = type == ComputeType.F32_FAST_TF32 ? 0.02 : 0.15;
            on((arrays, blas) -> {
                long c = arrays.emptyFloats(size * size);
                blas.gemm(f, 1, arrays.upload(a), arrays.upload(b), 0, c);
                Numbers.assertClose(exact, arrays.floats(c, size * size), allowed);
            });
        }
    }

    @Test
    void badArgumentsAreRefused() {
        on((arrays, blas) -> {
            long x = arrays.upload(new float[64]);
            Gemm[] wrong = {
                Gemm.of(false, false, 4, 4, 4, DataType.F32, 3, 4, 4, ComputeType.F32),
                Gemm.of(true, false, 4, 4, 5, DataType.F32, 4, 5, 4, ComputeType.F32),
                Gemm.of(false, true, 4, 5, 4, DataType.F32, 4, 4, 4, ComputeType.F32),
                Gemm.of(false, false, 4, 4, 4, DataType.F32, 4, 4, 3, ComputeType.F32),
                Gemm.of(false, false, -1, 4, 4, DataType.F32, 4, 4, 4, ComputeType.F32),
            };
            for (Gemm form : wrong) {
                CudaException refused =
                        assertThrows(CudaException.class, () -> blas.gemm(form, 1, x, x, 0, x));
                assertEquals("CUBLAS_STATUS_INVALID_VALUE", refused.codeName());
                assertTrue(refused.call().startsWith("cublasGemmEx("), refused.call());
            }
            Gemm mixed = Gemm.of(false, false, 4, 4, 4, DataType.F64, 4, 4, 4, ComputeType.F32_FAST_TF32);
            CudaException unsupported = assertThrows(CudaException.class, () -> blas.gemm(mixed, 1, x, x, 0, x));
            assertEquals("CUBLAS_STATUS_NOT_SUPPORTED", unsupported.codeName());
        });
    }

    @Test
    void productsAreCaptured() {
        Gemm f = Gemm.of(false, false, 1, 1, 2, DataType.F32, 1, 2, 1, ComputeType.F32);
        on((arrays, blas) -> {
            long a = arrays.upload(1, 2);
            long b = arrays.upload(3, 4);
            long c = arrays.upload(0);
            blas.gemm(f, 1, a, b, 0, c);
            try (CudaGraph graph = arrays.stream().capture(() -> blas.gemm(f, 1, a, b, 1, c))) {
                assertEquals(11f, arrays.floats(c, 1)[0]);
                graph.launch(arrays.stream());
                graph.launch(arrays.stream());
                assertEquals(33f, arrays.floats(c, 1)[0]);
            }
        });
    }
}
