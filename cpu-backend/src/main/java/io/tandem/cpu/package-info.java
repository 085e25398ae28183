/** Devices {@code cpu} and {@code reference}: execution of plans on the host. */
package io.tandem.cpu;
