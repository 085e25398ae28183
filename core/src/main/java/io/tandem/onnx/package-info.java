/** Models as ONNX files, for other engines. */
package io.tandem.onnx;
