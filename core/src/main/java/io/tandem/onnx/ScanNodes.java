package io.tandem.onnx;

import io.tandem.graph.Graph;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The loop as ONNX's Scan. Fixed values are seen from the body by their names; the index is one more scanned value.
 *
 * @param batches the batch size of each trace
 * @param place where the node goes
 */
record ScanNodes(List<Integer> batches, Place place) {

    /**
     * Adds a loop.
     *
     * @param operands the names of its operands
     * @param around the translation of the graph around, which knows what is used
     * @return the names of its results; of stacks that nothing uses only if they cost nothing
     */
    List<String> scan(Site site, Op.Scan scan, List<String> operands, Translation around) {
        Node node = site.node();
        int carries = scan.carries();
        int scanned = scan.scanned();
        if (scan.length() == 0) {
            throw site.error("it is a loop of no iteration");
        }
        OnnxGraph body = place.graph().body(place.graph().fresh("body"));
        List<String> inputs = new ArrayList<>();
        Graph first = scan.body();
        for (int i = 0; i < first.inputs().size(); i++) {
            Tensor input = first.inputs().get(i);
            boolean fixed = i >= carries + scanned && i < first.inputs().size() - 1;
            inputs.add(fixed ? operands.get(i) : body.fresh("step"));
            if (!fixed) {
                body.input(inputs.get(i), input.dtype(), Optional.empty());
            }
        }
        List<String> outputs = new ArrayList<>(new Translation(batches, body).run(site.bodies(), inputs));
        int kept = isAnyUsed(node, outputs.size(), around) ? carries : 0;
        outputs.addAll(inputs.subList(0, kept));
        Set<String> named = new HashSet<>();
        for (int i = 0; i < outputs.size(); i++) {
            // Outputs of a body are results of its own nodes, each of another one.
            String output = outputs.get(i);
            if (!body.produces(output) || !named.add(output)) {
                output = body.node("", "Identity", List.of(output));
            }
            Tensor of = i < first.outputs().size()
                    ? first.outputTensors().get(i)
                    : first.inputs().get(i - first.outputs().size());
            body.output(output, of.dtype(), Optional.empty());
        }
        List<String> in = new ArrayList<>(operands.subList(0, carries + scanned));
        in.add(place.constant(NDArray.generate(TensorType.of(DType.I64, scan.length()), i -> i)));
        List<Integer> direction = List.of(scan.reverse() ? 1 : 0);
        return place.add(
                "Scan",
                in,
                outputs.size(),
                Attribute.graph("body", body.message()),
                Attribute.integer("num_scan_inputs", scanned + 1),
                Attribute.integers("scan_input_directions", repeat(direction, scanned + 1)),
                Attribute.integers("scan_output_directions", repeat(direction, outputs.size() - carries)));
    }

    private static boolean isAnyUsed(Node node, int from, Translation around) {
        return node.results().subList(from, node.results().size()).stream().anyMatch(around::isUsed);
    }

    private static List<Integer> repeat(List<Integer> value, int times) {
        return Collections.nCopies(times, value.getFirst());
    }
}
