package io.tandem.cpu.onednn;

import java.util.List;

/**
 * A weighted sum of tensors of one size. Arguments: {@link Argument#source(int)} for each term, {@link Argument#DST}.
 *
 * @param factors one per term
 * @param terms the tensors
 * @param dst the result
 */
public record Sum(List<Float> factors, List<MemoryDescriptor> terms, MemoryDescriptor dst) implements Operation {
    /** Checks sizes. */
    public Sum {
        factors = List.copyOf(factors);
        terms = List.copyOf(terms);
        if (terms.isEmpty() || factors.size() != terms.size()
                || !terms.stream().allMatch(t -> t.sameDims(dst.dims()))) {
            throw new IllegalArgumentException("sum: " + terms + " times " + factors + " -> " + dst
                    + ": one factor per term and equal sizes are needed");
        }
    }
}
