package io.tandem.models;

import io.tandem.nn.Model;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.train.Evaluation;
import java.util.Arrays;
import java.util.OptionalInt;

/**
 * Writes a target token by token, each the most probable one after those before, with a model from source tokens [N, S]
 * and target tokens [N, T] to logits [N, T, tokens] whose position t sees the target up to t alone.
 *
 * @param evaluation runs the model
 * @param length the T of the model: the largest number of tokens to write
 * @param start the token before the first one
 * @param end the token that ends a target, if there is one
 */
public record GreedyDecoder(Evaluation evaluation, int length, int start, OptionalInt end) {
    /**
     * A decoder that always writes all tokens.
     *
     * @param model the model that {@code evaluation} runs
     * @param start the token before the first one
     */
    public static GreedyDecoder of(Model model, Evaluation evaluation, int start) {
        return new GreedyDecoder(
                evaluation, model.inputs().get(1).shape().dim(0), start, OptionalInt.empty());
    }

    /** This decoder, writing nothing but {@code token} once it has come. */
    public GreedyDecoder withEnd(int token) {
        return new GreedyDecoder(evaluation, length, start, OptionalInt.of(token));
    }

    /**
     * The targets of sources.
     *
     * @param sources tokens [N, S]
     * @return i32[N, T]
     */
    public NDArray decode(NDArray sources) {
        int n = sources.shape().dim(0);
        int[] given = new int[n * length];
        int[] written = new int[n * length];
        boolean[] over = new boolean[n];
        for (int t = 0; t < length; t++) {
            for (int i = 0; i < n; i++) {
                given[i * length + t] = t == 0 ? start : written[i * length + t - 1];
            }
            NDArray logits = evaluation.predict(sources, NDArray.ofInts(Shape.of(n, length), given));
            int open = 0;
            for (int i = 0; i < n; i++) {
                int token = over[i] ? end.orElseThrow() : best(logits, i, t);
                written[i * length + t] = token;
                over[i] = end.isPresent() && token == end.getAsInt();
                open += over[i] ? 0 : 1;
            }
            if (open == 0) {
                for (int i = 0; i < n; i++) {
                    Arrays.fill(written, i * length + t, (i + 1) * length, end.orElseThrow());
                }
                break;
            }
        }
        return NDArray.ofInts(Shape.of(n, length), written);
    }

    private int best(NDArray logits, int sample, int position) {
        int tokens = logits.shape().dim(2);
        long row = ((long) sample * length + position) * tokens;
        int best = 0;
        for (int k = 1; k < tokens; k++) {
            if (logits.getDouble(row + k) > logits.getDouble(row + best)) {
                best = k;
            }
        }
        return best;
    }
}
