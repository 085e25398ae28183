/** From plans to device work: what runs natively, a kernel or library call for each step, memory for each value. */
package io.tandem.cuda.lowering;
