package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Tensor;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sections 3.1 and 3.3: backpropagation by hand and by differentiation. */
@Tag("contract")
class Contract3_1BackpropagationTest {
    private static final NDArray W1 =
            Reference.matrix(new double[] {.1, .2}, new double[] {-.3, .4}, new double[] {.5, -.6});
    private static final NDArray B1 = Reference.vector(.01, .02, .03);
    private static final NDArray W2 = Reference.matrix(new double[] {.7, -.8, .9}, new double[] {.1, .2, -.3});
    private static final NDArray B2 = Reference.vector(.05, -.05);
    private static final NDArray X = Reference.vector(1, 2);
    private static final NDArray T = Reference.vector(.5, -.5);

    private static Tensor product(Tensor w, Tensor x) {
        return w.matmul(x.expandDims(1)).squeeze(1);
    }

    /** 3.1 */
    @Test
    void aTanhNetworkByHand() {
        List<NDArray> r = Reference.run(
                in -> {
                    Tensor a = product(in.get(0), in.get(4)).add(in.get(1));
                    Tensor h = a.tanh();
                    Tensor y = product(in.get(2), h).add(in.get(3));
                    Tensor loss = y.sub(in.get(5)).square().sum().mul(0.5);
                    List<Tensor> g = Gradients.of(loss, List.of(y, a, in.get(2), in.get(0), in.get(3), in.get(1)));
                    return List.of(
                            loss, g.get(0), g.get(1), g.get(2), g.get(3), g.get(4), g.get(5),
                            g.get(0).expandDims(1).mul(h.expandDims(0)),
                            g.get(1).expandDims(1).mul(in.get(4).expandDims(0)));
                },
                W1, B1, W2, B2, X, T);
        assertEquals(0.8250546, r.get(0).item(), 5e-8);
        Reference.assertClose(new double[] {-1.0296803, 0.7680285}, r.get(1).toDoubles(), 5e-8);
        Reference.assertClose(new double[] {-0.5017528, 0.7543213, -0.7611524}, r.get(2).toDoubles(), 5e-8);
        // dW2 = dŷ hᵀ, dW1 = da xᵀ, db2 = dŷ, db1 = da.
        Reference.assertClose(r.get(7).toDoubles(), r.get(3).toDoubles(), 1e-15);
        Reference.assertClose(r.get(8).toDoubles(), r.get(4).toDoubles(), 1e-15);
        Reference.assertClose(r.get(1).toDoubles(), r.get(5).toDoubles(), 0);
        Reference.assertClose(r.get(2).toDoubles(), r.get(6).toDoubles(), 0);
    }

    /** 3.3: one step of a 2-3-2 net with the delta rule in plain Java. */
    @Test
    void theDeltaRuleOfSigmoidUnitsEqualsAutodiff() {
        double rate = 0.5;
        double[] x = {0.4, -0.7};
        double[] target = {0.9, 0.1};
        double[][] w1 = {{.1, .2}, {-.3, .4}, {.5, -.6}};
        double[] b1 = {.01, .02, .03};
        double[][] w2 = {{.7, -.8, .9}, {.1, .2, -.3}};
        double[] b2 = {.05, -.05};
        List<NDArray> after = Reference.run(
                in -> {
                    Tensor h = product(in.get(0), in.get(4)).add(in.get(1)).sigmoid();
                    Tensor y = product(in.get(2), h).add(in.get(3)).sigmoid();
                    Tensor loss = in.get(5).sub(y).square().sum().mul(0.5);
                    List<Tensor> weights = in.subList(0, 4);
                    List<Tensor> g = Gradients.of(loss, weights);
                    return IntStream.range(0, 4)
                            .mapToObj(i -> weights.get(i).sub(g.get(i).mul(rate)))
                            .toList();
                },
                Reference.matrix(w1), Reference.vector(b1), Reference.matrix(w2), Reference.vector(b2),
                Reference.vector(x), Reference.vector(target));

        double[] hidden = outputs(w1, b1, x);
        double[] output = outputs(w2, b2, hidden);
        double[] deltaOut = new double[2];
        for (int k = 0; k < 2; k++) {
            deltaOut[k] = output[k] * (1 - output[k]) * (target[k] - output[k]);
        }
        double[] deltaHidden = new double[3];
        for (int j = 0; j < 3; j++) {
            deltaHidden[j] = hidden[j] * (1 - hidden[j]) * (deltaOut[0] * w2[0][j] + deltaOut[1] * w2[1][j]);
        }
        learn(w2, b2, deltaOut, hidden, rate);
        learn(w1, b1, deltaHidden, x, rate);
        Reference.assertClose(Reference.matrix(w1).toDoubles(), after.get(0).toDoubles(), 1e-15);
        Reference.assertClose(b1, after.get(1).toDoubles(), 1e-15);
        Reference.assertClose(Reference.matrix(w2).toDoubles(), after.get(2).toDoubles(), 1e-15);
        Reference.assertClose(b2, after.get(3).toDoubles(), 1e-15);
        assertEquals(Shape.of(3, 2), after.get(0).shape());
    }

    private static double[] outputs(double[][] w, double[] b, double[] x) {
        double[] out = new double[w.length];
        for (int i = 0; i < w.length; i++) {
            double sum = b[i];
            for (int j = 0; j < x.length; j++) {
                sum += w[i][j] * x[j];
            }
            out[i] = 1 / (1 + Math.exp(-sum));
        }
        return out;
    }

    private static void learn(double[][] w, double[] b, double[] delta, double[] input, double rate) {
        for (int i = 0; i < w.length; i++) {
            for (int j = 0; j < input.length; j++) {
                w[i][j] += rate * delta[i] * input[j];
            }
            b[i] += rate * delta[i];
        }
    }
}
