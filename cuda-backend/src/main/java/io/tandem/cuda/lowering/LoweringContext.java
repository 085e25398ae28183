package io.tandem.cuda.lowering;

import io.tandem.backend.DeviceOptions;
import io.tandem.cuda.driver.Architecture;
import io.tandem.cuda.driver.CudaStream;
import io.tandem.cuda.lib.Blas;
import io.tandem.cuda.lib.Dnn;

/**
 * What steps run with.
 *
 * @param stream all work of the device, in order
 * @param blas matrix products on that stream
 * @param dnn deep learning primitives on that stream
 * @param library the device's kernels
 * @param architecture what the device can do
 * @param faults where kernels report bad indices
 * @param options precision and determinism
 * @param channelsLast which activations have their channels innermost
 */
public record LoweringContext(
        CudaStream stream, Blas blas, Dnn dnn, KernelLibrary library, Architecture architecture,
        FaultMemory faults, DeviceOptions options, ChannelsLast channelsLast) {}
