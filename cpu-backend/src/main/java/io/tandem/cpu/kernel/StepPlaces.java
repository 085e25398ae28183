package io.tandem.cpu.kernel;

import java.util.List;

/**
 * Where a step's values lie.
 *
 * @param operands what is read
 * @param results what is written
 * @param scratch memory of this step alone
 */
public record StepPlaces(List<Place> operands, List<Place> results, List<Place> scratch) {
    /** Copies the lists. */
    public StepPlaces {
        operands = List.copyOf(operands);
        results = List.copyOf(results);
        scratch = List.copyOf(scratch);
    }

    /** The only or first result. */
    public Place result() {
        return results.getFirst();
    }
}
