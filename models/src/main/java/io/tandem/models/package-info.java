/** Architectures as records of layers. */
package io.tandem.models;
