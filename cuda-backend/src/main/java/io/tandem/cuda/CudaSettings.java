package io.tandem.cuda;

/**
 * Settings of CUDA devices beside those that all devices have.
 *
 * @param blasWorkspaceBytes memory lent to cuBLAS; results may depend on its size, but not from run to run
 */
public record CudaSettings(long blasWorkspaceBytes) {
    /** Checks the size. */
    public CudaSettings {
        if (blasWorkspaceBytes < 1) {
            throw new IllegalArgumentException("cuBLAS needs a workspace, not " + blasWorkspaceBytes + " bytes");
        }
    }

    /** The workspace with which cuBLAS has its fastest kernels on every GPU. */
    public static CudaSettings defaults() {
        return new CudaSettings(32L << 20);
    }

    /** These settings with another workspace of cuBLAS. */
    public CudaSettings withBlasWorkspace(long bytes) {
        return new CudaSettings(bytes);
    }
}
