/**
 * Loops of Java code on several threads: on the same OpenMP workers that oneDNN uses, so that the two do not compete
 * for processors.
 */
package io.tandem.cpu.threads;
