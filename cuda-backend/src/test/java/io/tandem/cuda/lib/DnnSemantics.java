package io.tandem.cuda.lib;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.simulation.DeviceArrays;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What Tandem relies on of cuDNN (but recurrent networks), tested on the stand-in and on the library. */
abstract class DnnSemantics {

    abstract Rig open();

    /** Factor of all tolerances: fast algorithms of a real library round more often. */
    double slack() {
        return 1;
    }

    private void assertClose(double[] expected, float[] actual, double tolerance) {
        Numbers.assertClose(expected, actual, tolerance * slack());
    }

    private interface Body {
        void run(DeviceArrays arrays, Dnn dnn);
    }

    private void on(Body body) {
        try (Rig rig = open();
                DeviceArrays arrays = new DeviceArrays(rig.driver())) {
            rig.dnn().setStream(arrays.stream());
            body.run(arrays, rig.dnn());
        }
    }

    // ---- convolution

    static Stream<ConvolutionProblem> problems() {
        return Stream.of(
                problem(new int[] {2, 3, 7, 6}, new int[] {4, 3, 3, 2}, 1, 1, 1, 1),
                problem(new int[] {2, 3, 9, 8}, new int[] {4, 3, 3, 3}, 2, 3, 1, 1),
                problem(new int[] {1, 4, 9, 9}, new int[] {6, 2, 3, 3}, 0, 2, 2, 2),
                problem(new int[] {3, 4, 5, 5}, new int[] {4, 1, 3, 3}, 1, 1, 1, 4),
                problem(new int[] {2, 5, 4, 4}, new int[] {3, 5, 1, 1}, 0, 1, 1, 1),
                new ConvolutionProblem(
                        TensorDescriptor.channelsLast(DataType.F32, 2, 4, 6, 5),
                        FilterDescriptor.channelsLast(DataType.F32, 8, 4, 3, 3),
                        ConvolutionDescriptor.square(1, 2, 1, 1),
                        TensorDescriptor.channelsLast(DataType.F32, 2, 8, 3, 3)),
                ConvolutionProblem.of(
                        TensorDescriptor.rowMajor(DataType.F32, 2, 2, 4, 5, 6),
                        FilterDescriptor.of(DataType.F32, 3, 2, 2, 3, 3),
                        new ConvolutionDescriptor(
                                List.of(0, 1, 1), List.of(1, 2, 1), List.of(1, 1, 2), 1, DataType.F32, MathType.FMA)));
    }

    private static ConvolutionProblem problem(int[] x, int[] w, int padding, int stride, int dilation, int groups) {
        return ConvolutionProblem.of(
                TensorDescriptor.rowMajor(DataType.F32, x),
                FilterDescriptor.of(DataType.F32, w),
                ConvolutionDescriptor.square(padding, stride, dilation, groups));
    }

    /** Visits the flat indices of every product that the convolution sums, by its definition. */
    private interface Term {
        void at(int x, int w, int y);
    }

    private static void terms(ConvolutionProblem p, Term term) {
        TensorDescriptor w = p.w().asTensor();
        int spatial = p.x().rank() - 2;
        int[] y = new int[p.y().rank()];
        int outPerGroup = w.size(0) / p.convolution().groups();
        for (int i = 0; i < p.y().elements(); i++) {
            unravel(i, p.y(), y);
            int[] f = new int[w.rank()];
            f[0] = y[1];
            int perOutput = (int) (w.elements() / w.size(0));
            for (int j = 0; j < perOutput; j++) {
                int rest = j;
                for (int d = w.rank() - 1; d >= 1; d--) {
                    f[d] = rest % w.size(d);
                    rest /= w.size(d);
                }
                int[] x = new int[p.x().rank()];
                x[0] = y[0];
                x[1] = y[1] / outPerGroup * w.size(1) + f[1];
                boolean inside = true;
                for (int d = 0; d < spatial; d++) {
                    x[d + 2] = y[d + 2] * p.convolution().stride().get(d)
                            + f[d + 2] * p.convolution().dilation().get(d)
                            - p.convolution().padding().get(d);
                    inside &= x[d + 2] >= 0 && x[d + 2] < p.x().size(d + 2);
                }
                if (inside) {
                    term.at(place(x, p.x()), place(f, w), place(y, p.y()));
                }
            }
        }
    }

    private static void unravel(int index, TensorDescriptor form, int[] into) {
        for (int d = form.rank() - 1; d >= 0; d--) {
            into[d] = index % form.size(d);
            index /= form.size(d);
        }
    }

    private static int place(int[] index, TensorDescriptor form) {
        int at = 0;
        for (int d = 0; d < index.length; d++) {
            at += index[d] * form.stride(d);
        }
        return at;
    }

    private static Workspace workspace(DeviceArrays arrays, ConvolutionAlgorithm algorithm) {
        return algorithm.workspace() == 0
                ? Workspace.NONE
                : new Workspace(arrays.bytes(algorithm.workspace()), algorithm.workspace());
    }

    @ParameterizedTest
    @MethodSource("problems")
    void convolutionAndItsGradients(ConvolutionProblem p) {
        Numbers numbers = new Numbers(1);
        float[] x = numbers.normal((int) p.x().elements());
        float[] w = numbers.normal((int) p.w().asTensor().elements());
        float[] dy = numbers.normal((int) p.y().elements());
        double[] y = new double[dy.length];
        double[] dx = new double[x.length];
        double[] dw = new double[w.length];
        terms(p, (xi, wi, yi) -> {
            y[yi] += (double) x[xi] * w[wi];
            dx[xi] += (double) dy[yi] * w[wi];
            dw[wi] += (double) dy[yi] * x[xi];
        });
        on((arrays, dnn) -> {
            long gx = arrays.upload(x);
            long gw = arrays.upload(w);
            long gdy = arrays.upload(dy);
            for (boolean deterministic : new boolean[] {false, true}) {
                ConvolutionAlgorithm forward =
                        dnn.chooseConvolutions(ConvolutionPass.FORWARD, p, deterministic, 1 << 26).getFirst();
                ConvolutionAlgorithm data =
                        dnn.chooseConvolutions(ConvolutionPass.BACKWARD_DATA, p, deterministic, 1 << 26).getFirst();
                ConvolutionAlgorithm filter =
                        dnn.chooseConvolutions(ConvolutionPass.BACKWARD_FILTER, p, deterministic, 1 << 26).getFirst();
                assertTrue(!deterministic
                        || forward.deterministic() && data.deterministic() && filter.deterministic());
                long gy = arrays.emptyFloats(y.length);
                long gdx = arrays.emptyFloats(x.length);
                long gdw = arrays.emptyFloats(w.length);
                dnn.convolutionForward(p, forward, 1, gx, gw, 0, gy, workspace(arrays, forward));
                dnn.convolutionBackwardData(p, data, 1, gw, gdy, 0, gdx, workspace(arrays, data));
                dnn.convolutionBackwardFilter(p, filter, 1, gx, gdy, 0, gdw, workspace(arrays, filter));
                assertClose(y, arrays.floats(gy, y.length), 2e-5);
                assertClose(dx, arrays.floats(gdx, dx.length), 2e-5);
                assertClose(dw, arrays.floats(gdw, dw.length), 5e-5);
                dnn.convolutionForward(p, forward, 2, gx, gw, -1, gy, workspace(arrays, forward));
                assertClose(y, arrays.floats(gy, y.length), 5e-5);
            }
        });
    }

    @Test
    void deterministicAlgorithmsRepeatTheirBits() {
        ConvolutionProblem p = problem(new int[] {4, 8, 14, 14}, new int[] {16, 8, 3, 3}, 1, 1, 1, 1);
        Numbers numbers = new Numbers(2);
        float[] x = numbers.normal((int) p.x().elements());
        float[] dy = numbers.normal((int) p.y().elements());
        on((arrays, dnn) -> {
            ConvolutionAlgorithm algorithm =
                    dnn.chooseConvolutions(ConvolutionPass.BACKWARD_FILTER, p, true, 1 << 26).getFirst();
            long gx = arrays.upload(x);
            long gdy = arrays.upload(dy);
            float[][] results = new float[3][];
            for (int i = 0; i < 3; i++) {
                long dw = arrays.emptyFloats(16 * 8 * 9);
                dnn.convolutionBackwardFilter(p, algorithm, 1, gx, gdy, 0, dw, workspace(arrays, algorithm));
                results[i] = arrays.floats(dw, 16 * 8 * 9);
            }
            assertArrayEquals(results[0], results[1]);
            assertArrayEquals(results[0], results[2]);
        });
    }

    @Test
    void convolutionRefusesBadArguments() {
        ConvolutionProblem p = problem(new int[] {2, 3, 7, 6}, new int[] {4, 3, 3, 3}, 1, 1, 1, 1);
        on((arrays, dnn) -> {
            long x = arrays.upload(new float[2 * 4 * 7 * 6]);
            ConvolutionAlgorithm hungry = dnn.convolutionAlgorithms(ConvolutionPass.BACKWARD_FILTER, p).stream()
                    .filter(a -> a.workspace() > 0)
                    .findFirst()
                    .orElse(null);
            if (hungry != null) {
                CudaException refused = assertThrows(
                        CudaException.class,
                        () -> dnn.convolutionBackwardFilter(p, hungry, 1, x, x, 0, x, Workspace.NONE));
                assertTrue(refused.codeName().startsWith("CUDNN_STATUS_"), refused.getMessage());
            }
            ConvolutionProblem wrong = new ConvolutionProblem(
                    p.x(), p.w(), p.convolution(), TensorDescriptor.rowMajor(DataType.F32, 2, 4, 6, 6));
            CudaException sizes = assertThrows(
                    CudaException.class, () -> dnn.convolutionAlgorithms(ConvolutionPass.FORWARD, wrong));
            assertTrue(sizes.codeName().startsWith("CUDNN_STATUS_"), sizes.getMessage());
            assertThrows(CudaException.class, () -> dnn.chooseConvolutions(ConvolutionPass.FORWARD, wrong, true, 0));
        });
    }

    // ---- pooling

    @ParameterizedTest
    @EnumSource(PoolingDescriptor.Mode.class)
    void poolingAndItsGradient(PoolingDescriptor.Mode mode) {
        PoolingDescriptor pooling =
                new PoolingDescriptor(mode, List.of(3, 2), List.of(1, 1), List.of(2, 1));
        TensorDescriptor xForm = TensorDescriptor.rowMajor(DataType.F32, 2, 3, 7, 6);
        TensorDescriptor yForm = TensorDescriptor.rowMajor(DataType.F32, pooling.outputSizes(xForm));
        Numbers numbers = new Numbers(3);
        float[] x = numbers.normal(2 * 3 * 7 * 6);
        float[] dy = numbers.normal((int) yForm.elements());
        double[] y = new double[dy.length];
        double[] dx = new double[x.length];
        boolean max = mode == PoolingDescriptor.Mode.MAX || mode == PoolingDescriptor.Mode.MAX_DETERMINISTIC;
        for (int p = 0; p < 6; p++) {
            for (int oh = 0; oh < yForm.size(2); oh++) {
                for (int ow = 0; ow < yForm.size(3); ow++) {
                    int at = (p * yForm.size(2) + oh) * yForm.size(3) + ow;
                    int count = 0;
                    int best = -1;
                    double sum = 0;
                    for (int pass = 0; pass < 2; pass++) {
                        for (int i = Math.max(0, oh * 2 - 1); i < Math.min(7, oh * 2 + 2); i++) {
                            for (int j = Math.max(0, ow - 1); j < Math.min(6, ow + 1); j++) {
                                int from = (p * 7 + i) * 6 + j;
                                if (pass == 0) {
                                    count++;
                                    sum += x[from];
                                    best = best < 0 || x[from] > x[best] ? from : best;
                                } else if (!max) {
                                    int divisor = mode == PoolingDescriptor.Mode.AVERAGE_INCLUDE_PADDING ? 6 : count;
                                    dx[from] += dy[at] / (double) divisor;
                                }
                            }
                        }
                    }
                    int divisor = mode == PoolingDescriptor.Mode.AVERAGE_INCLUDE_PADDING ? 6 : count;
                    y[at] = max ? x[best] : sum / divisor;
                    if (max) {
                        dx[best] += dy[at];
                    }
                }
            }
        }
        on((arrays, dnn) -> {
            long gx = arrays.upload(x);
            long gy = arrays.emptyFloats(y.length);
            long gdx = arrays.emptyFloats(x.length);
            dnn.poolingForward(pooling, 1, xForm, gx, 0, yForm, gy);
            assertClose(y, arrays.floats(gy, y.length), 1e-5);
            dnn.poolingBackward(pooling, 1, yForm, gy, arrays.upload(dy), xForm, gx, 0, gdx);
            assertClose(dx, arrays.floats(gdx, dx.length), 1e-5);
        });
    }

    // ---- batch normalization

    @ParameterizedTest
    @EnumSource(BatchNormMode.class)
    void batchNormalizationAndItsGradient(BatchNormMode mode) {
        int batch = 5;
        int channels = 3;
        int spatial = 8;
        TensorDescriptor form = TensorDescriptor.rowMajor(DataType.F32, batch, channels, 2, 4);
        boolean activation = mode == BatchNormMode.PER_ACTIVATION;
        int features = activation ? channels * spatial : channels;
        assertEquals(features, mode.parameters(form).elements());
        Numbers numbers = new Numbers(4);
        float[] x = numbers.normal(batch * channels * spatial);
        float[] dy = numbers.normal(x.length);
        float[] scale = numbers.normal(features);
        float[] bias = numbers.normal(features);
        float[] runningMean = numbers.normal(features);
        float[] runningVariance = new float[features];
        Arrays.fill(runningVariance, 2);
        double epsilon = 1e-3;
        int count = x.length / features;
        double[] mean = new double[features];
        double[] variance = new double[features];
        for (int pass = 0; pass < 2; pass++) {
            for (int i = 0; i < x.length; i++) {
                int f = activation ? i % (channels * spatial) : i / spatial % channels;
                mean[f] += pass == 0 ? x[i] / (double) count : 0;
                variance[f] += pass == 1 ? (x[i] - mean[f]) * (x[i] - mean[f]) / count : 0;
            }
        }
        double[] y = new double[x.length];
        double[] evaluated = new double[x.length];
        double[] dScale = new double[features];
        double[] dBias = new double[features];
        for (int i = 0; i < x.length; i++) {
            int f = activation ? i % (channels * spatial) : i / spatial % channels;
            double normal = (x[i] - mean[f]) / Math.sqrt(variance[f] + epsilon);
            y[i] = scale[f] * normal + bias[f];
            evaluated[i] = scale[f] * (x[i] - runningMean[f]) / Math.sqrt(runningVariance[f] + epsilon) + bias[f];
            dScale[f] += dy[i] * normal;
            dBias[f] += dy[i];
        }
        on((arrays, dnn) -> {
            long gx = arrays.upload(x);
            long gy = arrays.emptyFloats(x.length);
            long gScale = arrays.upload(scale);
            long gBias = arrays.upload(bias);
            long gMean = arrays.upload(runningMean);
            long gVariance = arrays.upload(runningVariance);
            dnn.batchNormInference(mode, form, gx, gy, gScale, gBias, gMean, gVariance, epsilon);
            assertClose(evaluated, arrays.floats(gy, x.length), 1e-4);
            long savedMean = arrays.emptyFloats(features);
            long savedInverse = arrays.emptyFloats(features);
            dnn.batchNormTraining(
                    mode, form, gx, gy, gScale, gBias, 0.1, gMean, gVariance, epsilon, savedMean, savedInverse);
            assertClose(y, arrays.floats(gy, x.length), 1e-4);
            float[] movedMean = arrays.floats(gMean, features);
            float[] movedVariance = arrays.floats(gVariance, features);
            float[] inverse = arrays.floats(savedInverse, features);
            for (int f = 0; f < features; f++) {
                assertEquals(0.9 * runningMean[f] + 0.1 * mean[f], movedMean[f], 1e-5);
                assertEquals(0.9 * 2 + 0.1 * variance[f] * count / (count - 1.0), movedVariance[f], 1e-5);
                assertEquals(1 / Math.sqrt(variance[f] + epsilon), inverse[f], 1e-4);
            }
            long gdx = arrays.emptyFloats(x.length);
            long gdScale = arrays.emptyFloats(features);
            long gdBias = arrays.emptyFloats(features);
            dnn.batchNormBackward(
                    mode, form, gx, arrays.upload(dy), gdx, gScale, gdScale, gdBias, epsilon, savedMean, savedInverse);
            assertClose(dScale, arrays.floats(gdScale, features), 1e-4);
            assertClose(dBias, arrays.floats(gdBias, features), 1e-4);
            checkBatchNormGradient(arrays, dnn, mode, form, x, dy, scale, bias, epsilon, arrays.floats(gdx, x.length));
        });
    }

    /** The directional derivative of sum(dy * y), by central differences of the library's own forward pass. */
    private static void checkBatchNormGradient(
            DeviceArrays arrays,
            Dnn dnn,
            BatchNormMode mode,
            TensorDescriptor form,
            float[] x,
            float[] dy,
            float[] scale,
            float[] bias,
            double epsilon,
            float[] dx) {
        float[] direction = new Numbers(5).normal(x.length);
        float step = 1e-2f;
        double[] sides = new double[2];
        for (int side = 0; side < 2; side++) {
            float[] moved = x.clone();
            for (int i = 0; i < x.length; i++) {
                moved[i] += (side == 0 ? step : -step) * direction[i];
            }
            long y = arrays.emptyFloats(x.length);
            dnn.batchNormTraining(
                    mode,
                    form,
                    arrays.upload(moved),
                    y,
                    arrays.upload(scale),
                    arrays.upload(bias),
                    1,
                    0,
                    0,
                    epsilon,
                    0,
                    0);
            sides[side] = Numbers.dot(dy, arrays.floats(y, x.length));
        }
        double numeric = (sides[0] - sides[1]) / (2 * step);
        assertEquals(numeric, Numbers.dot(dx, direction), 2e-3 * Math.max(1, Math.abs(numeric)));
    }

    // ---- softmax

    @ParameterizedTest
    @EnumSource(SoftmaxKind.class)
    void softmaxAndItsGradient(SoftmaxKind kind) {
        int batch = 3;
        int channels = 5;
        int spatial = 4;
        TensorDescriptor form = TensorDescriptor.rowMajor(DataType.F32, batch, channels, 2, 2);
        Numbers numbers = new Numbers(6);
        float[] x = numbers.normal(batch * channels * spatial);
        float[] dy = numbers.normal(x.length);
        x[0] = 90; // needs the maximum subtracted
        double[] y = new double[x.length];
        double[] dx = new double[x.length];
        int[] group = new int[x.length];
        for (int i = 0; i < x.length; i++) {
            int n = i / (channels * spatial);
            group[i] = kind.isPerPosition() ? n * spatial + i % spatial : n;
        }
        for (int i = 0; i < x.length; i++) {
            double sum = 0;
            for (int j = 0; j < x.length; j++) {
                sum += group[j] == group[i] ? Math.exp(x[j] - x[i]) : 0;
            }
            y[i] = kind.isLog() ? -Math.log(sum) : 1 / sum;
        }
        for (int i = 0; i < x.length; i++) {
            double probability = kind.isLog() ? Math.exp(y[i]) : y[i];
            for (int j = 0; j < x.length; j++) {
                if (group[j] == group[i]) {
                    double same = i == j ? 1 : 0;
                    dx[i] += kind.isLog() ? dy[j] * (same - probability) : dy[j] * y[j] * (same - probability);
                }
            }
        }
        on((arrays, dnn) -> {
            long gy = arrays.emptyFloats(x.length);
            long gdx = arrays.emptyFloats(x.length);
            dnn.softmaxForward(kind, 1, form, arrays.upload(x), 0, gy);
            assertClose(y, arrays.floats(gy, x.length), 1e-5);
            dnn.softmaxBackward(kind, 1, form, gy, arrays.upload(dy), 0, gdx);
            assertClose(dx, arrays.floats(gdx, x.length), 1e-5);
        });
    }

    @Test
    void descriptorsKnowTheirLayout() {
        TensorDescriptor last = TensorDescriptor.channelsLast(DataType.F32, 2, 3, 4, 5);
        assertEquals(List.of(60, 1, 15, 3), last.strides());
        assertTrue(last.isChannelsLast());
        assertFalse(TensorDescriptor.rowMajor(DataType.F32, 2, 3, 4, 5).isChannelsLast());
        assertEquals(480, last.spanBytes());
        assertThrows(IllegalArgumentException.class, () -> TensorDescriptor.rowMajor(DataType.F32, 2, 0, 1));
        assertThrows(
                IllegalArgumentException.class,
                () -> problem(new int[] {1, 1, 2, 2}, new int[] {1, 1, 3, 3}, 0, 1, 1, 1));
    }
}
