/** The meaning of every operation: a plain interpreter over host values, which backends are compared with. */
package io.tandem.reference;
