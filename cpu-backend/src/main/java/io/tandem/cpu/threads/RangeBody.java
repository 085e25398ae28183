package io.tandem.cpu.threads;

/** What a parallel loop does with a part of its items. */
@FunctionalInterface
public interface RangeBody {
    /**
     * Works on some neighbouring items. It should allocate little and must not call {@link Workers#parallel} of the
     * same workers; memory segments it touches must be accessible from any thread (a confined arena's are not).
     *
     * @param part which part of the loop this is, from 0 to below {@link Workers#threads()}; no two parts with the same
     *     number run at once, so it may choose scratch memory
     * @param from first item
     * @param to end of the items, exclusive
     */
    void run(int part, long from, long to);
}
