package io.tandem.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.cpu.onednn.Fixture.Value;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MatMulTest {
    private Fixture fixture;

    @BeforeEach
    void open() {
        fixture = new Fixture();
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "1,7,1", "3,1,5", "7,13,17", "17,3,13", "64,33,65", "1,129,31", "130,1,1"})
    void multipliesWithEachTranspositionAndBias(int m, int k, int n) {
        float[] a = Fixture.random(1, m, k);
        float[] b = Fixture.random(2, k, n);
        float[] bias = Fixture.random(3, n);
        double[] expected = new double[m * n];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = bias[j];
                for (int t = 0; t < k; t++) {
                    sum += (double) a[i * k + t] * b[t * n + j];
                }
                expected[i * n + j] = sum;
            }
        }
        for (boolean transposeA : new boolean[] {false, true}) {
            for (boolean transposeB : new boolean[] {false, true}) {
                Value x = matrix(a, m, k, transposeA);
                Value y = matrix(b, k, n, transposeB);
                MatMul product = new MatMul(x.descriptor(), y.descriptor(),
                        Optional.of(MemoryDescriptor.of(DataType.F32, 1, n)), MemoryDescriptor.of(DataType.F32, m, n));
                Map<Argument, Value> operands = new HashMap<>();
                operands.put(Argument.SRC, x);
                operands.put(Argument.WEIGHTS, y);
                operands.put(Argument.BIAS, Fixture.value(bias, 1, n));
                float[] actual = fixture.read(fixture.run(product, operands).get(Argument.DST));
                Fixture.assertClose(expected, actual, 1e-5 * k, transposeA + " " + transposeB);
            }
        }
    }

    /** The matrix, stored column by column if transposed. */
    private static Value matrix(float[] data, int rows, int columns, boolean transposed) {
        if (!transposed) {
            return Fixture.value(data, rows, columns);
        }
        float[] stored = new float[data.length];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                stored[j * rows + i] = data[i * columns + j];
            }
        }
        return new Value(stored,
                MemoryDescriptor.strided(DataType.F32, new long[] {rows, columns}, new long[] {1, rows}));
    }

    @Test
    void batchesAndBroadcastsLeadingAxes() {
        int m = 5;
        int k = 7;
        int n = 3;
        float[] a = Fixture.random(1, 2, 3, m, k);
        float[] b = Fixture.random(2, 1, 3, k, n);
        double[] expected = new double[2 * 3 * m * n];
        for (int p = 0; p < 6; p++) {
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double sum = 0;
                    for (int t = 0; t < k; t++) {
                        sum += (double) a[(p * m + i) * k + t] * b[(p % 3 * k + t) * n + j];
                    }
                    expected[(p * m + i) * n + j] = sum;
                }
            }
        }
        MatMul product = MatMul.of(MemoryDescriptor.of(DataType.F32, 2, 3, m, k),
                MemoryDescriptor.of(DataType.F32, 1, 3, k, n), MemoryDescriptor.of(DataType.F32, 2, 3, m, n));
        Map<Argument, Memory> result = fixture.run(product,
                Map.of(Argument.SRC, Fixture.value(a, 2, 3, m, k), Argument.WEIGHTS, Fixture.value(b, 1, 3, k, n)));
        Fixture.assertClose(expected, fixture.read(result.get(Argument.DST)), 1e-5, "batched");
    }

    @Test
    void readsRowsThatAreApart() {
        float[] wide = Fixture.random(1, 4, 10);
        float[] b = Fixture.random(2, 3, 5);
        MemoryDescriptor rows = MemoryDescriptor.strided(DataType.F32, new long[] {4, 3}, new long[] {10, 1});
        double[] expected = new double[20];
        for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 5; j++) {
                for (int t = 0; t < 3; t++) {
                    expected[i * 5 + j] += (double) wide[i * 10 + t] * b[t * 5 + j];
                }
            }
        }
        Memory src = fixture.engine().memory(rows, fixture.memory(Fixture.value(wide, 4, 10)).segment());
        Memory weights = fixture.memory(Fixture.value(b, 3, 5));
        Memory dst = fixture.memory(MemoryDescriptor.of(DataType.F32, 4, 5));
        fixture.execute(fixture.describe(MatMul.of(rows, weights.descriptor(), dst.descriptor())),
                Map.of(Argument.SRC, src, Argument.WEIGHTS, weights, Argument.DST, dst));
        Fixture.assertClose(expected, fixture.read(dst), 1e-5, "strided");
        src.close();
    }

    @Test
    void appliesPostOperationsInOrder() {
        int m = 3;
        int k = 4;
        int n = 17;
        float[] a = Fixture.random(1, m, k);
        float[] b = Fixture.random(2, k, n);
        float[] before = Fixture.random(3, m, n);
        float[] row = Fixture.random(4, 1, n);
        double[] expected = new double[m * n];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = 0.5 * before[i * n + j] + row[j];
                for (int t = 0; t < k; t++) {
                    sum += (double) a[i * k + t] * b[t * n + j];
                }
                expected[i * n + j] = Math.max(0, sum);
            }
        }
        MemoryDescriptor rowLayout = MemoryDescriptor.of(DataType.F32, 1, n);
        PrimitiveAttributes attributes = PrimitiveAttributes.DEFAULT.thenSum(0.5f).then(BinaryFunction.ADD, rowLayout)
                .then(EltwiseFunction.RELU);
        PrimitiveDescriptor descriptor = fixture.describe(MatMul.of(MemoryDescriptor.of(DataType.F32, m, k),
                MemoryDescriptor.of(DataType.F32, k, n), MemoryDescriptor.of(DataType.F32, m, n)), attributes);
        Memory dst = fixture.memory(Fixture.value(before, m, n));
        fixture.run(descriptor, Map.of(Argument.SRC, Fixture.value(a, m, k), Argument.WEIGHTS, Fixture.value(b, k, n),
                Argument.postOpSource(1), Fixture.value(row, 1, n)), Map.of(Argument.DST, dst));
        Fixture.assertClose(expected, fixture.read(dst), 1e-5, "post-operations");
    }

    @ParameterizedTest
    @CsvSource({"RELU", "TANH", "LOGISTIC", "GELU_ERF", "GELU_TANH"})
    void appliesActivations(EltwiseFunction function) {
        int n = 37;
        float[] a = Fixture.random(1, n, 1);
        double[] expected = new double[n];
        for (int i = 0; i < n; i++) {
            double x = 2 * a[i];
            expected[i] = switch (function) {
                case RELU -> Math.max(0, x);
                case TANH -> Math.tanh(x);
                case LOGISTIC -> 1 / (1 + Math.exp(-x));
                case GELU_TANH -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
                case GELU_ERF -> x * normalDistribution(x);
                default -> throw new IllegalArgumentException(function + " is not tested here");
            };
        }
        Map<Argument, Memory> result = fixture.run(
                MatMul.of(MemoryDescriptor.of(DataType.F32, n, 1), MemoryDescriptor.of(DataType.F32, 1, 1),
                        MemoryDescriptor.of(DataType.F32, n, 1)),
                PrimitiveAttributes.DEFAULT.then(function),
                Map.of(Argument.SRC, Fixture.value(a, n, 1), Argument.WEIGHTS, Fixture.value(new float[] {2}, 1, 1)));
        Fixture.assertClose(expected, fixture.read(result.get(Argument.DST)), 2e-6, function.name());
    }

    /** By Simpson's rule, independent of any approximation of the error function. */
    private static double normalDistribution(double x) {
        int steps = 2000;
        double h = x / steps;
        double sum = 1 + Math.exp(-x * x / 2);
        for (int i = 1; i < steps; i++) {
            sum += (i % 2 == 1 ? 4 : 2) * Math.exp(-i * h * i * h / 2);
        }
        return 0.5 + sum * h / 3 / Math.sqrt(2 * Math.PI);
    }

    @Test
    void roundsProductsToBf16OnlyWhenAllowed() {
        int n = 64;
        float[] a = Fixture.random(1, n, n);
        float[] b = Fixture.random(2, n, n);
        MemoryDescriptor square = MemoryDescriptor.of(DataType.F32, n, n);
        Map<Argument, Value> operands =
                Map.of(Argument.SRC, Fixture.value(a, n, n), Argument.WEIGHTS, Fixture.value(b, n, n));
        double[] expected = new double[n * n];
        for (int i = 0; i < n * n; i++) {
            for (int t = 0; t < n; t++) {
                expected[i] += (double) a[i / n * n + t] * b[t * n + i % n];
            }
        }
        MatMul product = MatMul.of(square, square, square);
        PrimitiveAttributes bf16 = PrimitiveAttributes.DEFAULT.withFpMath(PrimitiveAttributes.FpMath.BF16)
                .withDeterministic(true);
        float[] strict = fixture.read(fixture.run(product, operands).get(Argument.DST));
        float[] rounded = fixture.read(fixture.run(product, bf16, operands).get(Argument.DST));
        Fixture.assertClose(expected, strict, 1e-5, "strict");
        Fixture.assertClose(expected, rounded, 0.1, "bf16");
    }

    @Test
    void takesTheCallersScratchpad() {
        MemoryDescriptor x = MemoryDescriptor.strided(DataType.F32, new long[] {100, 100}, new long[] {1, 100});
        PrimitiveDescriptor descriptor = fixture.describe(MatMul.of(x, x, MemoryDescriptor.of(DataType.F32, 100, 100)),
                PrimitiveAttributes.DEFAULT.withUserScratchpad());
        Primitive primitive = descriptor.primitive();
        assertEquals(descriptor.scratchpad().isPresent(), primitive.arguments().containsKey(Argument.SCRATCHPAD));
        primitive.close();
        Value eye = new Value(Fixture.random(1, 100, 100), x);
        Map<Argument, Memory> result =
                fixture.run(descriptor, Map.of(Argument.SRC, eye, Argument.WEIGHTS, eye), Map.of());
        double[] expected = new double[10000];
        for (int i = 0; i < 10000; i++) {
            for (int t = 0; t < 100; t++) {
                expected[i] += (double) eye.data()[t * 100 + i / 100] * eye.data()[i % 100 * 100 + t];
            }
        }
        Fixture.assertClose(expected, fixture.read(result.get(Argument.DST)), 1e-4, "scratchpad");
    }

    @Test
    void emptyResultsAreFineAndEmptySumsAreRefused() {
        MatMul nothing = MatMul.of(MemoryDescriptor.of(DataType.F32, 0, 3), MemoryDescriptor.of(DataType.F32, 3, 5),
                MemoryDescriptor.of(DataType.F32, 0, 5));
        assertEquals(0, fixture.read(fixture.run(nothing, Map.of()).get(Argument.DST)).length);
        IllegalArgumentException empty = assertThrows(IllegalArgumentException.class,
                () -> MatMul.of(MemoryDescriptor.of(DataType.F32, 3, 0), MemoryDescriptor.of(DataType.F32, 0, 5),
                        MemoryDescriptor.of(DataType.F32, 3, 5)));
        assertTrue(empty.getMessage().contains("inner size is 0"), empty.getMessage());
    }

    @Test
    void namesWhatIsWrong() {
        MemoryDescriptor a = MemoryDescriptor.of(DataType.F32, 3, 4);
        MemoryDescriptor b = MemoryDescriptor.of(DataType.F32, 5, 2);
        IllegalArgumentException sizes = assertThrows(IllegalArgumentException.class,
                () -> MatMul.of(a, b, MemoryDescriptor.of(DataType.F32, 3, 2)));
        assertTrue(sizes.getMessage().contains("inner sizes 4 and 5 differ"), sizes.getMessage());
        assertTrue(sizes.getMessage().contains("f32[3, 4]"), sizes.getMessage());

        MemoryDescriptor s32 = MemoryDescriptor.of(DataType.S32, 3, 3);
        OneDnnException types =
                assertThrows(OneDnnException.class, () -> fixture.describe(MatMul.of(s32, s32, s32)));
        assertEquals("dnnl_matmul_primitive_desc_create", types.call());
        assertTrue(types.getMessage().contains("s32[3, 3]"), types.getMessage());
    }

    @Test
    void refusesWrongAndMissingAndClosedMemories() {
        MemoryDescriptor square = MemoryDescriptor.of(DataType.F32, 3, 3);
        PrimitiveDescriptor descriptor = fixture.describe(MatMul.of(square, square, square));
        Primitive primitive = descriptor.primitive();
        Memory good = fixture.memory(square);
        Memory small = fixture.memory(MemoryDescriptor.of(DataType.F32, 3, 2));
        Map<Argument, Memory> missing = Map.of(Argument.SRC, good, Argument.DST, good);
        IllegalArgumentException none = assertThrows(IllegalArgumentException.class,
                () -> primitive.bind(fixture.stream(), missing));
        assertTrue(none.getMessage().contains("no memory for 'weights'"), none.getMessage());
        Map<Argument, Memory> wrong = Map.of(Argument.SRC, good, Argument.WEIGHTS, small, Argument.DST, good);
        IllegalArgumentException other = assertThrows(IllegalArgumentException.class,
                () -> primitive.bind(fixture.stream(), wrong));
        assertTrue(other.getMessage().contains("'weights' must be f32[3, 3] ab"), other.getMessage());
        Map<Argument, Memory> surplus = Map.of(Argument.SRC, good, Argument.WEIGHTS, good, Argument.DST, good,
                Argument.MEAN, good);
        assertThrows(IllegalArgumentException.class, () -> primitive.bind(fixture.stream(), surplus));

        Memory loose = fixture.engine().memory(square);
        BoundPrimitive bound = primitive.bind(fixture.stream(),
                Map.of(Argument.SRC, good, Argument.WEIGHTS, good, Argument.DST, loose));
        assertThrows(IllegalStateException.class, bound::execute);
        loose.pointTo(fixture.memory(square).segment());
        bound.execute();
        loose.close();
        IllegalStateException closed = assertThrows(IllegalStateException.class, bound::execute);
        assertTrue(closed.getMessage().contains("is closed"), closed.getMessage());
        bound.close();
        assertThrows(IllegalStateException.class, bound::execute);

        Map<Argument, Memory> all = Map.of(Argument.SRC, good, Argument.WEIGHTS, good, Argument.DST, good);
        try (BoundPrimitive again = primitive.bind(fixture.stream(), all)) {
            primitive.close();
            IllegalStateException gone = assertThrows(IllegalStateException.class, again::execute);
            assertTrue(gone.getMessage().contains("Primitive is closed"), gone.getMessage());
        }
        assertThrows(IllegalStateException.class, () -> primitive.bind(fixture.stream(), all));
    }
}
