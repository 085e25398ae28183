package io.tandem.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.autodiff.Gradients;
import io.tandem.backend.Executable;
import io.tandem.backend.Profile;
import io.tandem.graph.CompositeKind;
import io.tandem.graph.Composites;
import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CostTest {
    private static Plan plan(Graph graph) {
        return new Compiler(new Lowering() {}, true).compile(graph.freeze(), Map.of());
    }

    @Test
    void productsCountMultiplicationsAndAdditions() {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(3, 4));
        graph.output("y", x.matmul(graph.input("w", TensorType.f32(4, 5))));
        assertEquals(new Cost(2 * 3 * 4 * 5, 4 * (12 + 20 + 15)), Cost.of(plan(graph)));
    }

    @Test
    void convolutionsCountWhatEachOutputTakes() {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(2, 4, 6));
        Tensor w = graph.input("w", TensorType.f32(8, 2, 3));
        ConvolutionGeometry geometry =
                new ConvolutionGeometry(List.of(1), List.of(0), List.of(0), List.of(1), 2);
        graph.output("y", graph.add(new Op.Convolution(geometry, DType.F32), x, w));
        assertEquals(2L * (2 * 8 * 4) * (2 * 3), Cost.of(plan(graph)).flops());
    }

    @Test
    void kernelsCountEachFunctionPerElementAndPerRow() {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(5, 7));
        // A square and its sum per element, a root per row.
        graph.output("y", x.mul(x).sum(1).sqrt());
        assertEquals(new Cost(2 * 35 + 5, 4 * (35 + 5)), Cost.of(plan(graph)));
    }

    /** Products of the forward step are not counted again, those with gates' cotangents are: two for each operand. */
    @Test
    void aNativeGradientCountsWhatDependsOnCotangents() {
        Graph graph = new Graph();
        List<Tensor> in = List.of(
                graph.input("x", TensorType.f32(50, 32, 24)),
                graph.input("h", TensorType.f32(32, 40)),
                graph.input("c", TensorType.f32(32, 40)),
                graph.input("wx", TensorType.f32(160, 24)),
                graph.input("wh", TensorType.f32(160, 40)),
                graph.input("b", TensorType.f32(160)));
        Tensor y = Composites.lstm(in.get(0), in.get(1), in.get(2), in.get(3), in.get(4), in.get(5), false)
                .getFirst();
        List<Tensor> gradients = Gradients.gradients(
                List.of(y), List.of(graph.input("dy", y.type())), List.of(in.get(0), in.get(3), in.get(4), in.get(5)));
        for (int i = 0; i < gradients.size(); i++) {
            graph.output("d" + i, gradients.get(i));
        }
        Lowering whole = new Lowering() {
            @Override
            public Support composite(CompositeKind kind, List<TensorType> operands) {
                return Support.PAIR;
            }
        };
        Plan plan = new Compiler(whole, true).compile(graph.freeze(), Map.of());
        long products = 2L * 50 * 32 * 160 * (24 + 40) * 2;
        long flops = plan.steps().stream()
                .filter(step -> step.label().startsWith("lstm-gradient"))
                .mapToLong(step -> Cost.of(step).flops())
                .sum();
        assertTrue(flops > products && flops < 1.15 * products, flops + " for products of " + products);
    }

    @Test
    void aVerdictNamesTheNearestLimit() {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(64, 64));
        graph.output("y", x.matmul(x));
        Plan.Step step = plan(graph).steps().getFirst();
        Cost cost = Cost.of(step);
        Profile.Peaks peaks = new Profile.Peaks(1e9, 1e9);
        double atPeak = cost.flops() / 1e9;
        Profile fast = profile(step, atPeak, peaks);
        assertEquals("compute (100 %)", fast.verdict(fast.rows().getFirst()));
        Profile slow = profile(step, 10 * atPeak, peaks);
        assertEquals("latency (10 %)", slow.verdict(slow.rows().getFirst()));
        Profile manyFlops = profile(step, cost.bytes() / 1e9, new Profile.Peaks(1e15, 1e9));
        assertEquals("memory (100 %)", manyFlops.verdict(manyFlops.rows().getFirst()));
        Profile tiny = profile(step, 1e-6, new Profile.Peaks(1e15, 1e15));
        assertEquals("launch", tiny.verdict(tiny.rows().getFirst()));
        assertTrue(fast.table(5).contains("compute (100 %)"), fast.table(5));
    }

    @Test
    void aProfileTakesTheMedianOfRuns() {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(2, 2));
        graph.output("y", x.matmul(x));
        Plan.Step step = plan(graph).steps().getFirst();
        List<List<Executable.StepTime>> runs = List.of(
                List.of(new Executable.StepTime(step, "a", 9)),
                List.of(new Executable.StepTime(step, "a", 2)),
                List.of(new Executable.StepTime(step, "a", 1)));
        assertEquals(2, Profile.of(runs, new Profile.Peaks(1, 1)).seconds());
    }

    private static Profile profile(Plan.Step step, double seconds, Profile.Peaks peaks) {
        return Profile.of(List.of(List.of(new Executable.StepTime(step, "kernel", seconds))), peaks);
    }
}
