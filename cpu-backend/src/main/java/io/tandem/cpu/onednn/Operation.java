package io.tandem.cpu.onednn;

/**
 * What a primitive computes, on which sizes and in which layouts: an immutable value, whose text goes into messages.
 * Descriptors with an open layout ({@link MemoryDescriptor#any}) are decided by oneDNN when a
 * {@link PrimitiveDescriptor} is made.
 */
public sealed interface Operation
        permits MatMul, Convolution, Pooling, BatchNormalization, LayerNormalization, Softmax, Lstm, Gru, VanillaRnn,
        Eltwise, Reorder, Sum {}
