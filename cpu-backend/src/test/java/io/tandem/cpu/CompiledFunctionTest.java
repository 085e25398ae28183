package io.tandem.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.CompiledFunction;
import io.tandem.backend.Device;
import io.tandem.graph.Graph;
import io.tandem.graph.GraphException;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CompiledFunctionTest {
    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void isTracedOncePerTypes(String name) {
        List<List<Integer>> traced = new ArrayList<>();
        try (Device device = Device.of(name);
                CompiledFunction f = CompiledFunction.of(device, in -> {
                    traced.add(in.getFirst().shape().dims());
                    return List.of(in.get(0).add(in.get(1)), in.get(0).mul(2));
                })) {
            List<NDArray> results = f.run(NDArray.of(Shape.of(2), 1, 2), NDArray.of(Shape.of(2), 10, 20));
            assertArrayEquals(new float[] {11, 22}, results.get(0).toFloats());
            assertArrayEquals(new float[] {2, 4}, results.get(1).toFloats());
            f.run(NDArray.of(Shape.of(2), 3, 4), NDArray.of(Shape.of(2), 1, 1));
            f.run(NDArray.of(Shape.of(3), 3, 4, 5), NDArray.of(Shape.of(3), 1, 1, 1));
            assertEquals(List.of(List.of(2), List.of(3)), traced);
            assertTrue(assertThrows(GraphException.class, () -> f.apply(results.get(0), results.get(1)))
                    .getMessage()
                    .contains("2 results"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void argumentsMayBeUnusedOrResultsThemselves(String name) {
        try (Device device = Device.of(name);
                CompiledFunction f = CompiledFunction.of(device, in -> List.of(in.get(0), in.get(0)))) {
            List<NDArray> results = f.run(NDArray.of(Shape.of(2), 1, 2), NDArray.of(Shape.of(1), 9));
            assertArrayEquals(new float[] {1, 2}, results.get(0).toFloats());
            assertArrayEquals(new float[] {1, 2}, results.get(1).toFloats());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void memoryComesBackAndMistakesAreTold(String name) {
        try (Device device = Device.of(name)) {
            long before = device.allocatedBytes();
            CompiledFunction f = CompiledFunction.of(device, in -> List.of(in.getFirst().sum()));
            assertEquals(6, f.apply(NDArray.of(Shape.of(3), 1, 2, 3)).item());
            f.close();
            assertEquals(before, device.allocatedBytes());
            NDArray one = NDArray.of(Shape.of(1), 1);
            assertThrows(IllegalStateException.class, () -> f.apply(one));
            Graph other = new Graph();
            try (CompiledFunction foreign = CompiledFunction.of(
                    device, in -> List.of(other.input("x" + other.inputs().size(), TensorType.f32(1))));
                    CompiledFunction nothing = CompiledFunction.of(device, in -> List.of());
                    CompiledFunction gather =
                            CompiledFunction.of(device, in -> List.of(in.get(0).gather(0, in.get(1))))) {
                assertTrue(assertThrows(GraphException.class, () -> foreign.apply(one))
                        .getMessage()
                        .contains("another graph"));
                assertTrue(assertThrows(GraphException.class, () -> nothing.run(one))
                        .getMessage()
                        .contains("at least one result"));
                assertTrue(assertThrows(
                        IllegalArgumentException.class, () -> gather.apply(one, NDArray.ofInts(Shape.of(1), 5)))
                        .getMessage()
                        .contains("5"));
            }
        }
    }
}
