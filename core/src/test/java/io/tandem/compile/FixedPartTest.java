package io.tandem.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FixedPartTest {
    private final Graph graph = new Graph();
    private final Tensor x = graph.input("x", TensorType.f32(5, 3));
    private final Tensor w = graph.input("w", TensorType.f32(4, 3));

    private Optional<FixedPart> parts() {
        return FixedPart.of(graph.freeze(), Set.of("w", "v")::contains);
    }

    private static Map<String, NDArray> run(Graph graph, Map<String, NDArray> values) {
        Map<String, NDArray> inputs = new HashMap<>();
        for (Tensor input : graph.inputs()) {
            String name = ((Op.Input) input.node().op()).name();
            inputs.put(name, values.get(name));
        }
        return new Interpreter().run(graph, inputs);
    }

    /** Both parts together compute what the graph does. */
    private void requireSame(FixedPart parts) {
        Map<String, NDArray> values = new HashMap<>();
        for (Tensor input : graph.inputs()) {
            String name = ((Op.Input) input.node().op()).name();
            values.put(name, NDArray.generate(input.type(), i -> Math.sin(i + name.hashCode())));
        }
        Map<String, NDArray> expected = run(graph, values);
        values.putAll(run(parts.fixed(), values));
        assertEquals(expected, run(parts.rest(), values));
    }

    private static List<String> inputs(Graph graph) {
        return graph.inputs().stream()
                .map(t -> ((Op.Input) t.node().op()).name())
                .sorted()
                .toList();
    }

    @Test
    void aRoundedWeightIsCutBeforeItIsMoved() {
        Tensor rounded = w.cast(DType.BF16);
        graph.output("y", x.cast(DType.BF16).matmul(rounded.transpose()));
        graph.output("z", rounded.sum());
        FixedPart parts = parts().orElseThrow();
        assertEquals(List.of("w"), inputs(parts.fixed()));
        assertTrue(parts.fixed().outputTensors().stream().map(Tensor::type).toList()
                .contains(TensorType.of(DType.BF16, 4, 3)));
        assertEquals(1, parts.rest().nodes().stream().filter(n -> n.op() instanceof Op.Cast).count());
        requireSame(parts);
    }

    @Test
    void whatIsMovedOrRepeatedOnlyStays() {
        Tensor v = graph.input("v", TensorType.f32(4));
        graph.output("y", x.matmul(w.transpose()).add(v.broadcastTo(Shape.of(5, 4))));
        assertEquals(Optional.empty(), parts());
    }

    @Test
    void nothingFollowsFromWhatChanges() {
        graph.output("y", x.cast(DType.BF16));
        graph.output("w", w);
        assertEquals(Optional.empty(), parts());
    }

    @Test
    void whatIsLargerThanItsSourcesIsComputedFromWhatIsNot() {
        Tensor v = graph.input("v", TensorType.f32(4));
        Tensor exponential = v.exp();
        Tensor outer = exponential.reshape(4, 1).mul(exponential.reshape(1, 4));
        graph.output("y", x.matmul(w.transpose()).matmul(outer));
        FixedPart parts = parts().orElseThrow();
        assertEquals(
                List.of(TensorType.f32(4)),
                parts.fixed().outputTensors().stream().map(Tensor::type).toList());
        assertEquals(List.of("fixed:0", "w", "x"), inputs(parts.rest()));
        requireSame(parts);
    }

    @Test
    void normalizedWeightsAreKept() {
        Tensor v = graph.input("v", TensorType.f32(4));
        Tensor norm = w.square().sum(1).sqrt();
        graph.output("y", x.matmul(w.mul(v.div(norm).reshape(4, 1)).transpose()));
        FixedPart parts = parts().orElseThrow();
        assertEquals(
                List.of(w.type()),
                parts.fixed().outputTensors().stream().map(Tensor::type).toList());
        assertEquals(List.of("fixed:0", "x"), inputs(parts.rest()));
        assertTrue(parts.rest().nodes().size() <= 5);
        requireSame(parts);
    }
}
