/** The sample applications and their command line. */
package io.tandem.samples;
