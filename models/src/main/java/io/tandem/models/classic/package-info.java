/** Threshold units and their learning rules: networks from before gradients. */
package io.tandem.models.classic;
