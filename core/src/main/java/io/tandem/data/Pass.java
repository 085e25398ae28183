package io.tandem.data;

/**
 * The pass over the data that a read belongs to. Everything random in reading (order, augmentation) depends on this and
 * on the sample's index alone, never on threads or on what was read before, so that a run can be repeated and resumed.
 *
 * @param seed seed of the run
 * @param epoch number of the epoch, from 0
 */
public record Pass(long seed, long epoch) {}
