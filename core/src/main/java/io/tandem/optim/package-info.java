/** Optimizers, learning-rate schedules, clipping and regularizers: all of them add nodes to the training step's graph. */
package io.tandem.optim;
