/** The data of the samples: found on disk, downloaded, or made by the program itself. */
package io.tandem.samples.data;
