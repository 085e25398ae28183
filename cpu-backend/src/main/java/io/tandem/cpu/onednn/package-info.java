/**
 * oneDNN's C API through {@code java.lang.foreign}, with the natives that lie on the class path.
 *
 * <p>{@link io.tandem.cpu.onednn.OneDnn#find()} extracts and loads the library once per process and gives an
 * {@link io.tandem.cpu.onednn.Engine}. An {@link io.tandem.cpu.onednn.Operation} (a record: {@code MatMul},
 * {@code Convolution.Forward}, {@code Lstm.Backward}...) states what to compute, on
 * {@link io.tandem.cpu.onednn.MemoryDescriptor}s, whose layout may be left to the library. The engine turns it into a
 * {@link io.tandem.cpu.onednn.PrimitiveDescriptor}, which tells the chosen layouts and implementation, and that into a
 * {@link io.tandem.cpu.onednn.Primitive}. Bound to {@link io.tandem.cpu.onednn.Memory} objects it is a
 * {@link io.tandem.cpu.onednn.BoundPrimitive}, whose {@code execute()} is one downcall and allocates nothing.
 *
 * <p>Descriptors, attributes and operations are immutable values. Everything else owns native memory and is closed by
 * its owner. Primitives are created and executed by one owner thread, with the thread count that
 * {@link io.tandem.cpu.threads.Workers} sets there.
 */
package io.tandem.cpu.onednn;
