package io.tandem.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class NormalizationTest {
    private static final float EPSILON = 1e-3f;

    private Fixture fixture;

    @BeforeEach
    void open() {
        fixture = new Fixture();
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    /** Normalization of groups of values, and its gradients. {@code group} and {@code parameter} map elements. */
    private static final class Loops {
        final float[] x;
        final float[] dy;
        final float[] scale;
        final float[] shift;
        final double[] y;
        final double[] mean;
        final double[] variance;
        final double[] dx;
        final double[] dScale;
        final double[] dShift;

        Loops(int groups, int parameters, int[] group, int[] parameter, boolean relu) {
            int count = group.length;
            x = Fixture.random(1, count);
            dy = Fixture.random(2, count);
            scale = Fixture.random(3, parameters);
            shift = Fixture.random(4, parameters);
            y = new double[count];
            mean = new double[groups];
            variance = new double[groups];
            dx = new double[count];
            dScale = new double[parameters];
            dShift = new double[parameters];
            double size = (double) count / groups;
            for (int i = 0; i < count; i++) {
                mean[group[i]] += x[i] / size;
            }
            for (int i = 0; i < count; i++) {
                variance[group[i]] += (x[i] - mean[group[i]]) * (x[i] - mean[group[i]]) / size;
            }
            double[] sum = new double[groups];
            double[] product = new double[groups];
            double[] d = new double[count];
            for (int i = 0; i < count; i++) {
                double normal = (x[i] - mean[group[i]]) / Math.sqrt(variance[group[i]] + EPSILON);
                y[i] = normal * scale[parameter[i]] + shift[parameter[i]];
                d[i] = relu && y[i] <= 0 ? 0 : dy[i];
                y[i] = relu ? Math.max(0, y[i]) : y[i];
                dScale[parameter[i]] += d[i] * normal;
                dShift[parameter[i]] += d[i];
                sum[group[i]] += d[i] * scale[parameter[i]];
                product[group[i]] += d[i] * scale[parameter[i]] * normal;
            }
            for (int i = 0; i < count; i++) {
                double deviation = Math.sqrt(variance[group[i]] + EPSILON);
                double normal = (x[i] - mean[group[i]]) / deviation;
                dx[i] = (d[i] * scale[parameter[i]] - sum[group[i]] / size - normal * product[group[i]] / size)
                        / deviation;
            }
        }
    }

    private static final long[][] BATCH_SIZES =
            {{3, 1, 5}, {7, 17, 3}, {2, 3, 7, 5}, {5, 16, 6, 6}, {3, 33, 4, 4}, {2, 5, 3, 2, 4}};

    private static Loops batchLoops(long[] dims, boolean relu) {
        int channels = (int) dims[1];
        int count = (int) LongStream.of(dims).reduce(1, (a, b) -> a * b);
        int inner = count / (int) dims[0] / channels;
        int[] channel = new int[count];
        for (int i = 0; i < count; i++) {
            channel[i] = i / inner % channels;
        }
        return new Loops(channels, channels, channel, channel, relu);
    }

    @ParameterizedTest
    @EnumSource(value = FormatTag.class, names = "ANY", mode = EnumSource.Mode.EXCLUDE)
    void batchNormalizationTrains(FormatTag format) {
        for (long[] dims : BATCH_SIZES) {
            for (boolean relu : new boolean[] {false, true}) {
                Loops loops = batchLoops(dims, relu);
                int channels = (int) dims[1];
                Set<BatchNormalization.Flag> flags = relu
                        ? Set.of(BatchNormalization.Flag.SCALE, BatchNormalization.Flag.SHIFT,
                                BatchNormalization.Flag.RELU)
                        : Set.of(BatchNormalization.Flag.SCALE, BatchNormalization.Flag.SHIFT);
                MemoryDescriptor x = MemoryDescriptor.of(DataType.F32, format, dims);
                PrimitiveDescriptor forward = fixture.describe(
                        new BatchNormalization.Forward(Propagation.TRAINING, x, x, EPSILON, flags));
                Map<Argument, Memory> results = fixture.run(forward,
                        Map.of(Argument.SRC, Fixture.value(loops.x, dims), Argument.SCALE,
                                Fixture.value(loops.scale, channels), Argument.SHIFT,
                                Fixture.value(loops.shift, channels)),
                        Map.of());
                String what = x + " by " + forward.implementation();
                check(results, Argument.DST, loops.y, what);
                check(results, Argument.MEAN, loops.mean, what);
                check(results, Argument.VARIANCE, loops.variance, what);

                PrimitiveDescriptor backward = fixture.describe(
                        new BatchNormalization.Backward(x, x, x, EPSILON, flags, forward));
                Map<Argument, Memory> given = new HashMap<>();
                for (Argument argument : new Argument[] {Argument.SRC, Argument.MEAN, Argument.VARIANCE,
                    Argument.SCALE}) {
                    given.put(argument, results.get(argument));
                }
                if (relu) {
                    given.put(Argument.WORKSPACE, results.get(Argument.WORKSPACE));
                }
                Map<Argument, Memory> gradients = fixture.run(backward,
                        Map.of(Argument.DIFF_DST, Fixture.value(loops.dy, dims)), given);
                what = x + " by " + backward.implementation();
                check(gradients, Argument.DIFF_SRC, loops.dx, what);
                check(gradients, Argument.DIFF_SCALE, loops.dScale, what);
                check(gradients, Argument.DIFF_SHIFT, loops.dShift, what);
            }
        }
    }

    @Test
    void batchNormalizationUsesGivenStatistics() {
        long[] dims = {2, 5, 3, 3};
        float[] x = Fixture.random(1, dims);
        float[] mean = Fixture.random(2, 5);
        float[] variance = {0.5f, 1, 2, 3, 0};
        double[] expected = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            int c = i / 9 % 5;
            expected[i] = (x[i] - mean[c]) / Math.sqrt(variance[c] + EPSILON);
        }
        MemoryDescriptor layout = MemoryDescriptor.of(DataType.F32, dims);
        for (Propagation propagation : Propagation.values()) {
            Map<Argument, Memory> results = fixture.run(
                    new BatchNormalization.Forward(propagation, layout, layout, EPSILON,
                            Set.of(BatchNormalization.Flag.GLOBAL_STATISTICS)),
                    Map.of(Argument.SRC, Fixture.value(x, dims), Argument.MEAN, Fixture.value(mean, 5),
                            Argument.VARIANCE, Fixture.value(variance, 5)));
            check(results, Argument.DST, expected, propagation.name());
        }
    }

    @Test
    void inferenceWithoutStatisticsComputesThemAside() {
        long[] dims = {4, 3, 5};
        Loops loops = batchLoops(dims, false);
        MemoryDescriptor layout = MemoryDescriptor.of(DataType.F32, dims);
        Map<Argument, Memory> results = fixture.run(
                new BatchNormalization.Forward(Propagation.INFERENCE, layout, layout, EPSILON,
                        Set.of(BatchNormalization.Flag.SCALE, BatchNormalization.Flag.SHIFT)),
                Map.of(Argument.SRC, Fixture.value(loops.x, dims), Argument.SCALE, Fixture.value(loops.scale, 3),
                        Argument.SHIFT, Fixture.value(loops.shift, 3)));
        check(results, Argument.DST, loops.y, "inference");
        assertTrue(!results.containsKey(Argument.MEAN));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1x1", "3x7", "13x17", "5x64", "2x3x130", "2x1x3x16"})
    void layerNormalizationTrains(String size) {
        long[] dims = Arrays.stream(size.split("x")).mapToLong(Long::parseLong).toArray();
        int width = (int) dims[dims.length - 1];
        int count = (int) LongStream.of(dims).reduce(1, (a, b) -> a * b);
        int[] row = new int[count];
        int[] column = new int[count];
        for (int i = 0; i < count; i++) {
            row[i] = i / width;
            column[i] = i % width;
        }
        Loops loops = new Loops(count / width, width, row, column, false);
        MemoryDescriptor x = MemoryDescriptor.of(DataType.F32, dims);
        MemoryDescriptor statistics =
                MemoryDescriptor.of(DataType.F32, Arrays.copyOf(dims, dims.length - 1));
        Set<LayerNormalization.Flag> flags =
                Set.of(LayerNormalization.Flag.SCALE, LayerNormalization.Flag.SHIFT);
        PrimitiveDescriptor forward = fixture.describe(
                new LayerNormalization.Forward(Propagation.TRAINING, x, x, statistics, EPSILON, flags));
        Map<Argument, Memory> results = fixture.run(forward,
                Map.of(Argument.SRC, Fixture.value(loops.x, dims), Argument.SCALE, Fixture.value(loops.scale, width),
                        Argument.SHIFT, Fixture.value(loops.shift, width)),
                Map.of());
        check(results, Argument.DST, loops.y, forward.implementation());
        check(results, Argument.MEAN, loops.mean, forward.implementation());
        check(results, Argument.VARIANCE, loops.variance, forward.implementation());
        PrimitiveDescriptor backward = fixture.describe(
                new LayerNormalization.Backward(x, x, x, statistics, EPSILON, flags, forward));
        Map<Argument, Memory> given = new HashMap<>();
        for (Argument argument : new Argument[] {Argument.SRC, Argument.MEAN, Argument.VARIANCE, Argument.SCALE}) {
            given.put(argument, results.get(argument));
        }
        Map<Argument, Memory> gradients =
                fixture.run(backward, Map.of(Argument.DIFF_DST, Fixture.value(loops.dy, dims)), given);
        check(gradients, Argument.DIFF_SRC, loops.dx, backward.implementation());
        check(gradients, Argument.DIFF_SCALE, loops.dScale, backward.implementation());
        check(gradients, Argument.DIFF_SHIFT, loops.dShift, backward.implementation());
    }

    @Test
    void namesWhatIsWrong() {
        MemoryDescriptor x = MemoryDescriptor.of(DataType.F32, 3, 5);
        IllegalArgumentException layer = assertThrows(IllegalArgumentException.class,
                () -> new LayerNormalization.Forward(Propagation.TRAINING, x, x, x, EPSILON, Set.of()));
        assertTrue(layer.getMessage().contains("without the last axis"), layer.getMessage());
        assertThrows(IllegalArgumentException.class, () -> new BatchNormalization.Forward(Propagation.TRAINING, x,
                MemoryDescriptor.of(DataType.F32, 3, 4), EPSILON, Set.of()));
    }

    private void check(Map<Argument, Memory> results, Argument argument, double[] expected, String what) {
        Fixture.assertClose(expected, fixture.read(results.get(argument)), 1e-4, argument + ", " + what);
    }
}
