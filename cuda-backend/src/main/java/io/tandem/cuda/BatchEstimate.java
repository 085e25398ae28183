package io.tandem.cuda;

import io.tandem.compile.Plan;
import io.tandem.tensor.Shape;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * An estimate of how much of a plan's memory grows with the batch. A plan does not say which of its sizes is the batch:
 * it is taken to be the first axis of an input that most of the intermediate values' bytes have as their first axis, or
 * a multiple of it, as after joining batch and time.
 *
 * @param batch the size that is taken for the batch
 * @param share the part of the intermediate values' bytes that grows with it, above 0, at most 1
 */
record BatchEstimate(int batch, double share) {

    /** The estimate for a plan, if one of its inputs has a batch axis. */
    static Optional<BatchEstimate> of(Plan plan) {
        Map<Integer, Long> bytes = new HashMap<>();
        long all = 0;
        for (Plan.Argument argument : plan.arguments()) {
            Shape shape = argument.type().shape();
            if (argument.role() == Plan.Role.INPUT && shape.rank() > 0 && shape.dim(0) > 1) {
                bytes.put(shape.dim(0), 0L);
            }
        }
        for (Plan.Value value : plan.values()) {
            if (value.home() instanceof Plan.Arena) {
                all += value.bytes();
                bytes.replaceAll((size, sum) -> sum + (grows(value.type().shape(), size) ? value.bytes() : 0));
            }
        }
        long total = all;
        return bytes.entrySet().stream()
                .filter(e -> e.getValue() > 0)
                // of two sizes that explain equally much, the larger one: the smaller may be its divisor by chance
                .max(Map.Entry.<Integer, Long>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
                .map(e -> new BatchEstimate(e.getKey(), (double) e.getValue() / total));
    }

    private static boolean grows(Shape shape, int size) {
        return shape.rank() > 0 && shape.dim(0) > 0 && shape.dim(0) % size == 0;
    }

    /**
     * What to do, in a sentence on a line of its own.
     *
     * @param needed bytes that the plan needs with this batch
     * @param free bytes that there are
     */
    String advice(long needed, long free) {
        double growing = needed * share / batch;
        long fits = (long) Math.floor((free - needed * (1 - share)) / growing);
        String basis = "estimated from the values whose first axis is %d: %.0f %% of the plan's memory"
                .formatted(batch, 100 * share);
        if (fits < 1) {
            return "\nNot even a batch of 1 instead of %d would fit (%s). Use a smaller model, or end other programs on this GPU."
                    .formatted(batch, basis);
        }
        return "\nA batch of about %d instead of %d would fit (%s)."
                .formatted(Math.min(fits, batch - 1), batch, basis);
    }
}
