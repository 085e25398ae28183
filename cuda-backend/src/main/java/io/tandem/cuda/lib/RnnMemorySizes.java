package io.tandem.cuda.lib;

/**
 * Memory that the calls of a recurrent network need.
 *
 * @param workspace bytes needed during each call
 * @param reserve   bytes that the forward call fills and the backward calls read; 0 for inference
 */
public record RnnMemorySizes(long workspace, long reserve) {}
