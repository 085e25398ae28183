/** Data sets, batches with shuffle and prefetch, image augmentation, and readers of common file formats. */
package io.tandem.data;
