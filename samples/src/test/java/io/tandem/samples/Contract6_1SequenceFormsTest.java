package io.tandem.samples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.graph.GraphException;
import io.tandem.graph.Tensor;
import io.tandem.models.AttentionSeq2Seq;
import io.tandem.models.GreedyDecoder;
import io.tandem.models.Transformer;
import io.tandem.nn.CrossEntropy;
import io.tandem.nn.Dense;
import io.tandem.nn.Embedding;
import io.tandem.nn.Gru;
import io.tandem.nn.Layer;
import io.tandem.nn.Losses;
import io.tandem.nn.Lstm;
import io.tandem.nn.Model;
import io.tandem.nn.Network;
import io.tandem.nn.Rnn;
import io.tandem.nn.Sequential;
import io.tandem.nn.TransformerBlock;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/** From one to many, many to one, many to many: each form learns a small task. */
@Tag("contract")
class Contract6_1SequenceFormsTest {
    private static final CrossEntropy TOKENS = Losses.crossEntropy().withClassAxis(-1);

    private static TensorType tokens(int length) {
        return TensorType.of(DType.I32, length);
    }

    private static int[] random(long seed, int count, int bound) {
        return new Random(seed).ints(count, 0, bound).toArray();
    }

    /** One to many: a vector starts the state, which then runs on without input. */
    private record OneToMany(Dense start, Rnn rnn, Dense head, int steps) implements Layer {
        @Override
        public Tensor forward(Tensor x) {
            Tensor nothing = x.graph().zeros(x.type().with(Shape.of(x.dim(0), steps, 1)));
            return head.apply(rnn.apply(nothing, List.of(start.apply(x).tanh().expandDims(0))).outputs());
        }
    }

    @Test
    void oneToManyDrawsASine() {
        int count = 512;
        int steps = 12;
        double[] phase = new Random(1).doubles(count, 0, 2 * Math.PI).toArray();
        NDArray x = NDArray.generate(
                TensorType.f32(count, 2), i -> i % 2 == 0 ? Math.sin(phase[i / 2]) : Math.cos(phase[i / 2]));
        NDArray y = NDArray.generate(
                TensorType.f32(count, steps, 1), i -> Math.sin(phase[i / steps] + 0.5 * (i % steps + 1)));
        Model model = Model.of(new OneToMany(Dense.of(32), Rnn.of(32), Dense.of(1), steps), 2);
        double error = new SequenceTask(model, Losses.meanSquaredError(), 3e-3, 64, 120).train(
                e -> {
                    NDArray drawn = e.predict(x);
                    double sum = 0;
                    for (int i = 0; i < count * steps; i++) {
                        sum += Math.pow(drawn.getDouble(i) - y.getDouble(i), 2);
                    }
                    return sum / (count * steps);
                },
                x,
                y);
        assertTrue(error < 0.003, "mean squared error " + error);
    }

    @Test
    void manyToOneCountsOnes() {
        int steps = 8;
        int count = 1 << steps;
        NDArray x = NDArray.generate(TensorType.f32(count, steps, 1), i -> i / steps >> i % steps & 1);
        NDArray y = NDArray.ofInts(
                Shape.of(count), IntStream.range(0, count).map(Integer::bitCount).toArray());
        Model model = Model.of(Sequential.of(Gru.of(24).withLastStep(), Dense.of(steps + 1)), steps, 1);
        double accuracy = new SequenceTask(model, Losses.crossEntropy(), 1e-2, 32, 100)
                .train(e -> SequenceTask.accuracy(e.predict(x), y), x, y);
        assertTrue(accuracy > 0.99, "accuracy " + accuracy);
    }

    @Test
    void alignedManyToManyRepeatsWithADelay() {
        int count = 512;
        int steps = 10;
        int[] symbols = random(1, count * steps, 4);
        NDArray x = NDArray.ofInts(Shape.of(count, steps), symbols);
        // The symbol of two steps before; 0 at the first two.
        NDArray y = NDArray.generate(
                TensorType.of(DType.I32, count, steps), i -> i % steps < 2 ? 0 : symbols[i - 2]);
        Model model = Model.of(Sequential.of(Embedding.of(4, 16), Rnn.of(48), Dense.of(4)), tokens(steps));
        double accuracy = new SequenceTask(model, TOKENS, 5e-3, 32, 25)
                .train(e -> SequenceTask.accuracy(e.predict(x), y), x, y);
        assertTrue(accuracy > 0.99, "accuracy " + accuracy);
    }

    private static final int START = 10;
    private static final int LENGTH = 5;

    /** Digits to be written in reverse; the target input is the target behind a start token. */
    private static NDArray[] reversals(long seed, int count) {
        int[] digits = random(seed, count * LENGTH, 10);
        NDArray source = NDArray.ofInts(Shape.of(count, LENGTH), digits);
        NDArray target = NDArray.generate(
                TensorType.of(DType.I32, count, LENGTH), i -> digits[i / LENGTH * LENGTH + LENGTH - 1 - i % LENGTH]);
        NDArray given = NDArray.generate(
                TensorType.of(DType.I32, count, LENGTH),
                i -> i % LENGTH == 0 ? START : target.getDouble(i - 1));
        return new NDArray[] {source, given, target};
    }

    private static double greedyAccuracy(Network network, double rate, int epochs) {
        Model model = Model.of(network, List.of(tokens(LENGTH), tokens(LENGTH)));
        NDArray[] test = reversals(2, 500);
        return new SequenceTask(model, TOKENS, rate, 64, epochs).train(
                e -> {
                    NDArray written = GreedyDecoder.of(model, e, START).decode(test[0]);
                    long hits = 0;
                    for (int i = 0; i < 500; i++) {
                        boolean all = true;
                        for (int t = 0; t < LENGTH; t++) {
                            all &= written.getLong((long) i * LENGTH + t) == test[2].getLong((long) i * LENGTH + t);
                        }
                        hits += all ? 1 : 0;
                    }
                    return hits / 500.0;
                },
                reversals(1, 3200));
    }

    @Test
    @Tag("slow")
    void encoderDecoderWithAttentionReversesDigits(TestReporter reporter) {
        double share = greedyAccuracy(AttentionSeq2Seq.of(10, 11, 48), 1e-2, 14);
        reporter.publishEntry("share", Double.toString(share));
        assertTrue(share > 0.98, "new sequences reversed without a fault: " + share);
    }

    @Test
    @Tag("slow")
    void transformerReversesDigits(TestReporter reporter) {
        double share = greedyAccuracy(Transformer.of(10, 11, 1, 32, 4, 0), 5e-3, 10);
        reporter.publishEntry("share", Double.toString(share));
        assertTrue(share > 0.98, "new sequences reversed without a fault: " + share);
    }

    @Test
    void paddedSourcesCountUpToTheirEnd() {
        for (Network network : List.of(
                AttentionSeq2Seq.of(11, 11, 16).withPadding(10),
                Transformer.of(11, 11, 1, 16, 2, 0).withPadding(10))) {
            double[][] logits = new double[2][];
            for (int length : new int[] {4, 7}) {
                Model model = Model.of(network, List.of(tokens(length), tokens(3)));
                NDArray source = NDArray.generate(
                        TensorType.of(DType.I32, 2, length), i -> i % length < 4 ? (i / length + i % length) % 10 : 10);
                NDArray given = NDArray.ofInts(Shape.of(2, 3), 10, 1, 2, 10, 3, 4);
                logits[length / 7] = new SequenceTask(model, TOKENS, 0, 2, 1)
                        .train(e -> e.predict(source, given), source, given, given)
                        .toDoubles();
            }
            assertArrayEquals(logits[0], logits[1], 1e-5);
        }
    }

    @Test
    void anEndTokenEndsWhatIsWritten() {
        Model model = Model.of(AttentionSeq2Seq.of(10, 11, 8), List.of(tokens(LENGTH), tokens(LENGTH)));
        NDArray[] samples = reversals(1, 3);
        NDArray[] written = new SequenceTask(model, TOKENS, 0, 3, 1).train(
                e -> {
                    NDArray free = GreedyDecoder.of(model, e, START).decode(samples[0]);
                    int first = (int) free.getLong(0);
                    return new NDArray[] {free, GreedyDecoder.of(model, e, START).withEnd(first).decode(samples[0])};
                },
                samples);
        int end = (int) written[0].getLong(0);
        for (int i = 0; i < 3; i++) {
            boolean over = false;
            for (int t = 0; t < LENGTH; t++) {
                long at = (long) i * LENGTH + t;
                assertEquals(over ? end : written[0].getLong(at), written[1].getLong(at));
                over |= written[1].getLong(at) == end;
            }
        }
    }

    @Test
    void statesThatDoNotFitAreRefused() {
        AttentionSeq2Seq good = AttentionSeq2Seq.of(10, 11, 8);
        String message = assertThrows(
                IllegalArgumentException.class,
                () -> new AttentionSeq2Seq(
                        good.source(),
                        good.target(),
                        Lstm.of(8).withBothDirections(),
                        good.decoder(),
                        good.query(),
                        good.combine(),
                        good.output(),
                        good.padding()))
                .getMessage();
        assertTrue(message.startsWith("encoder and decoder must run forward"), message);
        assertThrows(
                GraphException.class, () -> Model.of(Sequential.of(TransformerBlock.of(8, 2)), 8));
    }
}
