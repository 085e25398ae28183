package io.tandem.onnx;

import io.tandem.graph.Op;
import io.tandem.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/** Padding as ONNX operators. */
record PadNodes(Place place) {

    String pad(Site site, Op.Pad pad, String x) {
        DType dtype = site.node().operand(0).dtype();
        List<Dim> shape = new ArrayList<>(site.operand(0));
        String spread = x;
        for (int axis = 0; axis < shape.size(); axis++) {
            int interior = pad.interior().get(axis);
            if (interior > 0 && !shape.get(axis).equals(Dim.fixed(0))) {
                spread = spread(spread, shape, axis, interior, dtype, pad.value());
            }
        }
        return around(spread, pad.low(), pad.high(), dtype, pad.value());
    }

    /** Padding before and after each axis. */
    String around(String x, List<Integer> low, List<Integer> high, DType dtype, double value) {
        if (low.stream().allMatch(n -> n == 0) && high.stream().allMatch(n -> n == 0)) {
            return x;
        }
        List<Long> pads = new ArrayList<>();
        low.forEach(n -> pads.add(n.longValue()));
        high.forEach(n -> pads.add(n.longValue()));
        return place.add("Pad", x, place.graph().row(pads), place.scalar(dtype, value));
    }

    /** Padding between the elements of an axis: behind each of them, but for the last one. */
    private String spread(String x, List<Dim> shape, int axis, int interior, DType dtype, double value) {
        Dim size = shape.get(axis);
        List<Dim> apart = new ArrayList<>(shape);
        apart.add(axis + 1, Dim.fixed(1));
        List<Integer> none = new ArrayList<>();
        apart.forEach(d -> none.add(0));
        List<Integer> behind = new ArrayList<>(none);
        behind.set(axis + 1, interior);
        String padded = around(place.reshape(x, apart), none, behind, dtype, value);
        long factor = 1L + interior;
        shape.set(axis, new Dim(size.perBatch() * factor, size.constant() * factor));
        String joined = place.reshape(padded, shape);
        shape.set(axis, new Dim(size.perBatch() * factor, size.constant() * factor - interior));
        return place.add(
                "Slice",
                joined,
                place.graph().row(List.of(0L)),
                place.graph().row(List.of((long) -interior)),
                place.graph().row(List.of((long) axis)));
    }
}
