package io.tandem.nn;

import io.tandem.graph.Tensor;

/**
 * Two dense layers with an activation between them, at each position of [N, T, width].
 *
 * @param expand from width to inner
 * @param activation between the layers
 * @param dropout after the activation, in training
 * @param contract from inner to width
 */
public record FeedForward(Dense expand, Activation activation, Dropout dropout, Dense contract) implements Layer {
    /** With exact GELU and without dropout. */
    public static FeedForward of(int width, int inner) {
        return new FeedForward(Dense.of(inner), Activation.gelu(), Dropout.of(0), Dense.of(width));
    }

    /** With another activation, and parameters of its own. */
    public FeedForward withActivation(Activation other) {
        return new FeedForward(fresh(expand), other, dropout, fresh(contract));
    }

    /** With dropout after the activation, and parameters of its own. */
    public FeedForward withDropout(double rate) {
        return new FeedForward(fresh(expand), activation, Dropout.of(rate), fresh(contract));
    }

    /** The same layers with parameters of their own. */
    FeedForward fresh() {
        return withActivation(activation);
    }

    private static Dense fresh(Dense dense) {
        return new Dense(dense.units(), dense.weight().fresh(), dense.bias().map(Param::fresh));
    }

    @Override
    public Tensor forward(Tensor x) {
        return contract.apply(dropout.apply(activation.apply(expand.apply(x))));
    }
}
