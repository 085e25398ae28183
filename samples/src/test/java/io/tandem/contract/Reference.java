package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tandem.backend.Device;
import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Devices;
import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.nn.Mode;
import io.tandem.nn.Model;
import io.tandem.nn.Trace;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/** Values of functions and of untrained models, computed by the reference interpreter. */
final class Reference {
    private Reference() {}

    /** A float64 vector. */
    static NDArray vector(double... values) {
        return NDArray.ofDoubles(Shape.of(values.length), values);
    }

    /** A float64 matrix. */
    static NDArray matrix(double[]... rows) {
        double[] flat = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
        return NDArray.ofDoubles(Shape.of(rows.length, rows[0].length), flat);
    }

    /** The results of a function of arrays. */
    static List<NDArray> run(Function<List<Tensor>, List<Tensor>> f, NDArray... arguments) {
        Graph graph = new Graph();
        Map<String, NDArray> values = new LinkedHashMap<>();
        List<Tensor> inputs = IntStream.range(0, arguments.length)
                .mapToObj(i -> {
                    values.put("x" + i, arguments[i]);
                    return graph.input("x" + i, arguments[i].type());
                })
                .toList();
        List<Tensor> results = f.apply(inputs);
        for (int i = 0; i < results.size(); i++) {
            graph.output("y" + i, results.get(i));
        }
        return List.copyOf(new Interpreter().run(graph, values).values());
    }

    /** The values of a function of one array. */
    static double[] map(Function<Tensor, Tensor> f, NDArray x) {
        return run(in -> List.of(f.apply(in.getFirst())), x).getFirst().toDoubles();
    }

    /** A model's first output with its initial values for seed 1. */
    static NDArray predict(Model model, Mode mode, NDArray x) {
        Model.Traced traced = model.trace(mode, x.shape().dim(0));
        Graph graph = traced.trace().graph();
        graph.output("y", traced.outputs().getFirst());
        Map<String, NDArray> values = new LinkedHashMap<>();
        for (Tensor input : graph.inputs()) {
            String name = ((Op.Input) input.node().op()).name();
            values.put(name, switch (name) {
                case "input.0" -> x.cast(input.dtype());
                case Trace.SEED -> NDArray.scalar(1);
                case Trace.COUNTER -> NDArray.scalar(0);
                default -> model.variables().get(name).initialize(1);
            });
        }
        return new Interpreter().run(graph, values).get("y");
    }

    /** All inputs of 0 and 1, in the order of the binary numbers: [2^n, n]. */
    static NDArray truthTable(int inputs) {
        return NDArray.generate(
                TensorType.f32(1 << inputs, inputs),
                i -> i / inputs >> (inputs - 1 - i % inputs) & 1);
    }

    /** The CPU on one thread: for networks whose steps are too small to be shared. */
    static Device oneThread() {
        return Devices.open("cpu", DeviceOptions.defaults().withThreads(1));
    }

    static void assertClose(double[] expected, double[] actual, double tolerance) {
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], tolerance, "element " + i);
        }
    }
}
