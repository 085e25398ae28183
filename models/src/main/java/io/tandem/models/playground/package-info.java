/** Small networks on points in the plane: data sets, features and experiments to see what a network can learn. */
package io.tandem.models.playground;
