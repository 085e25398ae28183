/**
 * One device and its memory, streams, events, kernels and graphs; the kernel compilers; and where the CUDA libraries
 * are.
 *
 * <p>The interfaces {@link io.tandem.cuda.driver.Driver}, {@link io.tandem.cuda.driver.CudaStream} and
 * {@link io.tandem.cuda.driver.KernelCompiler} are narrow enough to be simulated on the host; everything above them
 * runs in tests without a GPU. {@link io.tandem.cuda.driver.JCudaDriver} and
 * {@link io.tandem.cuda.driver.NvrtcCompiler} implement them with JCuda. Every failure is one {@link io.tandem.cuda.driver.CudaException} that names the call, its
 * code and its meaning.
 *
 * <p>Environment: {@code TANDEM_CUDA_DIRS} names folders to search for CUDA libraries first, {@code CUDA_HOME} or
 * {@code CUDA_PATH} a toolkit; {@code XDG_CACHE_HOME} moves the cache of kernels and extracted libraries.
 */
package io.tandem.cuda.driver;
