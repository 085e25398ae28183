package io.tandem.cuda.lib;

/** Which function of the softmax family, over all elements of a sample or over its channels. */
public enum SoftmaxKind {
    /** Softmax over channels, spatial dimensions together. */
    SOFTMAX_INSTANCE,
    /** Softmax over the channels of each spatial position. */
    SOFTMAX_CHANNEL,
    /** Logarithm of softmax over channels, spatial dimensions together. */
    LOG_SOFTMAX_INSTANCE,
    /** Logarithm of softmax over the channels of each spatial position. */
    LOG_SOFTMAX_CHANNEL;

    /** Whether the logarithm is computed. */
    public boolean isLog() {
        return this == LOG_SOFTMAX_INSTANCE || this == LOG_SOFTMAX_CHANNEL;
    }

    /** Whether each spatial position is normalized by itself. */
    public boolean isPerPosition() {
        return this == SOFTMAX_CHANNEL || this == LOG_SOFTMAX_CHANNEL;
    }
}
