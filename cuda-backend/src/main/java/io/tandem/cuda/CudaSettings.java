package io.tandem.cuda;

import io.tandem.cuda.lowering.ChannelsLast;
import java.util.Objects;

/**
 * Settings of CUDA devices beside those that all devices have.
 *
 * @param blasWorkspaceBytes memory lent to cuBLAS; results may depend on its size, but not from run to run
 * @param channelsLast which activations have their channels innermost inside of plans
 */
public record CudaSettings(long blasWorkspaceBytes, ChannelsLast.Where channelsLast) {
    /** Checks the size. */
    public CudaSettings {
        Objects.requireNonNull(channelsLast, "channelsLast");
        if (blasWorkspaceBytes < 1) {
            throw new IllegalArgumentException("cuBLAS needs a workspace, not " + blasWorkspaceBytes + " bytes");
        }
    }

    /** The workspace with which cuBLAS has its fastest kernels on every GPU; channels innermost for tensor cores. */
    public static CudaSettings defaults() {
        return new CudaSettings(32L << 20, ChannelsLast.Where.TENSOR_CORES);
    }

    /** These settings with another workspace of cuBLAS. */
    public CudaSettings withBlasWorkspace(long bytes) {
        return new CudaSettings(bytes, channelsLast);
    }

    /** These settings with other layouts of activations. */
    public CudaSettings withChannelsLast(ChannelsLast.Where where) {
        return new CudaSettings(blasWorkspaceBytes, where);
    }
}
