/** Kernels in plain Java for the steps of plans that neither are fused nor have a native library behind them. */
package io.tandem.cpu.kernel;
