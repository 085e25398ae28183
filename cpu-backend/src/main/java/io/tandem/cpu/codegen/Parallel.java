package io.tandem.cpu.codegen;

/** How a kernel's work is spread over threads. */
@FunctionalInterface
public interface Parallel {
    /** Part of the work: items {@code from} (inclusive) to {@code to} (exclusive). */
    @FunctionalInterface
    interface RangeBody {
        /** Does this part of the work. Called from several threads at once, for ranges that do not overlap. */
        void run(long from, long to);
    }

    /**
     * Calls {@code body} for ranges that together cover items 0 to {@code units}, and returns when all are done.
     *
     * @param units number of items
     * @param grain number of items below which a range is not worth a thread of its own
     * @param body the work; an exception that it throws must reach the caller
     */
    void forEach(long units, long grain, RangeBody body);

    /** Everything on the calling thread, in one range. */
    static Parallel sequential() {
        return (units, grain, body) -> {
            if (units > 0) {
                body.run(0, units);
            }
        };
    }
}
