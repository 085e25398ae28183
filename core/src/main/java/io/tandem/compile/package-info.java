/**
 * From a graph to a plan, for all backends: simplify, decompose, fuse into kernels, schedule, plan memory, verify.
 */
package io.tandem.compile;
