package io.tandem.cuda.lowering;

import java.util.List;

/**
 * The memory of one step.
 *
 * @param operands what it reads
 * @param results what it writes
 * @param scratch what it may use
 */
record StepPlaces(List<Place> operands, List<Place> results, List<Place> scratch) {
    /** Copies the lists. */
    StepPlaces {
        operands = List.copyOf(operands);
        results = List.copyOf(results);
        scratch = List.copyOf(scratch);
    }

    Place operand(int i) {
        return operands.get(i);
    }

    Place result(int i) {
        return results.get(i);
    }
}
