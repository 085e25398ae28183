/** Kernels for the steps of plans that oneDNN computes. */
package io.tandem.cpu.primitive;
