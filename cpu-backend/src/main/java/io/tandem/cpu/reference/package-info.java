/** The device {@code reference}: runs plans step by step in plain Java, as their definition. */
package io.tandem.cpu.reference;
