/** File formats for arrays. */
package io.tandem.io;
