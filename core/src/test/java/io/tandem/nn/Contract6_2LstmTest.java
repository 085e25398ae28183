package io.tandem.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** LSTM: the equations with a forget gate, stacked, in both directions, dropout between layers, states. */
@Tag("contract")
class Contract6_2LstmTest {
    private static final int N = 2;
    private static final int T = 5;
    private static final int C = 3;
    private static final int UNITS = 4;

    /** Sequences [N][T][...]. */
    private record Written(double[][][] outputs, double[][] h, double[][] c) {}

    private static double sigmoid(double z) {
        return 1 / (1 + Math.exp(-z));
    }

    /** One direction of one layer, written out: i, f, g, o; c' = f c + i g; h' = o tanh(c'). */
    private static Written lstm(
            double[][][] x, Map<String, NDArray> values, int set, double[][] h0, double[][] c0, boolean reverse) {
        NDArray w = values.get("weights." + set + ".inputWeight");
        NDArray u = values.get("weights." + set + ".recurrentWeight");
        NDArray b = values.get("weights." + set + ".inputBias");
        NDArray d = values.get("weights." + set + ".recurrentBias");
        int inputs = x[0][0].length;
        double[][][] outputs = new double[N][x[0].length][];
        double[][] h = new double[N][];
        double[][] c = new double[N][];
        for (int n = 0; n < N; n++) {
            h[n] = h0[n].clone();
            c[n] = c0[n].clone();
            for (int step = 0; step < x[n].length; step++) {
                int t = reverse ? x[n].length - 1 - step : step;
                double[] next = new double[UNITS];
                for (int k = 0; k < UNITS; k++) {
                    double[] z = new double[4];
                    for (int gate = 0; gate < 4; gate++) {
                        int row = gate * UNITS + k;
                        z[gate] = b.getDouble(row) + d.getDouble(row);
                        for (int j = 0; j < inputs; j++) {
                            z[gate] += w.getDouble((long) row * inputs + j) * x[n][t][j];
                        }
                        for (int j = 0; j < UNITS; j++) {
                            z[gate] += u.getDouble((long) row * UNITS + j) * h[n][j];
                        }
                    }
                    c[n][k] = sigmoid(z[1]) * c[n][k] + sigmoid(z[0]) * Math.tanh(z[2]);
                    next[k] = sigmoid(z[3]) * Math.tanh(c[n][k]);
                }
                h[n] = next;
                outputs[n][t] = next.clone();
            }
        }
        return new Written(outputs, h, c);
    }

    private static double[][][] joined(double[][][] a, double[][][] b) {
        double[][][] both = new double[N][a[0].length][2 * UNITS];
        for (int n = 0; n < N; n++) {
            for (int t = 0; t < a[n].length; t++) {
                System.arraycopy(a[n][t], 0, both[n][t], 0, UNITS);
                System.arraycopy(b[n][t], 0, both[n][t], UNITS, UNITS);
            }
        }
        return both;
    }

    private static double[][][] nested(NDArray x) {
        int t = x.shape().dim(1);
        int features = x.shape().dim(2);
        double[][][] values = new double[x.shape().dim(0)][t][features];
        for (int i = 0; i < x.shape().size(); i++) {
            values[i / (t * features)][i / features % t][i % features] = x.getDouble(i);
        }
        return values;
    }

    private static double[] flat(double[][]... parts) {
        return java.util.Arrays.stream(parts)
                .flatMap(java.util.Arrays::stream)
                .flatMapToDouble(java.util.Arrays::stream)
                .toArray();
    }

    /** An LSTM with given states; yields outputs and final states. */
    private record WithStates(Lstm lstm) implements Network {
        @Override
        public List<Tensor> forward(List<Tensor> in) {
            List<Tensor> states = in.size() == 1
                    ? List.of()
                    // States have the batch as second axis: [layers directions, N, units].
                    : List.of(in.get(1).transpose(0, 1), in.get(2).transpose(0, 1));
            RecurrentOutput output = lstm.apply(in.getFirst(), states);
            return List.of(output.outputs(), output.states().get(0), output.states().get(1));
        }
    }

    private static Map<String, NDArray> values(Model model) {
        Map<String, NDArray> values = new LinkedHashMap<>();
        model.variables().forEach((path, v) -> values.put(
                path, LayerRun.random(DType.F64, path.hashCode(), v.type().shape().toArray())));
        return values;
    }

    @Test
    void stackedAndBidirectionalWithStatesAsWrittenOut() {
        NDArray x = LayerRun.random(DType.F64, 1, N, T, C);
        NDArray h0 = LayerRun.random(DType.F64, 2, N, 4, UNITS);
        NDArray c0 = LayerRun.random(DType.F64, 3, N, 4, UNITS);
        Lstm lstm = Lstm.of(UNITS).withLayers(2).withBothDirections();
        Map<String, NDArray> values = values(LayerRun.model(lstm, x));
        Model model = Model.of(
                new WithStates(lstm),
                List.of(
                        TensorType.of(DType.F64, T, C),
                        TensorType.of(DType.F64, 4, UNITS),
                        TensorType.of(DType.F64, 4, UNITS)));
        Map<String, NDArray> params = new LinkedHashMap<>();
        values.forEach((path, value) -> params.put("lstm." + path, value));
        List<NDArray> found = LayerRun.outputs(model, Mode.INFERENCE, params, x, h0, c0);

        Written[] written = new Written[4];
        double[][][] in = nested(x);
        for (int set = 0; set < 4; set++) {
            written[set] = lstm(in, values, set, state(h0, set), state(c0, set), set % 2 == 1);
            if (set == 1) {
                in = joined(written[0].outputs(), written[1].outputs());
            }
        }
        double[][][] outputs = joined(written[2].outputs(), written[3].outputs());
        assertArrayEquals(flat(outputs), found.get(0).toDoubles(), 1e-14);
        assertArrayEquals(
                flat(written[0].h(), written[1].h(), written[2].h(), written[3].h()), found.get(1).toDoubles(), 1e-14);
        assertArrayEquals(
                flat(written[0].c(), written[1].c(), written[2].c(), written[3].c()), found.get(2).toDoubles(), 1e-14);
    }

    private static double[][] state(NDArray states, int set) {
        double[][] one = new double[N][UNITS];
        for (int n = 0; n < N; n++) {
            for (int k = 0; k < UNITS; k++) {
                one[n][k] = states.getDouble((n * 4L + set) * UNITS + k);
            }
        }
        return one;
    }

    @Test
    void finalStatesContinueTheSequence() {
        NDArray x = LayerRun.random(DType.F64, 1, N, T, C);
        Lstm lstm = Lstm.of(UNITS);
        Map<String, NDArray> values = values(LayerRun.model(lstm, x));
        double[][] zeros = new double[N][UNITS];
        Written whole = lstm(nested(x), values, 0, zeros, zeros, false);
        double[][][] first = {nested(x)[0].clone(), nested(x)[1].clone()};
        double[][][] second = new double[N][][];
        for (int n = 0; n < N; n++) {
            second[n] = java.util.Arrays.copyOfRange(first[n], 2, T);
            first[n] = java.util.Arrays.copyOfRange(first[n], 0, 2);
        }
        Map<String, NDArray> params = new LinkedHashMap<>();
        values.forEach((path, value) -> params.put("lstm." + path, value));
        List<NDArray> start = LayerRun.outputs(
                Model.of(new WithStates(lstm), List.of(TensorType.of(DType.F64, 2, C))),
                Mode.INFERENCE,
                params,
                NDArray.ofDoubles(Shape.of(N, 2, C), flat(first)));
        Model model = Model.of(
                new WithStates(lstm),
                List.of(
                        TensorType.of(DType.F64, T - 2, C),
                        TensorType.of(DType.F64, 1, UNITS),
                        TensorType.of(DType.F64, 1, UNITS)));
        List<NDArray> rest = LayerRun.outputs(
                model,
                Mode.INFERENCE,
                params,
                NDArray.ofDoubles(Shape.of(N, T - 2, C), flat(second)),
                start.get(1).reshape(N, 1, UNITS),
                start.get(2).reshape(N, 1, UNITS));
        assertArrayEquals(flat(whole.h()), rest.get(1).toDoubles(), 1e-14);
        assertArrayEquals(flat(whole.c()), rest.get(2).toDoubles(), 1e-14);
    }

    @Test
    void dropoutIsBetweenLayersAndInTrainingAlone() {
        NDArray x = LayerRun.random(DType.F64, 1, N, T, C);
        Lstm two = Lstm.of(UNITS).withLayers(2);
        Lstm dropping = two.withDropout(0.5);
        assertEquals(LayerRun.output(two, Mode.INFERENCE, x), LayerRun.output(dropping, Mode.INFERENCE, x));
        assertNotEquals(LayerRun.output(two, Mode.TRAINING, x), LayerRun.output(dropping, Mode.TRAINING, x));
        // One layer has nothing after it but the output, which is not dropped.
        Lstm one = Lstm.of(UNITS);
        assertEquals(
                LayerRun.output(one, Mode.TRAINING, x), LayerRun.output(one.withDropout(0.5), Mode.TRAINING, x));
    }

    @Test
    void gradientsAgreeWithCentralDifferences() {
        LayerRun.checkGradients(
                "stacked, both directions",
                Lstm.of(3).withLayers(2).withBothDirections(),
                Mode.TRAINING,
                LayerRun.random(DType.F64, 4, 2, 4, 3));
    }
}
