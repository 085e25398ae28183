/**
 * Matrix products and deep learning primitives in the semantics of cuBLAS and cuDNN, behind one interface each:
 * {@link io.tandem.cuda.lib.Blas} and {@link io.tandem.cuda.lib.Dnn}. Descriptors are small immutable records; device
 * memory is given by address.
 */
package io.tandem.cuda.lib;
