package io.tandem.oracle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Compares Tandem with results of libtorch: every case folder of a directory, by default the test resources, else the
 * one that {@code -Dtandem.oracle} names. Outputs and gradients are compared in float32 and float64.
 */
@Tag("contract")
class OracleTest {
    private static final double TOLERANCE_F32 = 1e-4;
    private static final double TOLERANCE_F64 = 1e-9;

    @Test
    void allCasesAgree() throws IOException, URISyntaxException {
        Optional<String> given = Optional.ofNullable(System.getProperty("tandem.oracle"))
                .filter(s -> !s.isBlank());
        Path directory = given.map(Path::of).orElse(Path.of("src/test/resources/oracle"));
        if (given.isEmpty() && !Files.isDirectory(directory)) {
            directory = Path.of(OracleTest.class.getResource("/oracle").toURI());
        }
        assertTrue(Files.isDirectory(directory), "there is no directory " + directory.toAbsolutePath());
        List<Path> folders;
        try (Stream<Path> files = Files.list(directory)) {
            folders = files.filter(f -> Files.exists(f.resolve("case.json"))).sorted().toList();
        }
        int passed = 0;
        List<String> failed = new ArrayList<>();
        List<String> notCovered = new ArrayList<>();
        for (Path folder : folders) {
            String name = folder.getFileName().toString();
            try {
                OracleCase c = OracleCase.read(folder);
                List<String> differences = new ArrayList<>();
                for (DType dtype : List.of(DType.F32, DType.F64)) {
                    differences.addAll(differences(c, dtype));
                }
                if (differences.isEmpty()) {
                    passed++;
                } else {
                    failed.add(name);
                    System.out.println(name + ": " + String.join("; ", differences));
                }
            } catch (NotCovered e) {
                notCovered.add(name);
                System.out.println(name + ": not covered: " + e.getMessage());
            } catch (RuntimeException e) {
                failed.add(name);
                System.out.println(name + ": " + e);
            }
        }
        System.out.printf(
                "oracle: %d passed, %d failed, %d not covered%n", passed, failed.size(), notCovered.size());
        if (!failed.isEmpty()) {
            System.out.println("failed: " + String.join(", ", failed));
        }
        if (!notCovered.isEmpty()) {
            System.out.println("not covered: " + String.join(", ", notCovered));
        }
        assertFalse(folders.isEmpty(), "no cases in " + directory.toAbsolutePath());
        if (!failed.isEmpty()) {
            fail(failed.size() + " cases failed: " + failed);
        }
        if (given.isEmpty()) {
            assertEquals(List.of(), notCovered);
        }
    }

    private static List<String> differences(OracleCase c, DType dtype) {
        Graph graph = new Graph();
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        Map<String, NDArray> bindings = new LinkedHashMap<>();
        Map<Tensor, NDArray> values = new LinkedHashMap<>();
        for (OracleCase.Input input : c.inputs()) {
            NDArray value = input.as(dtype);
            Tensor tensor = graph.input(input.name(), value.type());
            inputs.put(input.name(), tensor);
            bindings.put(input.name(), value);
            values.put(tensor, value);
        }
        Map<String, Tensor> outputs = c.torch().isEmpty()
                ? OptimizerCase.outputs(c, graph, inputs)
                : torchOutputs(c, graph, inputs, values);
        List<String> expectedNames = new ArrayList<>();
        List<NDArray> expected = new ArrayList<>();
        Tensor sum = null;
        for (OracleCase.Output output : c.outputs()) {
            Tensor y = Optional.ofNullable(outputs.get(output.name()))
                    .orElseThrow(() -> new NotCovered("output " + output.name()));
            graph.output("output " + output.name(), y);
            expectedNames.add("output " + output.name());
            expected.add(output.reference());
            if (output.weight().isPresent()) {
                NDArray weight = output.weight().get().cast(dtype);
                Tensor part = y.mul(graph.constant(weight).reshape(y.shape())).sum();
                sum = sum == null ? part : sum.add(part);
            }
        }
        List<OracleCase.Input> differentiated =
                c.inputs().stream().filter(i -> i.gradient().isPresent()).toList();
        if (!differentiated.isEmpty()) {
            // Without weighted outputs, such as of integers alone, all gradients are zero.
            Tensor loss = sum == null ? graph.constant(dtype, 0) : sum;
            List<Tensor> gradients = Gradients.of(
                    loss, differentiated.stream().map(i -> inputs.get(i.name())).toList());
            for (int i = 0; i < gradients.size(); i++) {
                String name = "gradient of " + differentiated.get(i).name();
                graph.output(name, gradients.get(i));
                expectedNames.add(name);
                expected.add(differentiated.get(i).gradient().orElseThrow());
            }
        }
        Map<String, NDArray> results = new Interpreter().run(graph, bindings);
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < expected.size(); i++) {
            double tolerance = tolerance(c, expectedNames.get(i), dtype);
            difference(expected.get(i), results.get(expectedNames.get(i)), tolerance)
                    .map((expectedNames.get(i) + " (" + dtype + "): ")::concat)
                    .ifPresent(differences::add);
        }
        return differences;
    }

    private static double tolerance(OracleCase c, String name, DType dtype) {
        if (dtype != DType.F64) {
            return TOLERANCE_F32;
        }
        // libtorch's derivative of the hard sigmoid has the factor 1/6 in float32, also for float64.
        boolean rounded = c.torch().stream().anyMatch(l -> l.contains("hardsigmoid")) && name.startsWith("gradient");
        return rounded ? 1e-7 : TOLERANCE_F64;
    }

    private static Map<String, Tensor> torchOutputs(
            OracleCase c, Graph graph, Map<String, Tensor> inputs, Map<Tensor, NDArray> values) {
        TorchProgram program = new TorchProgram(graph, inputs, values);
        c.torch().forEach(program::run);
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        c.outputs().forEach(o -> outputs.put(o.name(), program.tensor(o.name())));
        return outputs;
    }

    /** The first difference, if there is one. */
    static Optional<String> difference(NDArray expected, NDArray actual, double tolerance) {
        if (!expected.shape().equals(actual.shape())) {
            return Optional.of("shape " + actual.shape() + " instead of " + expected.shape());
        }
        Shape shape = expected.shape();
        boolean exact = !expected.dtype().isFloating();
        for (int i = 0; i < shape.size(); i++) {
            double want = expected.getDouble(i);
            double got = actual.getDouble(i);
            boolean same = exact
                    ? expected.getLong(i) == actual.getLong(i) && !actual.dtype().isFloating()
                    : want == got
                            || Double.isNaN(want) && Double.isNaN(got)
                            || Math.abs(want - got) <= tolerance * Math.max(1, Math.abs(want));
            if (!same) {
                return Optional.of("element %d is %s instead of %s".formatted(i, got, want));
            }
        }
        return Optional.empty();
    }
}
