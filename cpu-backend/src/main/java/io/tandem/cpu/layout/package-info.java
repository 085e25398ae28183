/** Pools as kernels that follow other layouts. */
package io.tandem.cpu.layout;
