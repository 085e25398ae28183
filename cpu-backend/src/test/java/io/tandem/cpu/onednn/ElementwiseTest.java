package io.tandem.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tandem.cpu.onednn.Fixture.Value;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Softmax, elementwise functions, reorders and sums. */
class ElementwiseTest {
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
    @EnumSource
    void softmaxAndItsGradient(Softmax.Kind kind) {
        long[][] sizes = {{1, 1}, {3, 7}, {13, 17}, {2, 3, 5}, {2, 16, 3, 3}, {4, 1000}};
        for (long[] dims : sizes) {
            for (int axis = 0; axis < dims.length; axis++) {
                softmax(kind, dims, axis);
            }
        }
    }

    private void softmax(Softmax.Kind kind, long[] dims, int axis) {
        float[] x = Fixture.random(1, dims);
        float[] dy = Fixture.random(2, dims);
        double[] y = new double[x.length];
        double[] dx = new double[x.length];
        int length = (int) dims[axis];
        int stride = (int) LongStream.of(dims).skip(axis + 1).reduce(1, (a, b) -> a * b);
        for (int row = 0; row < x.length / length; row++) {
            int base = row / stride * stride * length + row % stride;
            double sum = 0;
            for (int i = 0; i < length; i++) {
                sum += Math.exp(x[base + i * stride]);
            }
            double total = 0;
            for (int i = 0; i < length; i++) {
                int at = base + i * stride;
                double p = Math.exp(x[at]) / sum;
                y[at] = kind == Softmax.Kind.SOFTMAX ? p : Math.log(p);
                total += kind == Softmax.Kind.SOFTMAX ? dy[at] * p : dy[at];
            }
            for (int i = 0; i < length; i++) {
                int at = base + i * stride;
                double p = Math.exp(x[at]) / sum;
                dx[at] = kind == Softmax.Kind.SOFTMAX ? p * (dy[at] - total) : dy[at] - p * total;
            }
        }
        MemoryDescriptor layout = MemoryDescriptor.of(DataType.F32, dims);
        PrimitiveDescriptor forward = fixture.describe(
                new Softmax.Forward(Propagation.TRAINING, kind, layout, layout, axis));
        Map<Argument, Memory> results = fixture.run(forward, Map.of(Argument.SRC, Fixture.value(x, dims)), Map.of());
        String what = layout + " axis " + axis;
        Fixture.assertClose(y, fixture.read(results.get(Argument.DST)), 1e-5, what + " by " + forward.implementation());
        PrimitiveDescriptor backward =
                fixture.describe(new Softmax.Backward(kind, layout, layout, layout, axis, forward));
        Map<Argument, Memory> gradients = fixture.run(backward,
                Map.of(Argument.DIFF_DST, Fixture.value(dy, dims)), Map.of(Argument.DST, results.get(Argument.DST)));
        Fixture.assertClose(dx, fixture.read(gradients.get(Argument.DIFF_SRC)), 1e-5,
                what + " gradient by " + backward.implementation());
    }

    @ParameterizedTest
    @CsvSource({"RELU,0.25,0", "TANH,0,0", "LOGISTIC,0,0", "LINEAR,3,-1", "SQUARE,0,0", "EXP,0,0", "GELU_TANH,0,0"})
    void elementwiseFunctionsAndTheirGradients(EltwiseFunction function, float alpha, float beta) {
        int n = 1009;
        float[] x = Fixture.random(1, n);
        float[] dy = Fixture.random(2, n);
        double[] y = new double[n];
        double[] dx = new double[n];
        for (int i = 0; i < n; i++) {
            y[i] = function(function, x[i], alpha, beta);
            double h = 1e-5;
            dx[i] = dy[i] * (function(function, x[i] + h, alpha, beta) - function(function, x[i] - h, alpha, beta))
                    / (2 * h);
        }
        MemoryDescriptor layout = MemoryDescriptor.of(DataType.F32, n);
        PrimitiveDescriptor forward = fixture.describe(
                new Eltwise.Forward(Propagation.TRAINING, function, layout, layout, alpha, beta));
        Map<Argument, Memory> results = fixture.run(forward, Map.of(Argument.SRC, Fixture.value(x, n)), Map.of());
        Fixture.assertClose(y, fixture.read(results.get(Argument.DST)), 1e-5, function.name());
        PrimitiveDescriptor backward = fixture.describe(
                new Eltwise.Backward(function, layout, layout, layout, alpha, beta, forward));
        Map<Argument, Memory> gradients = fixture.run(backward, Map.of(Argument.SRC, Fixture.value(x, n),
                Argument.DIFF_DST, Fixture.value(dy, n)), Map.of());
        Fixture.assertClose(dx, fixture.read(gradients.get(Argument.DIFF_SRC)), 1e-4, function + " gradient");
    }

    private static double function(EltwiseFunction function, double x, double alpha, double beta) {
        return switch (function) {
            case RELU -> x > 0 ? x : alpha * x;
            case TANH -> Math.tanh(x);
            case LOGISTIC -> 1 / (1 + Math.exp(-x));
            case LINEAR -> alpha * x + beta;
            case SQUARE -> x * x;
            case EXP -> Math.exp(x);
            case GELU_TANH -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            default -> throw new IllegalArgumentException(function + " is not tested here");
        };
    }

    @Test
    void reordersThereAndBack() {
        long[] dims = {3, 17, 5, 7};
        float[] x = Fixture.random(1, dims);
        Memory plain = fixture.memory(Fixture.value(x, dims));
        for (MemoryDescriptor layout : List.of(MemoryDescriptor.of(DataType.F32, FormatTag.CHANNELS_LAST, dims),
                MemoryDescriptor.of(DataType.F32, FormatTag.BLOCKED_16, dims),
                MemoryDescriptor.of(DataType.F32, FormatTag.BLOCKED_8, dims),
                MemoryDescriptor.permuted(DataType.F32, dims, 3, 1, 0, 2))) {
            Memory other = fixture.reordered(plain, layout);
            assertArrayEquals(x, fixture.read(other), layout.toString());
        }
    }

    @Test
    void reordersIntoPartsAndOtherTypes() {
        float[] x = Fixture.random(1, 2, 3);
        Memory part = fixture.memory(Fixture.value(x, 2, 3));
        Memory whole = fixture.memory(Fixture.value(new float[20], 4, 5));
        MemoryDescriptor hole = whole.descriptor().slice(new long[] {2, 3}, new long[] {1, 2});
        Memory target = fixture.engine().memory(hole, whole.segment());
        fixture.execute(fixture.describe(new Reorder(part.descriptor(), hole)),
                Map.of(Argument.SRC, part, Argument.DST, target));
        float[] expected = new float[20];
        for (int i = 0; i < 2; i++) {
            System.arraycopy(x, 3 * i, expected, (i + 1) * 5 + 2, 3);
        }
        assertArrayEquals(expected, fixture.read(whole));
        target.close();

        Memory half = fixture.reordered(part, MemoryDescriptor.of(DataType.BF16, 2, 3));
        Memory back = fixture.reordered(half, part.descriptor());
        float[] rounded = fixture.read(back);
        for (int i = 0; i < x.length; i++) {
            int bits = Float.floatToRawIntBits(x[i]);
            int nearest = bits + 0x7fff + (bits >>> 16 & 1) & 0xffff0000;
            assertArrayEquals(new float[] {Float.intBitsToFloat(nearest)}, new float[] {rounded[i]});
        }
    }

    @Test
    void addsUpTensors() {
        int n = 37;
        float[] a = Fixture.random(1, n);
        float[] b = Fixture.random(2, n);
        float[] c = Fixture.random(3, n);
        double[] expected = new double[n];
        for (int i = 0; i < n; i++) {
            expected[i] = a[i] - 2.0 * b[i] + 0.5 * c[i];
        }
        MemoryDescriptor layout = MemoryDescriptor.of(DataType.F32, n);
        Map<Argument, Value> terms = Map.of(Argument.source(0), Fixture.value(a, n), Argument.source(1),
                Fixture.value(b, n), Argument.source(2), Fixture.value(c, n));
        Map<Argument, Memory> result =
                fixture.run(new Sum(List.of(1f, -2f, 0.5f), List.of(layout, layout, layout), layout), terms);
        Fixture.assertClose(expected, fixture.read(result.get(Argument.DST)), 1e-6, "sum");
    }

    @Test
    void wrongSizesAreRefused() {
        MemoryDescriptor a = MemoryDescriptor.of(DataType.F32, 3, 4);
        MemoryDescriptor b = MemoryDescriptor.of(DataType.F32, 4, 3);
        assertThrows(IllegalArgumentException.class, () -> new Reorder(a, b));
        assertThrows(IllegalArgumentException.class, () -> new Reorder(a, a.withAnyLayout()));
        assertThrows(IllegalArgumentException.class, () -> new Sum(List.of(1f), List.of(a, a), a));
        assertThrows(IllegalArgumentException.class,
                () -> new Softmax.Forward(Propagation.TRAINING, Softmax.Kind.SOFTMAX, a, a, 2));
    }
}
