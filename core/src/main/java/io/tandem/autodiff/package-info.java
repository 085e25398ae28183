/** Derivatives, graph to graph: one rule per operation, the driver, and the public face over lambdas and records. */
package io.tandem.autodiff;
