/** CUDA C for fused kernels, and for the operations that neither they nor the libraries cover. */
package io.tandem.cuda.codegen;
