package io.tandem.cuda;

/**
 * Settings of CUDA devices beside those that all devices have.
 *
 * @param graphs whether work is captured into CUDA graphs and replayed; off for debugging
 * @param blasWorkspaceBytes memory lent to cuBLAS; results may depend on its size, but not from run to run
 */
public record CudaSettings(boolean graphs, long blasWorkspaceBytes) {
    /** The system property that turns CUDA graphs off with the value {@code false}. */
    public static final String GRAPHS_PROPERTY = "tandem.cuda.graphs";

    /** Checks the size. */
    public CudaSettings {
        if (blasWorkspaceBytes < 1) {
            throw new IllegalArgumentException("cuBLAS needs a workspace, not " + blasWorkspaceBytes + " bytes");
        }
    }

    /** With CUDA graphs, and the workspace with which cuBLAS has its fastest kernels on every GPU. */
    public static CudaSettings defaults() {
        return new CudaSettings(true, 32L << 20);
    }

    /** As the system properties say; where they say nothing, the defaults. */
    public static CudaSettings fromProperties() {
        return defaults().withGraphs(!"false".equals(System.getProperty(GRAPHS_PROPERTY)));
    }

    /** These settings with or without CUDA graphs. */
    public CudaSettings withGraphs(boolean on) {
        return new CudaSettings(on, blasWorkspaceBytes);
    }

    /** These settings with another workspace of cuBLAS. */
    public CudaSettings withBlasWorkspace(long bytes) {
        return new CudaSettings(graphs, bytes);
    }
}
