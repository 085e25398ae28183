package io.tandem.samples;

import io.tandem.data.Dataset;
import io.tandem.models.Autoencoder;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.samples.data.Mnist;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import java.util.List;

/**
 * How good an autoencoder is.
 *
 * @param error mean squared error of reconstructed test images
 * @param principalError that of as many principal components of training images
 * @param meanError that of the mean training image
 * @param nearestAccuracy share of test images whose digit is that of most of the 10 training images with the nearest codes
 */
record AutoencoderFigures(double error, double principalError, double meanError, double nearestAccuracy) {
    private static final int FITTED = 5_000;
    private static final int NEIGHBOURS = 10;
    private static final int BATCH = 250;

    /** Evaluates. */
    static AutoencoderFigures of(Autoencoder network, State state, Mnist digits, int code) {
        double error;
        try (Evaluation evaluation = new Evaluation(state.model(), state)) {
            error = evaluation
                    .evaluate(digits.test().columns(0, 0), BATCH, Losses.meanSquaredError(), List.of())
                    .get("loss");
        }
        Dataset fitted = digits.train().take(FITTED);
        PrincipalComponents components =
                PrincipalComponents.of(fitted.columns(0).all().column(0), code);
        var test = digits.test().columns(0).all().column(0);
        double nearest = codes(network, state, fitted)
                .accuracyOfNearest(codes(network, state, digits.test()), NEIGHBOURS);
        return new AutoencoderFigures(error, components.error(test), components.meanError(test), nearest);
    }

    /** The codes of images. */
    static Codes codes(Autoencoder network, State state, Dataset data) {
        int[] sample = state.model().inputs().getFirst().shape().toArray();
        Model encoder = Model.of(network.encoding(), sample);
        Model alike = state.model().precision().map(encoder::withPrecision).orElse(encoder);
        try (Evaluation evaluation = new Evaluation(alike, state)) {
            return new Codes(
                    evaluation.predictAll(data, BATCH), data.columns(1).all().column(0));
        }
    }
}
