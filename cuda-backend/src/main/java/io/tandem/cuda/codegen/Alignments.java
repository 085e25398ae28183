package io.tandem.cuda.codegen;

import java.util.Collections;
import java.util.List;

/**
 * What is known of the addresses that a kernel will be launched with.
 *
 * @param operands a divisor of each operand's address, in bytes
 * @param results a divisor of each result's address, in bytes
 */
public record Alignments(List<Long> operands, List<Long> results) {
    /** Copies the lists. */
    public Alignments {
        operands = List.copyOf(operands);
        results = List.copyOf(results);
    }

    /** Addresses as allocations have them: multiples of 256. */
    public static Alignments full(int operands, int results) {
        return new Alignments(Collections.nCopies(operands, 256L), Collections.nCopies(results, 256L));
    }
}
