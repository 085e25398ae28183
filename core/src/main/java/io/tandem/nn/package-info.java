/** Layers, parameters, models: descriptions that are traced into graphs. */
package io.tandem.nn;
