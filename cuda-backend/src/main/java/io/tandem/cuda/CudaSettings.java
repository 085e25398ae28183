package io.tandem.cuda;

import io.tandem.cuda.lowering.ChannelsLast;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * Settings of CUDA devices beside those that all devices have.
 *
 * @param blasWorkspaceBytes memory lent to cuBLAS; results may depend on its size, but not from run to run
 * @param channelsLast which activations have their channels innermost inside of plans
 * @param recomputedFrom size in bytes from which on values of the forward pass may be computed again in the backward pass
 *     instead of being kept for it, where that is cheap; empty for none
 */
public record CudaSettings(
        long blasWorkspaceBytes, ChannelsLast.Where channelsLast, OptionalLong recomputedFrom) {
    /** Checks the size. */
    public CudaSettings {
        Objects.requireNonNull(channelsLast, "channelsLast");
        Objects.requireNonNull(recomputedFrom, "recomputedFrom");
        if (blasWorkspaceBytes < 1) {
            throw new IllegalArgumentException("cuBLAS needs a workspace, not " + blasWorkspaceBytes + " bytes");
        }
    }

    /**
     * The workspace with which cuBLAS has its fastest kernels on every GPU; channels innermost for tensor cores; values of
     * 1 MiB or more computed again, since more launches would cost more than smaller ones are worth.
     */
    public static CudaSettings defaults() {
        return new CudaSettings(32L << 20, ChannelsLast.Where.TENSOR_CORES, OptionalLong.of(1L << 20));
    }

    /** These settings with another workspace of cuBLAS. */
    public CudaSettings withBlasWorkspace(long bytes) {
        return new CudaSettings(bytes, channelsLast, recomputedFrom);
    }

    /** These settings with other layouts of activations. */
    public CudaSettings withChannelsLast(ChannelsLast.Where where) {
        return new CudaSettings(blasWorkspaceBytes, where, recomputedFrom);
    }

    /** These settings with values of other sizes computed again; with none of them if empty. */
    public CudaSettings withRecomputedFrom(OptionalLong bytes) {
        return new CudaSettings(blasWorkspaceBytes, channelsLast, bytes);
    }
}
