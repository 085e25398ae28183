package io.tandem.samples.data;

/** Told how far a download has come. */
@FunctionalInterface
public interface Progress {
    /** Tells nobody. */
    Progress SILENT = (name, done, total) -> {};

    /**
     * Called now and then while a file arrives, and at its end with {@code done == total}.
     *
     * @param name name of the file
     * @param done bytes so far
     * @param total bytes of the whole file, or -1 if the server does not say
     */
    void report(String name, long done, long total);
}
