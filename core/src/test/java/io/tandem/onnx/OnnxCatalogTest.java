package io.tandem.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import io.tandem.conformance.OnnxEngine;
import io.tandem.conformance.OpCase;
import io.tandem.conformance.OpCatalog;
import io.tandem.conformance.Tolerance;
import io.tandem.graph.Graph;
import io.tandem.graph.GraphException;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every operation of the catalog that ONNX can say, in ONNX Runtime. */
class OnnxCatalogTest {
    /** What ONNX leaves open: numbers that do not fit their new type, sums that overflow, maxima with NaN. */
    private static final Pattern OPEN = Pattern.compile(
            "cast/special f(32|64) to i(32|64)|reduce/sum near the largest int|arg-reduce/largest with NaN"
                    + "|reduce/(max|min) of special numbers, axis .|pool/max of special numbers");

    @BeforeEach
    void requireEngine() {
        OnnxEngine.require();
    }

    /** Whether ONNX has no counterpart for an operation. */
    private static boolean isUnsaid(Op op) {
        return switch (op) {
            case Op.Random r -> true;
            case Op.ConvolutionFilterGradient c -> true;
            case Op.PoolGradient p -> true;
            case Op.PoolPick p -> true;
            case Op.Scan scan -> scan.length() == 0;
            default -> false;
        };
    }

    private static byte[] export(Graph graph) throws IOException {
        OnnxGraph onnx = OnnxGraph.of("case");
        List<String> inputs = new ArrayList<>();
        for (Tensor input : graph.inputs()) {
            inputs.add("x" + inputs.size());
            List<Dim> shape = input.shape().dims().stream().map(Dim::fixed).toList();
            onnx.input(inputs.getLast(), input.dtype(), Optional.of(shape));
        }
        List<String> outputs = new Translation(List.of(1), onnx).run(List.of(graph), inputs);
        for (int i = 0; i < outputs.size(); i++) {
            onnx.nodeTo("Identity", List.of(outputs.get(i)), List.of("y" + i), List.of());
            onnx.output("y" + i, graph.outputTensors().get(i).dtype(), Optional.empty());
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new OnnxModel(onnx, "").write(out);
        return out.toByteArray();
    }

    /** ONNX Runtime computes nothing in bfloat16 on CPUs. */
    private static boolean hasBfloat16(Graph graph) {
        return graph.nodes().stream()
                .map(Node::types)
                .flatMap(List::stream)
                .anyMatch(type -> type.dtype() == DType.BF16);
    }

    @Test
    void everyCaseIsEqualInOnnxRuntimeOrRefused() throws IOException, OrtException {
        List<String> faults = new ArrayList<>();
        Set<Class<?>> compared = new HashSet<>();
        for (OpCase row : OpCatalog.cases()) {
            Graph graph = row.graph();
            List<Op> operations = OpCatalog.operations(graph);
            if (operations.stream().anyMatch(OnnxCatalogTest::isUnsaid)) {
                GraphException refusal = assertThrows(GraphException.class, () -> export(graph), row::name);
                assertTrue(refusal.getMessage().contains("cannot be exported"), refusal::getMessage);
            } else if (!hasBfloat16(graph) && !OPEN.matcher(row.name()).matches()) {
                // Engines round elsewhere, and have shorter approximations for the tails of functions.
                Tolerance tolerance =
                        new Tolerance(row.tolerance().relative() * 8, row.tolerance().absolute() * 8 + 2);
                OpCase looser = row.tolerance().equals(Tolerance.EXACT) ? row : row.within(tolerance);
                try (OnnxEngine engine = OnnxEngine.of(export(graph))) {
                    looser.mismatch(row.expected(), engine.run(row.bindings())).ifPresent(faults::add);
                }
                operations.forEach(op -> compared.add(op.getClass()));
            }
        }
        assertEquals(List.of(), faults);
        Set<Class<?>> missing = new HashSet<>(Set.of(Op.class.getPermittedSubclasses()));
        missing.removeAll(compared);
        assertEquals(
                Set.of(Op.Random.class, Op.ConvolutionFilterGradient.class, Op.PoolGradient.class, Op.PoolPick.class),
                missing);
    }
}
