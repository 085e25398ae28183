/**
 * Convolutions with 3x3 filters in Winograd's form: four times fewer multiplications than the definition, as matrix
 * products over transformed tiles. All of it is machine code for AVX-512, on images in blocks of 16 channels.
 */
package io.tandem.cpu.winograd;
