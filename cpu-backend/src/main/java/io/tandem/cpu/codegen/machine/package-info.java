/** Machine code for x86-64 processors: an assembler, executable memory, and calls of what was assembled. */
package io.tandem.cpu.codegen.machine;
