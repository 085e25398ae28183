/** Times of single kernels, measured with JMH. */
package io.tandem.benchmarks;
