package io.tandem.onnx;

import io.tandem.graph.Node;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;

/**
 * Recurrent layers as ONNX operators. These have an axis of directions, and their gates in another order, so the weights are
 * reordered by the file's graph; engines do that once, when they read it.
 */
record RecurrentNodes(Place place) {
    /** Of input, forget, cell, output: input, output, forget, cell. */
    private static final List<Integer> LSTM_GATES = List.of(0, 3, 1, 2);
    /** Of reset, update, new: update, reset, new. */
    private static final List<Integer> GRU_GATES = List.of(1, 0, 2);

    /** All h, last h, last c. */
    List<String> lstm(Node node, boolean reverse, List<String> in) {
        int hidden = node.operand(1).dim(-1);
        String noBias = place.constant(NDArray.zeros(new TensorType(node.operand(5).dtype(), Shape.of(4 * hidden))));
        List<String> results = place.add(
                "LSTM",
                List.of(
                        in.get(0),
                        gates(in.get(3), LSTM_GATES, hidden),
                        gates(in.get(4), LSTM_GATES, hidden),
                        bias(in.get(5), noBias, LSTM_GATES, hidden),
                        "",
                        place.unsqueeze(in.get(1), 0),
                        place.unsqueeze(in.get(2), 0)),
                3,
                Attribute.integer("hidden_size", hidden),
                direction(reverse));
        return List.of(
                place.squeeze(results.get(0), 1), place.squeeze(results.get(1), 0), place.squeeze(results.get(2), 0));
    }

    /** All h, last h. */
    List<String> gru(Node node, boolean reverse, List<String> in) {
        int hidden = node.operand(1).dim(-1);
        List<String> results = place.add(
                "GRU",
                List.of(
                        in.get(0),
                        gates(in.get(2), GRU_GATES, hidden),
                        gates(in.get(3), GRU_GATES, hidden),
                        bias(in.get(4), in.get(5), GRU_GATES, hidden),
                        "",
                        place.unsqueeze(in.get(1), 0)),
                2,
                Attribute.integer("hidden_size", hidden),
                Attribute.integer("linear_before_reset", 1),
                direction(reverse));
        return List.of(place.squeeze(results.get(0), 1), place.squeeze(results.get(1), 0));
    }

    private static Attribute direction(boolean reverse) {
        return Attribute.text("direction", reverse ? "reverse" : "forward");
    }

    private String gates(String weight, List<Integer> order, int hidden) {
        return place.unsqueeze(reordered(weight, order, hidden), 0);
    }

    private String bias(String input, String recurrent, List<Integer> order, int hidden) {
        String joined = place.add(
                "Concat",
                List.of(reordered(input, order, hidden), reordered(recurrent, order, hidden)),
                Attribute.integer("axis", 0));
        return place.unsqueeze(joined, 0);
    }

    private String reordered(String weight, List<Integer> order, int hidden) {
        List<Long> rows = new ArrayList<>();
        for (int gate : order) {
            for (int i = 0; i < hidden; i++) {
                rows.add((long) gate * hidden + i);
            }
        }
        return place.add("Gather", List.of(weight, place.graph().row(rows)), Attribute.integer("axis", 0));
    }
}
