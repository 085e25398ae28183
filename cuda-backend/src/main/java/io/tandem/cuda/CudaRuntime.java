package io.tandem.cuda;

import io.tandem.cuda.driver.Driver;
import io.tandem.cuda.driver.KernelCompiler;
import io.tandem.cuda.lib.Blas;
import io.tandem.cuda.lib.Dnn;

/**
 * What a device is driven with; closed with the device.
 *
 * @param driver the device's driver
 * @param compiler compiles kernels for it
 * @param blas matrix products
 * @param dnn deep learning primitives
 */
public record CudaRuntime(Driver driver, KernelCompiler compiler, Blas blas, Dnn dnn) {}
