package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tandem.autodiff.Grad;
import io.tandem.backend.CompiledFunction;
import io.tandem.backend.Device;
import io.tandem.graph.Tensor;
import io.tandem.tensor.NDArray;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Section 3.2: logistic regression as a plain Java lambda. */
@Tag("contract")
class Contract3_2LogisticRegressionTest {
    private static final NDArray X =
            Reference.matrix(new double[] {1, .5, -.35}, new double[] {1, -.1, .1}, new double[] {1, -1.2, 1});
    private static final NDArray Y = Reference.vector(0, 0, 1);
    private static final NDArray W = Reference.vector(0, -1, 1);

    private static Tensor probabilities(Tensor x, Tensor w) {
        return x.matmul(w.expandDims(1)).squeeze(1).sigmoid();
    }

    /** The mean negative log-likelihood of (X, y, w). */
    private static final Grad.TensorFunction LOSS = a -> {
        Tensor p = probabilities(a[0], a[2]);
        return a[1].mul(p.log()).add(a[1].rsub(1).mul(p.rsub(1).log())).mean().neg();
    };

    private static Tensor gradient(List<Tensor> in) {
        return Grad.grad(LOSS, 2).apply(in.toArray(Tensor[]::new));
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void gradientStepAndHessian(String name) {
        try (Device device = Device.of(name);
                CompiledFunction f = CompiledFunction.of(device, in -> {
                    Tensor x = in.get(0);
                    Tensor y = in.get(1);
                    Tensor w = in.get(2);
                    Tensor p = probabilities(x, w);
                    Tensor byHand = x.matmul(p.sub(y).expandDims(1), true, false).squeeze(1).div(3);
                    Tensor automatic = gradient(in);
                    Tensor after = w.sub(automatic.mul(3));
                    Tensor hessian = Grad.hessian(v -> LOSS.apply(x, y, v)).apply(w);
                    return List.of(
                            LOSS.apply(x, y, w), p, byHand, automatic, after, LOSS.apply(x, y, after), hessian);
                })) {
            List<NDArray> r = f.run(X, Y, W);
            double[] expected = {0.24983879, 0.07147787, -0.04985620};
            assertEquals(0.41969575, r.get(0).item(), 5e-9);
            Reference.assertClose(new double[] {.29943286, .54983400, .90024951}, r.get(1).toDoubles(), 5e-9);
            Reference.assertClose(expected, r.get(2).toDoubles(), 5e-9);
            Reference.assertClose(expected, r.get(3).toDoubles(), 5e-9);
            Reference.assertClose(
                    new double[] {-.74951637, -1.21443362, 1.14956859}, r.get(4).toDoubles(), 6e-9);
            assertEquals(0.25768897, r.get(5).item(), 5e-9);
            Reference.assertClose(
                    new double[] {
                        .18236324, -.00920855, .0137105, -.00920855, .06141028, -.04898193, .0137105, -.04898193,
                        .03932422
                    },
                    r.get(6).toDoubles(),
                    5e-9);
        }
    }

    /** Gradient of a gradient, row by row, is the Hessian too. */
    @Test
    void gradientOfGradient() {
        NDArray hessian = Reference.run(
                in -> List.of(Tensor.stack(
                        0,
                        IntStream.range(0, 3)
                                .mapToObj(i -> Grad.grad(
                                        (Tensor w) -> gradient(List.of(in.get(0), in.get(1), w)).at(0, i))
                                        .apply(in.get(2)))
                                .toList())),
                X, Y, W)
                .getFirst();
        assertEquals(.18236324, hessian.getDouble(0), 5e-9);
        assertEquals(-.04898193, hessian.getDouble(5), 5e-9);
        assertEquals(.03932422, hessian.getDouble(8), 5e-9);
    }
}
