package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.autodiff.Grad;
import io.tandem.autodiff.GradientCheck;
import io.tandem.autodiff.Gradients;
import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.data.DataLoader;
import io.tandem.graph.Diagram;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Losses;
import io.tandem.nn.Mode;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Sgd;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sections 3.4 to 3.6: sums of losses, gradients of a user's own, and printed graphs. */
@Tag("contract")
class Contract3_4GradientsTest {
    /** 3.4 */
    @Test
    void theGradientOfASumIsTheSumOfGradients() {
        NDArray w = Reference.vector(0.3, -1.2, 2);
        UnaryOperator<Tensor> first = x -> x.square().mul(x).sum();
        UnaryOperator<Tensor> second = x -> x.sin().exp().sum();
        double[] a = Reference.map(Grad.grad(first), w);
        double[] b = Reference.map(Grad.grad(second), w);
        double[] both = Reference.map(Grad.grad(x -> first.apply(x).add(second.apply(x))), w);
        for (int i = 0; i < 3; i++) {
            assertEquals(a[i] + b[i], both[i], 1e-14);
        }
    }

    /** 3.4: batches of 5, 5 and 2 whose gradients are added up, and one batch of 12. */
    @Test
    void accumulatedBatchesEqualTheBigOne() {
        Random random = new Random(2);
        NDArray x = NDArray.generate(TensorType.of(DType.F64, 12, 3), i -> random.nextGaussian());
        NDArray y = NDArray.generate(TensorType.of(DType.F64, 12, 2), i -> random.nextGaussian());
        Model model = Model.of(
                Sequential.of(Dense.of(4), Activation.tanh(), Dense.of(2)),
                TensorType.of(DType.F64, 3));
        Training training = Training.of(model, Losses.meanSquaredError(), Sgd.of(0.1));
        try (Device device = Device.of("reference");
                State small = State.of(model, device, 1);
                State big = State.of(model, device, 1)) {
            ArrayDataset data = ArrayDataset.of(x, y);
            Trainer.of(training.withAccumulation(3)).fit(small, DataLoader.of(data, 5), 4);
            Trainer.of(training).fit(big, DataLoader.of(data, 12), 4);
            model.variables().keySet().forEach(path -> assertArrayEquals(
                    big.get(path).toDoubles(), small.get(path).toDoubles(), 1e-14, path));
        }
    }

    /** 3.5: a user's function with a gradient of its own, checked like any other; a wrong one is found. */
    @Test
    void customGradients() {
        UnaryOperator<Tensor> cube = Grad.custom(
                "cube", x -> x.mul(x).mul(x), (values, g) -> g.mul(values.argument().square()).mul(3));
        NDArray at = Reference.vector(0.5, -1, 2);
        assertArrayEquals(new double[] {0.75, 3, 12}, Reference.map(Grad.grad(x -> cube.apply(x).sum()), at), 1e-15);
        assertTrue(GradientCheck.check("cube", in -> List.of(cube.apply(in.getFirst())), List.of(at)).passed());
        UnaryOperator<Tensor> wrong = Grad.custom(
                "wrong cube", x -> x.mul(x).mul(x), (values, g) -> g.mul(values.argument().square()).mul(2));
        assertFalse(GradientCheck.check("wrong", in -> List.of(wrong.apply(in.getFirst())), List.of(at)).passed());
        // Reversed on the way back: f(x) = x with gradient -1.
        UnaryOperator<Tensor> reversed = Grad.custom("reversal", x -> x, (values, g) -> g.neg());
        assertArrayEquals(
                new double[] {-1, -1, -1}, Reference.map(Grad.grad(x -> reversed.apply(x).sum()), at));
    }

    /** 3.6: equal models print equal text, forward and backward; DOT has a cluster per layer. */
    @Test
    void graphsArePrinted() {
        String text = step().toString();
        assertEquals(text, step().toString());
        assertTrue(text.contains("input.0") && text.contains("matmul") && text.contains("tanh"), text);
        // The gradient of a dense layer's weights is a product too: three in all, with that of the second input.
        assertTrue(text.lines().filter(l -> l.contains("matmul")).count() >= 4, text);
        String dot = Diagram.of(step()).dot();
        assertTrue(dot.startsWith("digraph"), dot);
        assertEquals(dot, Diagram.of(step()).dot());
        assertTrue(dot.contains("subgraph cluster_0") && dot.contains("->"), dot);
        // A box for each node, and one for each output.
        long boxes = (long) step().nodes().size() + step().outputs().size();
        assertEquals(boxes, dot.lines().filter(l -> l.matches("\\s+n\\d+ \\[label=.*")).count());
    }

    private static Graph step() {
        Model model = Model.of(Sequential.of(Dense.of(3), Activation.tanh(), Dense.of(1)), 2);
        Model.Traced traced = model.trace(Mode.TRAINING, 4);
        Graph graph = traced.trace().graph();
        Tensor target = graph.input("target", TensorType.f32(4, 1));
        Tensor loss = Losses.meanSquaredError().of(traced.outputs().getFirst(), target);
        List<Tensor> params = List.copyOf(traced.trace().params().values());
        graph.output("loss", loss);
        List<Tensor> gradients = Gradients.of(loss, params);
        for (int i = 0; i < params.size(); i++) {
            graph.output("gradient." + i, gradients.get(i));
        }
        return graph;
    }
}
