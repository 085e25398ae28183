/** Measures Tandem's speed on fixed workloads. */
package io.tandem.samples.bench;
