package io.tandem.onnx;

import java.util.List;
import java.util.Optional;

/** A size that may follow the batch size: {@code perBatch * batch + constant}. */
record Dim(long perBatch, long constant) {
    static Dim fixed(long value) {
        return new Dim(0, value);
    }

    boolean isFixed() {
        return perBatch == 0;
    }

    boolean isBatch() {
        return perBatch == 1 && constant == 0;
    }

    /** The size that has these values at these batch sizes, if there is one. */
    static Optional<Dim> fit(List<Integer> batches, List<Long> values) {
        if (values.stream().distinct().count() == 1) {
            return Optional.of(fixed(values.getFirst()));
        }
        long slope = (values.get(1) - values.get(0)) / (batches.get(1) - batches.get(0));
        Dim dim = new Dim(slope, values.get(0) - slope * batches.get(0));
        for (int i = 0; i < values.size(); i++) {
            if (dim.perBatch * batches.get(i) + dim.constant != values.get(i)) {
                return Optional.empty();
            }
        }
        return Optional.of(dim);
    }
}
