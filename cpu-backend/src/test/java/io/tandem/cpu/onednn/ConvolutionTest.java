package io.tandem.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.cpu.onednn.Fixture.Value;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ConvolutionTest {
    private Fixture fixture;

    @BeforeEach
    void open() {
        fixture = new Fixture();
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    /** A convolution; inputs and outputs are channels per group. */
    record Problem(int batch, int groups, int inputs, int outputs, List<Integer> size, List<Integer> window,
            WindowGeometry geometry, boolean bias) {
        long[] src() {
            return dims(batch, (long) groups * inputs, size.stream().mapToLong(i -> i));
        }

        long[] dst() {
            return dims(batch, (long) groups * outputs, LongStream.range(0, size.size())
                    .map(a -> geometry.outputSize((int) a, size.get((int) a), window.get((int) a))));
        }

        long[] weights() {
            long[] plain = dims(outputs, inputs, window.stream().mapToLong(i -> i));
            return groups == 1 ? plain : LongStream.concat(LongStream.of(groups), LongStream.of(plain)).toArray();
        }

        private static long[] dims(long first, long second, LongStream rest) {
            return LongStream.concat(LongStream.of(first, second), rest).toArray();
        }
    }

    static Stream<Problem> problems() {
        return Stream.of(
                new Problem(1, 1, 1, 1, List.of(5), List.of(3), WindowGeometry.of(1), true),
                new Problem(3, 1, 7, 13, List.of(17), List.of(3), WindowGeometry.of(1, 2, 1), true),
                new Problem(2, 1, 3, 17, List.of(7, 13), List.of(3, 3), WindowGeometry.of(2, 1, 1), true),
                new Problem(2, 1, 16, 32, List.of(9, 9), List.of(3, 3), WindowGeometry.of(2, 1, 1), false),
                new Problem(2, 1, 13, 5, List.of(8, 11), List.of(2, 5),
                        new WindowGeometry(List.of(2, 3), List.of(1, 1), List.of(0, 1), List.of(1, 3)), true),
                new Problem(1, 1, 7, 3, List.of(17, 19), List.of(3, 2),
                        new WindowGeometry(List.of(1, 2), List.of(2, 3), List.of(2, 0), List.of(1, 4)), true),
                new Problem(3, 5, 3, 2, List.of(7, 7), List.of(3, 3), WindowGeometry.of(2, 1, 1), true),
                new Problem(2, 17, 1, 1, List.of(9, 6), List.of(3, 3), WindowGeometry.of(2, 2, 1), true),
                new Problem(1, 2, 8, 16, List.of(6, 6), List.of(1, 1), WindowGeometry.of(2), false),
                new Problem(2, 1, 3, 5, List.of(4, 5, 6), List.of(3, 2, 3),
                        new WindowGeometry(List.of(1, 1, 2), List.of(1, 2, 1), List.of(1, 0, 1), List.of(0, 1, 1)),
                        true),
                new Problem(2, 3, 2, 2, List.of(3, 5, 4), List.of(2, 2, 2), WindowGeometry.of(3), false));
    }

    @ParameterizedTest
    @MethodSource("problems")
    void agreesWithLoopsInEachLayout(Problem p) {
        Reference reference = new Reference(p);
        for (FormatTag format : FormatTag.values()) {
            check(p, format, reference);
        }
    }

    private void check(Problem p, FormatTag format, Reference reference) {
        MemoryDescriptor src = MemoryDescriptor.of(DataType.F32, format, p.src());
        MemoryDescriptor dst = MemoryDescriptor.of(DataType.F32, format, p.dst());
        MemoryDescriptor weights = MemoryDescriptor.any(DataType.F32, p.weights());
        Optional<MemoryDescriptor> bias = p.bias()
                ? Optional.of(MemoryDescriptor.of(DataType.F32, p.dst()[1])) : Optional.empty();
        Value x = Fixture.value(reference.x, p.src());
        Value w = Fixture.value(reference.w, p.weights());
        Value dy = Fixture.value(reference.dy, p.dst());

        PrimitiveDescriptor forward = fixture.describe(
                new Convolution.Forward(Propagation.TRAINING, src, weights, bias, dst, p.geometry()));
        Map<Argument, Value> operands = new HashMap<>(Map.of(Argument.SRC, x, Argument.WEIGHTS, w));
        bias.ifPresent(b -> operands.put(Argument.BIAS, new Value(reference.b, b)));
        float[] y = fixture.read(fixture.run(forward, operands, Map.of()).get(Argument.DST));
        Fixture.assertClose(reference.y, y, 1e-4, format + " forward by " + forward.implementation());

        PrimitiveDescriptor data = fixture.describe(
                new Convolution.BackwardData(src, weights, dst, p.geometry(), forward));
        float[] dx = fixture.read(fixture.run(data, Map.of(Argument.DIFF_DST, dy, Argument.WEIGHTS, w), Map.of())
                .get(Argument.DIFF_SRC));
        Fixture.assertClose(reference.dx, dx, 1e-4, format + " diff src by " + data.implementation());

        PrimitiveDescriptor gradient = fixture.describe(
                new Convolution.BackwardWeights(src, weights, bias, dst, p.geometry(), forward));
        // The backward primitive must not need the forward descriptor any more.
        forward.close();
        Map<Argument, Memory> results =
                fixture.run(gradient, Map.of(Argument.SRC, x, Argument.DIFF_DST, dy), Map.of());
        Fixture.assertClose(reference.dw, fixture.read(results.get(Argument.DIFF_WEIGHTS)), 1e-4,
                format + " diff weights by " + gradient.implementation());
        if (p.bias()) {
            Fixture.assertClose(reference.db, fixture.read(results.get(Argument.DIFF_BIAS)), 1e-4,
                    format + " diff bias by " + gradient.implementation());
        }
    }

    /** Convolution and its gradients by loops, with three spatial axes throughout. */
    private static final class Reference {
        final float[] x;
        final float[] w;
        final float[] b;
        final float[] dy;
        final double[] y;
        final double[] dx;
        final double[] dw;
        final double[] db;

        Reference(Problem p) {
            x = Fixture.random(1, p.src());
            w = Fixture.random(2, p.weights());
            int channels = (int) p.dst()[1];
            b = Fixture.random(3, channels);
            dy = Fixture.random(4, p.dst());
            y = new double[dy.length];
            dx = new double[x.length];
            dw = new double[w.length];
            db = new double[channels];
            int[] in = spatial(p.size(), 1);
            int[] win = spatial(p.window(), 1);
            int[] stride = spatial(p.geometry().stride(), 1);
            int[] dilation = spatial(p.geometry().dilation(), 1);
            int[] pad = spatial(p.geometry().padBegin(), 0);
            int[] out = {1, 1, 1};
            for (int i = 2; i < p.dst().length; i++) {
                out[i - p.dst().length + 3] = (int) p.dst()[i];
            }
            for (int n = 0; n < p.batch(); n++) {
                for (int o = 0; o < channels; o++) {
                    int g = o / p.outputs();
                    for (int at = 0; at < out[0] * out[1] * out[2]; at++) {
                        int yi = (n * channels + o) * out[0] * out[1] * out[2] + at;
                        int[] base = {at / (out[1] * out[2]) * stride[0] - pad[0],
                            at / out[2] % out[1] * stride[1] - pad[1], at % out[2] * stride[2] - pad[2]};
                        double sum = p.bias() ? b[o] : 0;
                        db[o] += dy[yi];
                        for (int c = 0; c < p.inputs(); c++) {
                            for (int k = 0; k < win[0] * win[1] * win[2]; k++) {
                                int d = base[0] + k / (win[1] * win[2]) * dilation[0];
                                int h = base[1] + k / win[2] % win[1] * dilation[1];
                                int v = base[2] + k % win[2] * dilation[2];
                                if (d < 0 || h < 0 || v < 0 || d >= in[0] || h >= in[1] || v >= in[2]) {
                                    continue;
                                }
                                int xi = ((n * p.groups() * p.inputs() + g * p.inputs() + c) * in[0] + d) * in[1]
                                        * in[2]
                                        + h * in[2] + v;
                                int wi = (o * p.inputs() + c) * win[0] * win[1] * win[2] + k;
                                sum += (double) x[xi] * w[wi];
                                dx[xi] += (double) dy[yi] * w[wi];
                                dw[wi] += (double) dy[yi] * x[xi];
                            }
                        }
                        y[yi] = sum;
                    }
                }
            }
        }

        private static int[] spatial(List<Integer> values, int missing) {
            int[] all = {missing, missing, missing};
            for (int i = 0; i < values.size(); i++) {
                all[3 - values.size() + i] = values.get(i);
            }
            return all;
        }
    }

    @Test
    void openWeightsAvoidTheReferenceLoops() {
        WindowGeometry geometry = WindowGeometry.of(2, 1, 1);
        MemoryDescriptor x = MemoryDescriptor.of(DataType.F32, FormatTag.CHANNELS_LAST, 4, 32, 12, 12);
        MemoryDescriptor w = MemoryDescriptor.any(DataType.F32, 32, 32, 3, 3);
        PrimitiveDescriptor forward = fixture.describe(
                new Convolution.Forward(Propagation.TRAINING, x, w, Optional.empty(), x, geometry));
        assertFalse(forward.isReference(), forward.implementation());
        assertFalse(fixture.describe(new Convolution.BackwardData(x, w, x, geometry, forward)).isReference());
        assertFalse(fixture.describe(new Convolution.BackwardWeights(x, w, Optional.empty(), x, geometry, forward))
                .isReference());
    }

    @Test
    void fusesBiasAndActivation() {
        WindowGeometry geometry = WindowGeometry.of(2, 1, 1);
        Problem p = new Problem(2, 1, 5, 7, List.of(6, 7), List.of(3, 3), geometry, true);
        Reference reference = new Reference(p);
        PrimitiveDescriptor forward = fixture.describe(
                new Convolution.Forward(Propagation.INFERENCE, MemoryDescriptor.of(DataType.F32, p.src()),
                        MemoryDescriptor.any(DataType.F32, p.weights()),
                        Optional.of(MemoryDescriptor.of(DataType.F32, 7)), MemoryDescriptor.of(DataType.F32, p.dst()),
                        geometry),
                PrimitiveAttributes.DEFAULT.then(EltwiseFunction.RELU));
        float[] y = fixture.read(fixture.run(forward, Map.of(Argument.SRC, Fixture.value(reference.x, p.src()),
                Argument.WEIGHTS, Fixture.value(reference.w, p.weights()), Argument.BIAS,
                Fixture.value(reference.b, 7)), Map.of()).get(Argument.DST));
        double[] expected = reference.y.clone();
        for (int i = 0; i < expected.length; i++) {
            expected[i] = Math.max(0, expected[i]);
        }
        Fixture.assertClose(expected, y, 1e-4, "relu");
    }

    @Test
    void namesWhatIsWrong() {
        WindowGeometry geometry = WindowGeometry.of(2);
        MemoryDescriptor x = MemoryDescriptor.of(DataType.F32, 1, 3, 5, 5);
        MemoryDescriptor y = MemoryDescriptor.of(DataType.F32, 1, 4, 3, 3);
        IllegalArgumentException channels = assertThrows(IllegalArgumentException.class,
                () -> new Convolution.Forward(Propagation.TRAINING, x,
                        MemoryDescriptor.any(DataType.F32, 4, 2, 3, 3), Optional.empty(), y, geometry));
        assertTrue(channels.getMessage().contains("weights take 2 channels to 4"), channels.getMessage());
        IllegalArgumentException size = assertThrows(IllegalArgumentException.class,
                () -> new Convolution.Forward(Propagation.TRAINING, x,
                        MemoryDescriptor.any(DataType.F32, 4, 3, 2, 3), Optional.empty(), y, geometry));
        assertTrue(size.getMessage().contains("gives size 4"), size.getMessage());
        IllegalArgumentException rank = assertThrows(IllegalArgumentException.class,
                () -> new Convolution.Forward(Propagation.TRAINING, x,
                        MemoryDescriptor.any(DataType.F32, 4, 3, 3), Optional.empty(), y, geometry));
        assertTrue(rank.getMessage().contains("weights need rank 4"), rank.getMessage());
    }

    @Test
    void aClosedForwardDescriptorIsRefused() {
        WindowGeometry geometry = WindowGeometry.of(1);
        MemoryDescriptor x = MemoryDescriptor.of(DataType.F32, 1, 3, 5);
        MemoryDescriptor w = MemoryDescriptor.any(DataType.F32, 3, 3, 1);
        PrimitiveDescriptor forward = fixture.describe(
                new Convolution.Forward(Propagation.TRAINING, x, w, Optional.empty(), x, geometry));
        forward.close();
        Convolution.BackwardData backward = new Convolution.BackwardData(x, w, x, geometry, forward);
        IllegalStateException closed =
                assertThrows(IllegalStateException.class, () -> fixture.describe(backward));
        assertEquals("PrimitiveDescriptor is closed", closed.getMessage());
    }
}
