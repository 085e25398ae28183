package io.tandem.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.graph.GraphException;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AttentionTest {
    private static final NDArray X = LayerRun.random(DType.F64, 1, 2, 5, 4);

    private static double[] firstRows(NDArray y, int sample, int rows) {
        int t = y.shape().dim(1);
        int width = y.shape().dim(2);
        double[] values = new double[rows * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = y.getDouble((long) sample * t * width + i);
        }
        return values;
    }

    private static NDArray cut(NDArray x, int rows) {
        double[] all = new double[x.shape().dim(0) * rows * x.shape().dim(2)];
        for (int n = 0; n < x.shape().dim(0); n++) {
            System.arraycopy(firstRows(x, n, rows), 0, all, n * rows * x.shape().dim(2), rows * x.shape().dim(2));
        }
        return NDArray.ofDoubles(Shape.of(x.shape().dim(0), rows, x.shape().dim(2)), all);
    }

    @Test
    void causalAttentionDoesNotSeeTheFuture() {
        MultiHeadAttention layer = MultiHeadAttention.of(4, 2).withCausalMask();
        NDArray whole = LayerRun.output(layer, Mode.INFERENCE, X);
        NDArray start = LayerRun.output(layer, Mode.INFERENCE, cut(X, 3));
        assertArrayEquals(firstRows(start, 1, 3), firstRows(whole, 1, 3), 1e-14);
        NDArray open = LayerRun.output(MultiHeadAttention.of(4, 2), Mode.INFERENCE, X);
        assertNotEquals(open.getDouble(0), whole.getDouble(0));
    }

    /** Attention to the positions that a mask allows. */
    private record Masked(MultiHeadAttention attention) implements Network {
        @Override
        public List<Tensor> forward(List<Tensor> in) {
            return List.of(attention.apply(in.get(0), in.get(1), in.get(1), in.get(2)));
        }
    }

    private static NDArray masked(MultiHeadAttention layer, Mode mode, NDArray x, NDArray memory, NDArray mask) {
        Model model = Model.of(
                new Masked(layer),
                List.of(
                        x.type().with(x.shape().without(0)),
                        memory.type().with(memory.shape().without(0)),
                        mask.type().with(mask.shape().without(0))));
        return LayerRun.outputs(model, mode, Map.of(), x, memory, mask).getFirst();
    }

    private static NDArray mask(Shape shape, java.util.function.IntPredicate allowed) {
        return NDArray.generate(new TensorType(DType.BOOL, shape), i -> allowed.test(i) ? 1 : 0);
    }

    @Test
    void maskedPositionsDoNotCount() {
        MultiHeadAttention layer = MultiHeadAttention.of(4, 2);
        NDArray memory = LayerRun.random(DType.F64, 2, 2, 6, 3);
        NDArray padding = masked(layer, Mode.INFERENCE, X, memory, mask(Shape.of(2, 6), i -> i % 6 < 4));
        NDArray shorter = masked(layer, Mode.INFERENCE, X, cut(memory, 4), mask(Shape.of(2, 4), i -> true));
        assertArrayEquals(shorter.toDoubles(), padding.toDoubles(), 1e-14);
        NDArray full = masked(layer, Mode.INFERENCE, X, memory, mask(Shape.of(2, 5, 6), i -> i % 6 < 4));
        assertArrayEquals(padding.toDoubles(), full.toDoubles(), 1e-14);
    }

    @Test
    void dropoutOfWeightsIsForTrainingAlone() {
        MultiHeadAttention plain = MultiHeadAttention.of(4, 2).withCausalMask();
        MultiHeadAttention dropping = plain.withDropout(0.5);
        assertEquals(
                LayerRun.output(plain, Mode.INFERENCE, X), LayerRun.output(dropping, Mode.INFERENCE, X));
        NDArray memory = LayerRun.random(DType.F64, 2, 2, 5, 4);
        NDArray mask = mask(Shape.of(2, 5), i -> i % 5 < 3);
        NDArray noisy = masked(dropping, Mode.TRAINING, X, memory, mask);
        NDArray calm = masked(dropping, Mode.INFERENCE, X, memory, mask);
        assertNotEquals(calm, noisy);
        // Dropping with rate almost 0 is the other form of the same.
        NDArray almost = masked(plain.withDropout(1e-12), Mode.TRAINING, X, memory, mask);
        assertArrayEquals(calm.toDoubles(), almost.toDoubles(), 1e-10);
    }

    /** An encoder and a decoder block. */
    private record Translator(TransformerBlock encoder, TransformerDecoderBlock decoder) implements Network {
        @Override
        public List<Tensor> forward(List<Tensor> in) {
            Tensor memory = encoder.apply(in.get(0), in.get(2));
            return List.of(decoder.apply(in.get(1), memory, in.get(2)));
        }
    }

    @Test
    void aDecoderSeesItsPastAndWhatTheEncoderMayShow() {
        for (boolean post : new boolean[] {false, true}) {
            TransformerBlock encoder = TransformerBlock.of(4, 2);
            TransformerDecoderBlock decoder = TransformerDecoderBlock.of(4, 2);
            Translator translator =
                    post ? new Translator(encoder.withPostNorm(), decoder.withPostNorm())
                            : new Translator(encoder, decoder);
            NDArray source = LayerRun.random(DType.F64, 3, 2, 6, 4);
            NDArray whole = translate(translator, source, X, mask(Shape.of(2, 6), i -> i % 6 < 4));
            assertEquals(Shape.of(2, 5, 4), whole.shape());
            NDArray shorter = translate(translator, cut(source, 4), cut(X, 3), mask(Shape.of(2, 4), i -> true));
            for (int n = 0; n < 2; n++) {
                assertArrayEquals(firstRows(shorter, n, 3), firstRows(whole, n, 3), 1e-13);
            }
        }
    }

    private static NDArray translate(Translator translator, NDArray source, NDArray target, NDArray mask) {
        Model model = Model.of(
                translator,
                List.of(
                        source.type().with(source.shape().without(0)),
                        target.type().with(target.shape().without(0)),
                        mask.type().with(mask.shape().without(0))));
        return LayerRun.outputs(model, Mode.INFERENCE, Map.of(), source, target, mask).getFirst();
    }

    @Test
    void sinusoidsOfKnownPositions() {
        NDArray zeros = NDArray.zeros(TensorType.of(DType.F64, 1, 3, 4));
        NDArray y = LayerRun.output(PositionalEncoding.sinusoidal(), Mode.INFERENCE, zeros);
        assertArrayEquals(new double[] {0, 1, 0, 1}, firstRows(y, 0, 1), 1e-15);
        double[] second = {Math.sin(2), Math.cos(2), Math.sin(0.02), Math.cos(0.02)};
        for (int i = 0; i < 4; i++) {
            assertEquals(second[i], y.getDouble(8 + i), 1e-15);
        }
    }

    @Test
    void wrongShapesAreNamed() {
        String long5 =
                assertThrows(GraphException.class, () -> Model.of(PositionalEncoding.learned(4), 5, 2)).getMessage();
        assertEquals("positional encoding: the input f32[2, 5, 2] has 5 positions, there are vectors for 4", long5);
        String wrong = assertThrows(
                GraphException.class,
                () -> masked(MultiHeadAttention.of(4, 2), Mode.INFERENCE, X, X, mask(Shape.of(2, 4), i -> true)))
                .getMessage();
        assertTrue(
                wrong.contains("a mask for 2 samples, 5 queries and 5 keys must be bool of shape [2, 5], [2, 5, 5] or"
                        + " [1, 5, 5], got bool[2, 4] (in attention)"),
                wrong);
        assertThrows(GraphException.class, () -> Model.of(MultiHeadAttention.of(4, 2), 4));
    }
}
