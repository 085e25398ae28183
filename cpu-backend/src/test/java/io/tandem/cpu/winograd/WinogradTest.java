package io.tandem.cpu.winograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tandem.cpu.codegen.Parallel;
import io.tandem.cpu.codegen.machine.Processor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Winograd's form of convolutions against the definition in double precision. */
class WinogradTest {
    /** Of the largest result; rounding errors of a plain sum of products in float32 are half as large. */
    private static final double TOLERANCE = 1e-5;

    /** Several parts, one after the other from the last: a result must not depend on their order. */
    private static final Parallel BACKWARDS = (units, grain, body) -> {
        for (long i = units - 1; i >= 0; i--) {
            body.run(i, i + 1);
        }
    };

    @BeforeEach
    void needsMachineCode() {
        assumeTrue(Processor.find().avx512(), Processor.find().explanation());
    }

    @Test
    void theMatricesGiveTheCorrelation() {
        double[] x = {0.3, -1.2, 2.5, 0.7, -0.1, 1.9};
        double[] w = {1.4, -0.6, 0.2};
        double[] factors = multiply(Transform.INPUT.matrix(), x);
        double[] filter = multiply(Transform.FILTER.matrix(), w);
        double[] products = new double[Transform.POINTS];
        for (int i = 0; i < products.length; i++) {
            products[i] = factors[i] * filter[i];
        }
        double[] y = multiply(Transform.OUTPUT.matrix(), products);
        for (int i = 0; i < y.length; i++) {
            assertEquals(x[i] * w[0] + x[i + 1] * w[1] + x[i + 2] * w[2], y[i], 1e-14);
        }
    }

    private static double[] multiply(double[][] matrix, double[] vector) {
        return Arrays.stream(matrix)
                .mapToDouble(row -> {
                    double sum = 0;
                    for (int j = 0; j < row.length; j++) {
                        sum += row[j] * vector[j];
                    }
                    return sum;
                })
                .toArray();
    }

    /** A convolution of [n, c, h, w] with o filters, with rows and columns of padding. */
    private record Case(int n, int c, int h, int w, int o, int top, int bottom, int left, int right) {
        int height() {
            return h + top + bottom - 2;
        }

        int width() {
            return w + left + right - 2;
        }

        long[] x() {
            return new long[] {n, c, h, w};
        }

        long[] y() {
            return new long[] {n, o, height(), width()};
        }

        long[] filter() {
            return new long[] {o, c, 3, 3};
        }
    }

    private static double[] random(long seed, long[] dims) {
        SplittableRandom random = new SplittableRandom(seed);
        return random.doubles(Math.toIntExact(LongStream.of(dims).reduce(1, (a, b) -> a * b)))
                .map(v -> (float) (2 * v - 1))
                .toArray();
    }

    /** Calls with all indices that belong together, where the input is inside. */
    private interface Visitor {
        void visit(int x, int w, int y);
    }

    private static void visit(Case c, Visitor visitor) {
        for (int n = 0; n < c.n; n++) {
            for (int o = 0; o < c.o; o++) {
                for (int i = 0; i < c.height(); i++) {
                    for (int j = 0; j < c.width(); j++) {
                        int y = ((n * c.o + o) * c.height() + i) * c.width() + j;
                        for (int k = 0; k < c.c; k++) {
                            for (int t = 0; t < 9; t++) {
                                int row = i + t / 3 - c.top;
                                int column = j + t % 3 - c.left;
                                if (row >= 0 && row < c.h && column >= 0 && column < c.w) {
                                    visitor.visit(
                                            ((n * c.c + k) * c.h + row) * c.w + column, (o * c.c + k) * 9 + t, y);
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /** Native memory with a guard of NaNs behind it. */
    private static MemorySegment memory(Arena arena, long floats) {
        MemorySegment memory = arena.allocate(4 * floats + 64, 64);
        memory.fill((byte) 0xff);
        return memory;
    }

    /** From [n, c, h, w] to [n, c / 16, h, w, 16]. */
    private static MemorySegment images(Arena arena, long[] dims, double[] values) {
        MemorySegment memory = memory(arena, values.length);
        for (int i = 0; i < values.length; i++) {
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, blocked(dims, i), (float) values[i]);
        }
        return memory;
    }

    private static long blocked(long[] dims, int index) {
        long pixels = dims[2] * dims[3];
        long channel = index / pixels % dims[1];
        long n = index / pixels / dims[1];
        return ((n * (dims[1] / 16) + channel / 16) * pixels + index % pixels) * 16 + channel % 16;
    }

    /** From [o, c, 3, 3] to [o / 16, c / 16, 3, 3, 16, 16]. */
    private static int filterAt(long[] dims, int index, boolean resultsInnermost) {
        int t = index % 9;
        int c = (int) (index / 9 % dims[1]);
        int o = (int) (index / 9 / dims[1]);
        int inner = resultsInnermost ? c % 16 * 16 + o % 16 : o % 16 * 16 + c % 16;
        return (int) (((o / 16 * (dims[1] / 16) + c / 16) * 9 + t) * 256 + inner);
    }

    private static MemorySegment filter(Arena arena, long[] dims, double[] values, boolean resultsInnermost) {
        MemorySegment memory = memory(arena, values.length);
        for (int i = 0; i < values.length; i++) {
            memory.setAtIndex(
                    ValueLayout.JAVA_FLOAT, filterAt(dims, i, resultsInnermost), (float) values[i]);
        }
        return memory;
    }

    private interface Location {
        long of(int index);
    }

    private static void assertClose(double[] expected, MemorySegment actual, Location location) {
        double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        for (int i = 0; i < expected.length; i++) {
            float value = actual.getAtIndex(ValueLayout.JAVA_FLOAT, location.of(i));
            assertEquals(expected[i], value, TOLERANCE * largest, "element " + i);
        }
        for (int i = 0; i < 16; i++) {
            assertTrue(Float.isNaN(actual.getAtIndex(ValueLayout.JAVA_FLOAT, expected.length + i)), "behind the end");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 16, 4, 4, 16, 1, 1, 1, 1, 1",
        "2, 32, 9, 7, 48, 1, 1, 1, 1, 1",
        "3, 16, 26, 26, 32, 0, 0, 0, 0, 2",
        "5, 48, 6, 11, 16, 2, 0, 0, 2, 3",
        "2, 16, 3, 3, 16, 0, 0, 0, 0, 2",
        "2, 16, 1, 1, 32, 1, 1, 1, 1, 1",
        "1, 16, 5, 40, 16, 1, 1, 1, 1, 2",
        "2, 64, 4, 4, 128, 1, 1, 1, 1, 2",
        "3, 32, 5, 5, 144, 1, 1, 1, 1, 2",
        "9, 80, 8, 8, 64, 1, 1, 1, 1, 1",
        "2, 16, 8, 8, 16, 3, 4, 2, 5, 1",
    })
    void convolutionsAndTheirGradients(
            int n, int c, int h, int w, int o, int top, int bottom, int left, int right, int threads) {
        Case geometry = new Case(n, c, h, w, o, top, bottom, left, right);
        double[] x = random(1, geometry.x());
        double[] f = random(2, geometry.filter());
        double[] dy = random(3, geometry.y());
        double[] b = random(4, new long[] {o});
        double[] y = new double[dy.length];
        double[] dx = new double[x.length];
        double[] df = new double[f.length];
        visit(geometry, (i, k, j) -> {
            y[j] += x[i] * f[k];
            dx[i] += dy[j] * f[k];
            df[k] += dy[j] * x[i];
        });
        WinogradCode code = WinogradCode.find().orElseThrow();
        try (Arena arena = Arena.ofConfined()) {
            long[] dims = geometry.filter();
            MemorySegment nativeX = images(arena, geometry.x(), x);
            MemorySegment nativeDy = images(arena, geometry.y(), dy);
            for (boolean more : new boolean[] {false, true}) {
                double[] expected = y.clone();
                int pixels = geometry.height() * geometry.width();
                for (int i = 0; more && i < expected.length; i++) {
                    expected[i] = Math.max(0, expected[i] + b[i / pixels % o]);
                }
                MemorySegment bias = memory(arena, o);
                for (int i = 0; i < o; i++) {
                    bias.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) b[i]);
                }
                MemorySegment result = memory(arena, y.length);
                var task = new WinogradConvolution.Task(
                        geometry.x(), geometry.y(), top, left, false, more, more);
                try (WinogradConvolution forward = new WinogradConvolution(code, task, threads)) {
                    forward.run(
                            BACKWARDS,
                            nativeX.address(),
                            filter(arena, dims, f, true).address(),
                            bias.address(),
                            result.address(),
                            memory(arena, forward.workspaceBytes() / 4).address());
                }
                assertClose(expected, result, i -> blocked(geometry.y(), i));
            }
            MemorySegment gradient = memory(arena, dx.length);
            var back = new WinogradConvolution.Task(
                    geometry.y(), geometry.x(), 2 - top, 2 - left, true, false, false);
            try (WinogradConvolution backward = new WinogradConvolution(code, back, threads)) {
                backward.run(
                        BACKWARDS,
                        nativeDy.address(),
                        filter(arena, dims, f, false).address(),
                        0,
                        gradient.address(),
                        memory(arena, backward.workspaceBytes() / 4).address());
            }
            assertClose(dx, gradient, i -> blocked(geometry.x(), i));
            MemorySegment filterGradient = memory(arena, df.length);
            try (var weights = new WinogradFilterGradient(code, geometry.x(), geometry.y(), top, left, threads)) {
                weights.run(
                        BACKWARDS,
                        nativeX.address(),
                        nativeDy.address(),
                        filterGradient.address(),
                        memory(arena, weights.workspaceBytes() / 4).address());
            }
            assertClose(df, filterGradient, i -> filterAt(dims, i, true));
        }
    }

    @Test
    void theNumberOfThreadsDoesNotChangeABit() {
        Case geometry = new Case(4, 48, 8, 8, 96, 1, 1, 1, 1);
        WinogradCode code = WinogradCode.find().orElseThrow();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment x = images(arena, geometry.x(), random(1, geometry.x()));
            MemorySegment w = filter(arena, geometry.filter(), random(2, geometry.filter()), true);
            MemorySegment dy = images(arena, geometry.y(), random(3, geometry.y()));
            float[] results = null;
            float[] gradients = null;
            // 4 threads transform filters first, fewer transform tiles first
            for (int threads : new int[] {1, 2, 3, 4, 7}) {
                MemorySegment y = memory(arena, dy.byteSize() / 4 - 16);
                MemorySegment dw = memory(arena, w.byteSize() / 4 - 16);
                var task = new WinogradConvolution.Task(geometry.x(), geometry.y(), 1, 1, false, false, false);
                try (var forward = new WinogradConvolution(code, task, threads);
                        var weights = new WinogradFilterGradient(
                                code, geometry.x(), geometry.y(), 1, 1, threads)) {
                    long bytes = Math.max(forward.workspaceBytes(), weights.workspaceBytes());
                    long workspace = memory(arena, bytes / 4).address();
                    forward.run(BACKWARDS, x.address(), w.address(), 0, y.address(), workspace);
                    weights.run(BACKWARDS, x.address(), dy.address(), dw.address(), workspace);
                }
                float[] theseResults = y.asSlice(0, y.byteSize() - 64).toArray(ValueLayout.JAVA_FLOAT);
                float[] theseGradients = dw.asSlice(0, dw.byteSize() - 64).toArray(ValueLayout.JAVA_FLOAT);
                results = results == null ? theseResults : results;
                gradients = gradients == null ? theseGradients : gradients;
                assertArrayEquals(results, theseResults, threads + " threads");
                assertArrayEquals(gradients, theseGradients, threads + " threads");
            }
        }
    }
}
