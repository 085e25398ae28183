package io.tandem.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PoolingTest {
    private Fixture fixture;

    @BeforeEach
    void open() {
        fixture = new Fixture();
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    record Problem(int batch, int channels, List<Integer> size, List<Integer> window, WindowGeometry geometry) {
        long[] src() {
            return LongStream.concat(LongStream.of(batch, channels), size.stream().mapToLong(i -> i)).toArray();
        }

        long[] dst() {
            return LongStream.concat(LongStream.of(batch, channels), LongStream.range(0, size.size())
                    .map(a -> geometry.outputSize((int) a, size.get((int) a), window.get((int) a)))).toArray();
        }
    }

    static Stream<Problem> problems() {
        return Stream.of(
                new Problem(1, 1, List.of(7), List.of(2), WindowGeometry.of(1, 2, 0)),
                new Problem(3, 17, List.of(13), List.of(3), WindowGeometry.of(1, 1, 1)),
                new Problem(2, 3, List.of(7, 13), List.of(2, 2), WindowGeometry.of(2, 2, 0)),
                new Problem(2, 16, List.of(8, 8), List.of(3, 3), WindowGeometry.of(2, 2, 1)),
                new Problem(1, 5, List.of(9, 7), List.of(3, 2),
                        new WindowGeometry(List.of(2, 1), List.of(1, 1), List.of(0, 1), List.of(1, 0))),
                new Problem(2, 3, List.of(11, 10), List.of(2, 3),
                        new WindowGeometry(List.of(1, 2), List.of(2, 2), List.of(1, 0), List.of(0, 1))),
                new Problem(2, 7, List.of(4, 5, 6), List.of(2, 3, 2), WindowGeometry.of(3, 1, 1)));
    }

    @ParameterizedTest
    @MethodSource("problems")
    void agreesWithLoopsInEachLayout(Problem p) {
        for (Pooling.Kind kind : Pooling.Kind.values()) {
            double[] y = new double[product(p.dst())];
            double[] dx = new double[product(p.src())];
            float[] x = Fixture.random(1, p.src());
            float[] dy = Fixture.random(2, p.dst());
            loops(p, kind, x, dy, y, dx);
            for (FormatTag format : List.of(FormatTag.PLAIN, FormatTag.CHANNELS_LAST, FormatTag.BLOCKED_16,
                    FormatTag.BLOCKED_8)) {
                MemoryDescriptor src = MemoryDescriptor.of(DataType.F32, format, p.src());
                MemoryDescriptor dst = MemoryDescriptor.of(DataType.F32, format, p.dst());
                PrimitiveDescriptor forward = fixture.describe(
                        new Pooling.Forward(Propagation.TRAINING, kind, src, dst, p.window(), p.geometry()));
                assertEquals(kind == Pooling.Kind.MAX, forward.workspace().isPresent());
                Map<Argument, Memory> results =
                        fixture.run(forward, Map.of(Argument.SRC, Fixture.value(x, p.src())), Map.of());
                String what = kind + " " + format + " by " + forward.implementation();
                Fixture.assertClose(y, fixture.read(results.get(Argument.DST)), 1e-5, what);

                PrimitiveDescriptor backward = fixture.describe(
                        new Pooling.Backward(kind, src, dst, p.window(), p.geometry(), forward));
                Map<Argument, Memory> given = new HashMap<>();
                if (kind == Pooling.Kind.MAX) {
                    given.put(Argument.WORKSPACE, results.get(Argument.WORKSPACE));
                }
                float[] actual = fixture.read(fixture.run(backward,
                        Map.of(Argument.DIFF_DST, Fixture.value(dy, p.dst())), given).get(Argument.DIFF_SRC));
                Fixture.assertClose(dx, actual, 1e-5, "gradient of " + what + ", " + backward.implementation());
            }
        }
    }

    private static int product(long[] dims) {
        return (int) LongStream.of(dims).reduce(1, (a, b) -> a * b);
    }

    private static void loops(Problem p, Pooling.Kind kind, float[] x, float[] dy, double[] y, double[] dx) {
        int axes = p.size().size();
        int points = product(p.dst()) / p.batch() / p.channels();
        int inner = product(p.src()) / p.batch() / p.channels();
        int elements = p.window().stream().reduce(1, (a, b) -> a * b);
        for (int nc = 0; nc < p.batch() * p.channels(); nc++) {
            for (int at = 0; at < points; at++) {
                int count = 0;
                double sum = 0;
                int best = -1;
                int[] inside = new int[elements];
                for (int k = 0; k < elements; k++) {
                    int index = index(p, axes, at, k);
                    if (index < 0) {
                        continue;
                    }
                    int xi = nc * inner + index;
                    sum += x[xi];
                    best = best < 0 || x[xi] > x[best] ? xi : best;
                    inside[count++] = xi;
                }
                int yi = nc * points + at;
                if (kind == Pooling.Kind.MAX) {
                    y[yi] = x[best];
                    dx[best] += dy[yi];
                } else {
                    int divisor = kind == Pooling.Kind.AVERAGE_INCLUDE_PADDING ? elements : count;
                    y[yi] = sum / divisor;
                    for (int i = 0; i < count; i++) {
                        dx[inside[i]] += (double) dy[yi] / divisor;
                    }
                }
            }
        }
    }

    /** Where element k of the window at an output lies in its plane; -1 for padding. */
    private static int index(Problem p, int axes, int at, int k) {
        int index = 0;
        int scale = 1;
        for (int axis = axes - 1; axis >= 0; axis--) {
            int out = (int) p.dst()[axis + 2];
            int position = at % out * p.geometry().stride().get(axis) - p.geometry().padBegin().get(axis)
                    + k % p.window().get(axis) * p.geometry().dilation().get(axis);
            if (position < 0 || position >= p.size().get(axis)) {
                return -1;
            }
            index += position * scale;
            scale *= p.size().get(axis);
            at /= out;
            k /= p.window().get(axis);
        }
        return index;
    }

    @Test
    void theFirstOfEqualValuesGetsTheGradient() {
        long[] dims = {1, 1, 1, 4};
        MemoryDescriptor src = MemoryDescriptor.of(DataType.F32, dims);
        MemoryDescriptor dst = MemoryDescriptor.of(DataType.F32, 1, 1, 1, 1);
        WindowGeometry geometry = WindowGeometry.of(2);
        List<Integer> window = List.of(1, 4);
        PrimitiveDescriptor forward = fixture.describe(
                new Pooling.Forward(Propagation.TRAINING, Pooling.Kind.MAX, src, dst, window, geometry));
        Map<Argument, Memory> results = fixture.run(forward,
                Map.of(Argument.SRC, Fixture.value(new float[] {1, 3, 3, 3}, dims)), Map.of());
        PrimitiveDescriptor backward =
                fixture.describe(new Pooling.Backward(Pooling.Kind.MAX, src, dst, window, geometry, forward));
        float[] dx = fixture.read(fixture.run(backward,
                Map.of(Argument.DIFF_DST, Fixture.value(new float[] {5}, 1, 1, 1, 1)),
                Map.of(Argument.WORKSPACE, results.get(Argument.WORKSPACE))).get(Argument.DIFF_SRC));
        Fixture.assertClose(new double[] {0, 5, 0, 0}, dx, 0, "ties");
    }

    @Test
    void namesWhatIsWrong() {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class,
                () -> new Pooling.Forward(Propagation.TRAINING, Pooling.Kind.MAX,
                        MemoryDescriptor.of(DataType.F32, 1, 1, 7), MemoryDescriptor.of(DataType.F32, 1, 1, 4),
                        List.of(2), WindowGeometry.of(1, 2, 0)));
        assertTrue(e.getMessage().contains("gives size 3"), e.getMessage());
    }
}
