/** Values in host memory: element types, shapes, arrays. */
package io.tandem.tensor;
