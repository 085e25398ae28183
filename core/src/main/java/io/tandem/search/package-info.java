/** Search for hyperparameters: typed spaces, strategies, trials in parallel, studies that can be resumed. */
package io.tandem.search;
