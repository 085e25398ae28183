package io.tandem.cpu.kernel;

/** The threads of a device, as its kernels see them. */
public interface Parallel {
    /** Work of less than about this many bytes is not worth a second thread. */
    long GRAIN_BYTES = 16 * 1024;

    /** A part of a kernel's work; it allocates nothing and must not throw. */
    @FunctionalInterface
    interface Part {
        /**
         * Does units {@code from} (inclusive) to {@code to} (exclusive).
         *
         * @param thread number of the thread, below {@link Parallel#threads}
         */
        void run(int thread, long from, long to);
    }

    /** The number of threads. */
    int threads();

    /**
     * Divides units into one range per thread and returns when all are done.
     *
     * @param units number of units
     * @param bytesPerUnit memory that a unit goes through, which decides how many threads are worth it
     */
    void split(long units, long bytesPerUnit, Part part);

    /** The calling thread alone. */
    static Parallel none() {
        return new Parallel() {
            @Override
            public int threads() {
                return 1;
            }

            @Override
            public void split(long units, long bytesPerUnit, Part part) {
                part.run(0, 0, units);
            }
        };
    }
}
