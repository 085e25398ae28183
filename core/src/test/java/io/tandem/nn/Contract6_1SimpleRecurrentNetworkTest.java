package io.tandem.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The simple recurrent network: its two forms, shared weights, and backpropagation through time. */
@Tag("contract")
class Contract6_1SimpleRecurrentNetworkTest {
    private static final double[][] W = {{.5, -.3}, {.1, .8}};
    private static final double[][] U = {{.2, .4}, {-.6, .3}};
    private static final double[] B = {.1, -.2};
    private static final double[][] X = {{1, 2}, {-1, .5}, {.3, -.7}};

    private static final Map<String, NDArray> PARAMS = Map.of(
            "weights.0.inputWeight", matrix(W),
            "weights.0.recurrentWeight", matrix(U),
            "weights.0.inputBias", NDArray.ofDoubles(Shape.of(2), B),
            "weights.0.recurrentBias", NDArray.zeros(TensorType.of(DType.F64, 2)));

    private static NDArray matrix(double[][] rows) {
        return NDArray.generate(
                TensorType.of(DType.F64, rows.length, rows[0].length),
                i -> rows[i / rows[0].length][i % rows[0].length]);
    }

    private static NDArray sequence(double[][] rows) {
        return matrix(rows).reshape(1, rows.length, rows[0].length);
    }

    /** h_t = tanh(W x_t + U h_(t-1) + b), written out. */
    private static double[][] states(double[][] x) {
        double[][] states = new double[x.length][2];
        double[] h = new double[2];
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < 2; i++) {
                states[t][i] = Math.tanh(
                        W[i][0] * x[t][0] + W[i][1] * x[t][1] + U[i][0] * h[0] + U[i][1] * h[1] + B[i]);
            }
            h = states[t];
        }
        return states;
    }

    /** h' = tanh([U W] [h, x] + b): the concatenated form. */
    private record Concatenated(int units, Param weight, Param bias) implements RecurrentCell {
        @Override
        public List<Shape> states(Shape input) {
            return List.of(Shape.of(units));
        }

        @Override
        public List<Tensor> parameters(Trace trace, Shape input) {
            return List.of(
                    trace.param(weight, Shape.of(units, units + input.dim(0))), trace.param(bias, Shape.of(units)));
        }

        @Override
        public Step step(Tensor x, List<Tensor> states, List<Tensor> parameters) {
            Tensor h = Tensor.concat(1, states.getFirst(), x)
                    .matmul(parameters.get(0), false, true)
                    .add(parameters.get(1))
                    .tanh();
            return new Step(h, List.of(h));
        }
    }

    @Test
    void separateAndConcatenatedFormAgree() {
        NDArray x = sequence(X);
        double[] separate = LayerRun.outputs(LayerRun.model(Rnn.of(2), x), Mode.INFERENCE, PARAMS, x)
                .getFirst()
                .toDoubles();
        assertArrayEquals(matrix(states(X)).toDoubles(), separate, 1e-15);
        Recurrence joined =
                Recurrence.of(new Concatenated(2, Param.of(Initializers.zeros()), Param.of(Initializers.zeros())));
        NDArray both = matrix(new double[][] {
            {U[0][0], U[0][1], W[0][0], W[0][1]}, {U[1][0], U[1][1], W[1][0], W[1][1]}
        });
        double[] concatenated = LayerRun.outputs(
                LayerRun.model(joined, x),
                Mode.INFERENCE,
                Map.of("cell.weight", both, "cell.bias", NDArray.ofDoubles(Shape.of(2), B)),
                x)
                .getFirst()
                .toDoubles();
        assertArrayEquals(separate, concatenated, 1e-15);
    }

    @Test
    void weightsAreSharedOverTime() {
        for (int steps : new int[] {1, 7, 500}) {
            // W [5, 3], U [5, 5] and two biases of 5, for any number of steps.
            assertEquals(15 + 25 + 10, Model.of(Rnn.of(5), steps, 3).parameterCount());
        }
    }

    @Test
    void oneToOneIsADenseLayerWithTanh() {
        double[][] one = {X[0]};
        NDArray x = sequence(one);
        NDArray y = LayerRun.outputs(LayerRun.model(Rnn.of(2).withLastStep(), x), Mode.INFERENCE, PARAMS, x).getFirst();
        assertEquals(Shape.of(1, 2), y.shape());
        assertArrayEquals(
                new double[] {Math.tanh(.5 - .6 + .1), Math.tanh(.1 + 1.6 - .2)}, y.toDoubles(), 1e-15);
    }

    /** L = ½ Σ_t |h_t - 1|², differentiated by hand from the last step to the first. */
    @Test
    void backpropagationThroughTime() {
        double[][] h = states(X);
        double[][] dW = new double[2][2];
        double[][] dU = new double[2][2];
        double[] dB = new double[2];
        double[] later = new double[2];
        for (int t = X.length - 1; t >= 0; t--) {
            double[] delta = new double[2];
            for (int i = 0; i < 2; i++) {
                delta[i] = (h[t][i] - 1 + later[i]) * (1 - h[t][i] * h[t][i]);
                dB[i] += delta[i];
                for (int j = 0; j < 2; j++) {
                    dW[i][j] += delta[i] * X[t][j];
                    dU[i][j] += t > 0 ? delta[i] * h[t - 1][j] : 0;
                }
            }
            for (int j = 0; j < 2; j++) {
                later[j] = U[0][j] * delta[0] + U[1][j] * delta[1];
            }
        }
        NDArray x = sequence(X);
        Model model = LayerRun.model(Rnn.of(2), x);
        Model.Traced traced = model.trace(Mode.TRAINING, 1);
        Graph graph = traced.trace().graph();
        Tensor loss = traced.outputs().getFirst().sub(1).square().sum().mul(.5);
        List<String> paths = new ArrayList<>(traced.trace().params().keySet());
        List<Tensor> gradients =
                Gradients.of(loss, paths.stream().map(traced.trace().params()::get).toList());
        for (int i = 0; i < paths.size(); i++) {
            graph.output(paths.get(i) + "'", gradients.get(i));
        }
        Map<String, NDArray> found = new Interpreter().run(graph, LayerRun.bindings(model, graph, PARAMS, x));
        assertArrayEquals(matrix(dW).toDoubles(), found.get("weights.0.inputWeight'").toDoubles(), 1e-14);
        assertArrayEquals(matrix(dU).toDoubles(), found.get("weights.0.recurrentWeight'").toDoubles(), 1e-14);
        assertArrayEquals(dB, found.get("weights.0.inputBias'").toDoubles(), 1e-14);
    }

    @Test
    void gradientsAgreeWithCentralDifferences() {
        NDArray x = LayerRun.random(DType.F64, 5, 2, 6, 3);
        LayerRun.checkGradients("many to many", Rnn.of(4), Mode.TRAINING, x);
        LayerRun.checkGradients("many to one", Rnn.of(4).withRelu().withLastStep(), Mode.TRAINING, x);
    }
}
