package io.tandem.cuda;

/**
 * Settings of CUDA devices beside those that all devices have.
 *
 * @param graphs whether work is captured into CUDA graphs and replayed; off for debugging
 */
public record CudaSettings(boolean graphs) {
    /** The system property that turns CUDA graphs off with the value {@code false}. */
    public static final String GRAPHS_PROPERTY = "tandem.cuda.graphs";

    /** With CUDA graphs. */
    public static CudaSettings defaults() {
        return new CudaSettings(true);
    }

    /** As the system properties say; where they say nothing, the defaults. */
    public static CudaSettings fromProperties() {
        return new CudaSettings(!"false".equals(System.getProperty(GRAPHS_PROPERTY)));
    }
}
