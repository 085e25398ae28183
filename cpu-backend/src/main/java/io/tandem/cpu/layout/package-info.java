/** Layouts of activations between convolutions, pools and norms: which values get one, and kernels that follow. */
package io.tandem.cpu.layout;
