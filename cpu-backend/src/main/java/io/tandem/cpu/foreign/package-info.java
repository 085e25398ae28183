/** Calls of C functions. */
package io.tandem.cpu.foreign;
