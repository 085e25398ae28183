package io.tandem.samples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.models.RecurrentKind;
import io.tandem.nn.Dense;
import io.tandem.nn.Embedding;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Recall over a gap (after Hochreiter and Schmidhuber, 1997): one of eight symbols stands among distractors, and a
 * query at the end asks which one it was. In training its distance to the query varies up to the gap; in the test it is
 * the whole gap. Guessing is right in one case of eight.
 */
@Tag("contract")
class Contract6_4RecallTest {
    private static final int SYMBOLS = 8;
    private static final int QUERY = 2 * SYMBOLS;

    /** Sequences of gap + 2 tokens, and the symbols in them. */
    private static NDArray[] samples(long seed, int count, int gap, boolean varied) {
        Random random = new Random(seed);
        int length = gap + 2;
        int[] tokens = new int[count * length];
        int[] symbols = new int[count];
        for (int i = 0; i < count; i++) {
            for (int t = 0; t < length - 1; t++) {
                tokens[i * length + t] = SYMBOLS + random.nextInt(SYMBOLS);
            }
            symbols[i] = random.nextInt(SYMBOLS);
            tokens[i * length + (varied ? random.nextInt(gap + 1) : 0)] = symbols[i];
            tokens[i * length + length - 1] = QUERY;
        }
        return new NDArray[] {
            NDArray.ofInts(Shape.of(count, length), tokens), NDArray.ofInts(Shape.of(count), symbols)
        };
    }

    private static double accuracy(RecurrentKind kind, int gap, int epochs) {
        Model model = Model.of(
                Sequential.of(Embedding.of(QUERY + 1, 16), kind.lastStep(1, 32, 0), Dense.of(SYMBOLS)),
                TensorType.of(DType.I32, gap + 2));
        NDArray[] test = samples(2, 1000, gap, false);
        return new SequenceTask(model, Losses.crossEntropy(), 1e-2, 64, epochs)
                .train(e -> SequenceTask.accuracy(e.predict(test[0]), test[1]), samples(1, 6400, gap, true));
    }

    @ParameterizedTest
    @EnumSource
    void everyKindBridgesAShortGap(RecurrentKind kind, TestReporter reporter) {
        double accuracy = accuracy(kind, 5, 2);
        reporter.publishEntry("accuracy", Double.toString(accuracy));
        assertTrue(accuracy > 0.99, "accuracy " + accuracy);
    }

    @Test
    @Tag("slow")
    void lstmBridgesALongGap(TestReporter reporter) {
        double accuracy = accuracy(RecurrentKind.LSTM, 50, 5);
        reporter.publishEntry("accuracy", Double.toString(accuracy));
        assertTrue(accuracy > 0.97, "accuracy " + accuracy);
    }

    @Test
    @Tag("slow")
    void gruBridgesALongGap(TestReporter reporter) {
        double accuracy = accuracy(RecurrentKind.GRU, 50, 5);
        reporter.publishEntry("accuracy", Double.toString(accuracy));
        assertTrue(accuracy > 0.97, "accuracy " + accuracy);
    }

    @Test
    @Tag("slow")
    void theSimpleNetworkFailsOverALongGap(TestReporter reporter) {
        double accuracy = accuracy(RecurrentKind.RNN, 50, 5);
        reporter.publishEntry("accuracy", Double.toString(accuracy));
        assertTrue(accuracy < 0.5, "accuracy " + accuracy);
    }
}
