package io.tandem.models;

import io.tandem.data.CharVocabulary;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.train.Evaluation;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Writes text character by character with a model from tokens [N, context] to the logits of each next token [N,
 * context, tokens], of which position t sees no later ones. The model sees the last {@code context} characters.
 *
 * @param evaluation runs the model
 * @param vocabulary characters and their numbers
 * @param context characters that the model takes
 * @param temperature what logits are divided by: below 1 bolder, above 1 more varied; 0 always takes the most probable
 *     character
 * @param topK characters to choose from, the most probable ones; 0 for all
 */
public record TextSampler(
        Evaluation evaluation, CharVocabulary vocabulary, int context, double temperature, int topK) {
    /** Checks the numbers. */
    public TextSampler {
        if (!(temperature >= 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException("the temperature must be 0 or more, got " + temperature);
        }
        if (topK < 0) {
            throw new IllegalArgumentException(
                    "the number of characters to choose from must be 0 (all) or more, got " + topK);
        }
    }

    /** A sampler at temperature 1 that chooses from all characters. */
    public static TextSampler of(Evaluation evaluation, CharVocabulary vocabulary, int context) {
        return new TextSampler(evaluation, vocabulary, context, 1, 0);
    }

    /** This sampler at another temperature. */
    public TextSampler withTemperature(double value) {
        return new TextSampler(evaluation, vocabulary, context, value, topK);
    }

    /** This sampler choosing from the most probable characters alone. */
    public TextSampler withTopK(int count) {
        return new TextSampler(evaluation, vocabulary, context, temperature, count);
    }

    /**
     * What follows a prompt.
     *
     * @param prompt the start; if empty, the text goes on from a line break, or else from the first character of the
     *     vocabulary
     * @param length characters to write
     * @param random where chance comes from
     * @return the written characters, without the prompt
     * @throws IllegalArgumentException if a character of the prompt is not in the vocabulary
     */
    public String write(String prompt, int length, RandomGenerator random) {
        NDArray start = vocabulary.encode(prompt.isEmpty() ? beginning() : prompt);
        int given = start.shape().dim(0);
        int[] tokens = Arrays.copyOf(ints(start), given + length);
        for (int at = given; at < tokens.length; at++) {
            int seen = Math.min(at, context);
            // What stands behind the last character is not seen.
            int[] window = Arrays.copyOf(Arrays.copyOfRange(tokens, at - seen, at), context);
            NDArray logits = evaluation.predict(NDArray.ofInts(Shape.of(1, context), window));
            int classes = logits.shape().dim(2);
            double[] row = new double[classes];
            for (int k = 0; k < classes; k++) {
                row[k] = logits.getDouble((seen - 1L) * classes + k);
            }
            tokens[at] = choose(row, temperature, topK, random.nextDouble());
        }
        return vocabulary.decode(Arrays.copyOfRange(tokens, given, tokens.length));
    }

    private String beginning() {
        return vocabulary.id('\n').isPresent() ? "\n" : vocabulary.decode(0);
    }

    private static int[] ints(NDArray values) {
        int[] ints = new int[Math.toIntExact(values.shape().size())];
        Arrays.setAll(ints, i -> (int) values.getLong(i));
        return ints;
    }

    /**
     * Chooses an index with the probabilities softmax(logits / temperature), of the largest logits alone if asked for.
     *
     * @param chance a number from 0 to below 1 that decides
     */
    static int choose(double[] logits, double temperature, int topK, double chance) {
        int best = 0;
        for (int k = 1; k < logits.length; k++) {
            if (logits[k] > logits[best]) {
                best = k;
            }
        }
        if (temperature == 0 || topK == 1) {
            return best;
        }
        double least = Double.NEGATIVE_INFINITY;
        if (topK > 0 && topK < logits.length) {
            double[] sorted = logits.clone();
            Arrays.sort(sorted);
            least = sorted[logits.length - topK];
        }
        double[] weights = new double[logits.length];
        double total = 0;
        for (int k = 0; k < logits.length; k++) {
            weights[k] = logits[k] < least ? 0 : Math.exp((logits[k] - logits[best]) / temperature);
            total += weights[k];
        }
        double left = chance * total;
        for (int k = 0; k < logits.length; k++) {
            left -= weights[k];
            if (left < 0) {
                return k;
            }
        }
        return best;
    }
}
