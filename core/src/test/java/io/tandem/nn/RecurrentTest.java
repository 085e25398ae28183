package io.tandem.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecurrentTest {
    private static final double[] X = {1, -2};
    private static final double[] H = {.5, -.25};
    private static final double[] INPUT = {.1, .2, .3, .4, -.2, .1, .4, -.3, .7, -.1, .2, .5};
    private static final double[] RECURRENT = {.5, -.5, .25, .75, .3, .6, -.6, .2, 1, .5, -.5, 1};

    /** One step of a GRU without biases from a given state. */
    private record Step(Gru gru) implements Network {
        @Override
        public List<Tensor> forward(List<Tensor> in) {
            return List.of(gru.apply(in.get(0), List.of(in.get(1).expandDims(0))).last());
        }
    }

    private static double[] gruStep(Gru gru, double updateSign) {
        double[] input = INPUT.clone();
        double[] recurrent = RECURRENT.clone();
        for (int i = 4; i < 8; i++) {
            input[i] *= updateSign;
            recurrent[i] *= updateSign;
        }
        Model model = Model.of(
                new Step(gru), List.of(TensorType.of(DType.F64, 1, 2), TensorType.of(DType.F64, 2)));
        Map<String, NDArray> params = Map.of(
                "gru.weights.0.inputWeight", NDArray.ofDoubles(Shape.of(6, 2), input),
                "gru.weights.0.recurrentWeight", NDArray.ofDoubles(Shape.of(6, 2), recurrent));
        return LayerRun.outputs(
                model,
                Mode.INFERENCE,
                params,
                NDArray.ofDoubles(Shape.of(1, 1, 2), X),
                NDArray.ofDoubles(Shape.of(1, 2), H))
                .getFirst()
                .toDoubles();
    }

    @Test
    void gruWithResetBeforeTheProduct() {
        double[] h = gruStep(Gru.of(2).withoutBias().withResetBefore(), 1);
        assertArrayEquals(new double[] {.62258952, -.59167214}, h, 1e-8);
    }

    @Test
    void gruWithResetAfterTheProduct() {
        // Here z weights the old state: with its logits negated the equations are the same.
        double[] h = gruStep(Gru.of(2).withoutBias(), -1);
        assertArrayEquals(new double[] {.61980170, -.58094133}, h, 1e-8);
    }

    /** Sequences of unequal length. */
    private record Unequal(Layer layer) implements Network {
        @Override
        public List<Tensor> forward(List<Tensor> in) {
            RecurrentOutput output = switch (layer) {
                case Lstm lstm -> lstm.apply(in.get(0), List.of(), in.get(1));
                case Gru gru -> gru.apply(in.get(0), List.of(), in.get(1));
                case Rnn rnn -> rnn.apply(in.get(0), List.of(), in.get(1));
                case Recurrence recurrence -> recurrence.apply(in.get(0), List.of(), in.get(1));
                default -> throw new IllegalArgumentException();
            };
            return List.of(output.outputs(), output.hidden(), output.last());
        }
    }

    /** The same without lengths. */
    private record Equal(Layer layer) implements Network {
        @Override
        public List<Tensor> forward(List<Tensor> in) {
            RecurrentOutput output = switch (layer) {
                case Lstm lstm -> lstm.apply(in.get(0), List.of());
                case Gru gru -> gru.apply(in.get(0), List.of());
                case Rnn rnn -> rnn.apply(in.get(0), List.of());
                case Recurrence recurrence -> recurrence.apply(in.get(0), List.of());
                default -> throw new IllegalArgumentException();
            };
            return List.of(output.outputs(), output.hidden(), output.last());
        }
    }

    private static Layer layer(String kind) {
        return switch (kind) {
            case "lstm" -> Lstm.of(3).withLayers(2).withBothDirections();
            case "gru" -> Gru.of(3).withLayers(2).withBothDirections();
            case "gru before" -> Gru.of(3).withResetBefore().withBothDirections();
            case "rnn" -> Rnn.of(3).withBothDirections();
            case "recurrence" -> Recurrence.of(new Simple(3, Param.of(Initializers.uniform(-1, 1))));
            case "reverse recurrence" ->
                Recurrence.of(new Simple(3, Param.of(Initializers.uniform(-1, 1)))).withReverse();
            default -> throw new IllegalArgumentException(kind);
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"lstm", "gru", "gru before", "rnn", "recurrence", "reverse recurrence"})
    void eachSequenceCountsUpToItsLength(String kind) {
        int[] lengths = {5, 2, 3};
        NDArray x = LayerRun.random(DType.F64, 1, 3, 5, 2);
        Layer layer = layer(kind);
        List<NDArray> together = LayerRun.outputs(
                Model.of(new Unequal(layer), List.of(TensorType.of(DType.F64, 5, 2), TensorType.of(DType.I32))),
                Mode.INFERENCE,
                Map.of(),
                x,
                NDArray.ofInts(Shape.of(3), lengths));
        for (int n = 0; n < 3; n++) {
            int length = lengths[n];
            double[] own = new double[2 * length];
            for (int i = 0; i < own.length; i++) {
                own[i] = x.getDouble(10L * n + i);
            }
            List<NDArray> alone = LayerRun.outputs(
                    Model.of(new Equal(layer), List.of(TensorType.of(DType.F64, length, 2))),
                    Mode.INFERENCE,
                    Map.of(),
                    NDArray.ofDoubles(Shape.of(1, length, 2), own));
            int features = alone.get(0).shape().dim(2);
            for (int t = 0; t < 5; t++) {
                for (int f = 0; f < features; f++) {
                    double expected = t < length ? alone.get(0).getDouble((long) t * features + f) : 0;
                    assertEquals(expected, together.get(0).getDouble((n * 5L + t) * features + f), 1e-14);
                }
            }
            for (int f = 0; f < features; f++) {
                assertEquals(alone.get(2).getDouble(f), together.get(2).getDouble((long) n * features + f), 1e-14);
            }
            // States are [layers directions, N, units], or [N, units] of a cell of one's own.
            int units = 3;
            int sets = Math.toIntExact(alone.get(1).shape().size() / units);
            for (int k = 0; k < sets; k++) {
                for (int f = 0; f < units; f++) {
                    assertEquals(
                            alone.get(1).getDouble((long) k * units + f),
                            together.get(1).getDouble((k * 3L + n) * units + f),
                            1e-14);
                }
            }
        }
    }

    /** h' = tanh(W [x, h]): the concatenated form of a simple recurrent network. */
    private record Simple(int units, Param weight) implements RecurrentCell {
        @Override
        public List<Shape> states(Shape input) {
            return List.of(Shape.of(units));
        }

        @Override
        public List<Tensor> parameters(Trace trace, Shape input) {
            return List.of(trace.param(weight, Shape.of(units, input.dim(0) + units)));
        }

        @Override
        public Step step(Tensor x, List<Tensor> states, List<Tensor> parameters) {
            Tensor h = Tensor.concat(1, x, states.getFirst())
                    .matmul(parameters.getFirst(), false, true)
                    .tanh();
            return new Step(h, List.of(h));
        }
    }

    @Test
    void theConcatenatedFormEqualsTheSeparateOne() {
        NDArray x = LayerRun.random(DType.F64, 2, 2, 4, 3);
        NDArray w = LayerRun.random(DType.F64, 3, 2, 3);
        NDArray u = LayerRun.random(DType.F64, 4, 2, 2);
        NDArray both = NDArray.generate(
                TensorType.of(DType.F64, 2, 5),
                i -> i % 5 < 3 ? w.getDouble(i / 5 * 3L + i % 5) : u.getDouble(i / 5 * 2L + i % 5 - 3));
        Recurrence joined = Recurrence.of(new Simple(2, Param.of(Initializers.zeros())));
        Rnn separate = Rnn.of(2).withoutBias();
        NDArray a = LayerRun.outputs(
                LayerRun.model(joined, x), Mode.INFERENCE, Map.of("cell.weight", both), x)
                .getFirst();
        NDArray b = LayerRun.outputs(
                LayerRun.model(separate, x),
                Mode.INFERENCE,
                Map.of("weights.0.inputWeight", w, "weights.0.recurrentWeight", u),
                x)
                .getFirst();
        assertArrayEquals(b.toDoubles(), a.toDoubles(), 1e-14);
    }

    /** An encoder whose states start a decoder. */
    private record EncoderDecoder(Lstm encoder, Lstm decoder) implements Network {
        @Override
        public List<Tensor> forward(List<Tensor> in) {
            RecurrentOutput encoded = encoder.apply(in.get(0), List.of());
            return List.of(decoder.apply(in.get(1), encoded.states()).outputs());
        }
    }

    @Test
    void aSequenceInTwoPartsEqualsTheWhole() {
        NDArray x = LayerRun.random(DType.F64, 5, 2, 7, 3);
        Lstm lstm = Lstm.of(4).withLayers(2);
        NDArray first = part(x, 0, 3);
        NDArray second = part(x, 3, 7);
        // One layer at both places: its parameters are shared.
        Model parts = Model.of(
                new EncoderDecoder(lstm, lstm),
                List.of(TensorType.of(DType.F64, 3, 3), TensorType.of(DType.F64, 4, 3)));
        assertEquals(8, parts.variables().size());
        assertEquals("encoder.weights.0.inputWeight", parts.aliases().get("decoder.weights.0.inputWeight"));
        NDArray continued =
                LayerRun.outputs(parts, Mode.INFERENCE, Map.of(), first, second).getFirst();
        Map<String, NDArray> values = new java.util.HashMap<>();
        parts.variables()
                .forEach((path, v) -> values.put(path.substring("encoder.".length()), v.initialize(LayerRun.SEED)));
        NDArray atOnce = LayerRun.outputs(LayerRun.model(lstm, x), Mode.INFERENCE, values, x)
                .getFirst();
        assertArrayEquals(part(atOnce, 3, 7).toDoubles(), continued.toDoubles(), 1e-14);
    }

    private static NDArray part(NDArray x, int from, int to) {
        int n = x.shape().dim(0);
        int t = x.shape().dim(1);
        int c = x.shape().dim(2);
        int length = to - from;
        return NDArray.generate(
                new TensorType(x.dtype(), Shape.of(n, length, c)),
                i -> x.getDouble((i / (length * c) * (long) t + from + i / c % length) * c + i % c));
    }

    @Test
    void shapesAndPaths() {
        Lstm lstm = Lstm.of(5).withLayers(2).withBothDirections();
        Model model = Model.of(lstm, 7, 3);
        assertEquals(List.of(TensorType.f32(7, 10)), model.outputs());
        assertEquals(Shape.of(20, 3), model.variables().get("weights.0.inputWeight").type().shape());
        assertEquals(Shape.of(20, 10), model.variables().get("weights.2.inputWeight").type().shape());
        assertEquals(Shape.of(20, 5), model.variables().get("weights.3.recurrentWeight").type().shape());
        assertEquals(Shape.of(20), model.variables().get("weights.3.recurrentBias").type().shape());
        assertEquals(List.of(TensorType.f32(10)), Model.of(lstm.withLastStep(), 7, 3).outputs());
        // Biases twice, as in PyTorch: 2 (4 5 (3 + 5) + 2 4 5) + 2 (4 5 (10 + 5) + 2 4 5).
        assertEquals(1080, model.parameterCount());
        assertEquals(2 * (20 * 8) + 2 * (20 * 15), Model.of(lstm.withoutBias(), 7, 3).parameterCount());
        assertEquals(3 * 5 * (3 + 5) + 2 * 15, Model.of(Gru.of(5), 7, 3).parameterCount());
        assertEquals(5 * (3 + 5) + 2 * 5, Model.of(Rnn.of(5), 7, 3).parameterCount());
    }

    @Test
    void theForgetGateStartsOpen() {
        Model model = Model.of(Lstm.of(2), 4, 3);
        double[] bias = model.variables().get("weights.0.inputBias").initialize(1).toDoubles();
        assertArrayEquals(new double[] {0, 0, 1, 1, 0, 0, 0, 0}, bias);
    }

    @Test
    void theLastStepOfBothDirectionsIsWhereEachEnds() {
        NDArray x = LayerRun.random(DType.F64, 6, 2, 4, 3);
        Gru gru = Gru.of(2).withBothDirections();
        NDArray all = LayerRun.output(gru, Mode.INFERENCE, x);
        NDArray last = LayerRun.output(gru.withLastStep(), Mode.INFERENCE, x);
        for (int n = 0; n < 2; n++) {
            for (int f = 0; f < 4; f++) {
                int t = f < 2 ? 3 : 0;
                assertEquals(all.getDouble((n * 4L + t) * 4 + f), last.getDouble(n * 4L + f), 1e-15);
            }
        }
    }

    @Test
    void timeMajorIsTheSameTransposed() {
        NDArray x = LayerRun.random(DType.F64, 7, 2, 4, 3);
        NDArray transposed = NDArray.generate(
                TensorType.of(DType.F64, 4, 2, 3), i -> x.getDouble((i / 3 % 2 * 4L + i / 6) * 3 + i % 3));
        NDArray a = LayerRun.output(Lstm.of(2), Mode.INFERENCE, x);
        NDArray b = LayerRun.output(Lstm.of(2).withTimeMajor(), Mode.INFERENCE, transposed);
        for (int i = 0; i < 16; i++) {
            assertEquals(a.getDouble((i / 2 % 2 * 4L + i / 4) * 2 + i % 2), b.getDouble(i), 1e-15);
        }
    }

    @Test
    void wrongInputsAreNamed() {
        GraphException rank = assertThrows(GraphException.class, () -> Model.of(Lstm.of(3), 7));
        assertTrue(rank.getMessage().contains("LSTM: the input f32[2, 7] must have 3 axes"), rank.getMessage());
        GraphException states = assertThrows(
                GraphException.class,
                () -> Model.of(
                        new Step(Gru.of(3)), List.of(TensorType.of(DType.F64, 1, 2), TensorType.of(DType.F64, 2))));
        assertTrue(
                states.getMessage().contains("needs 1 initial state of shape [1, 2, 3], got [f64[1, 2, 2]] (in gru)"),
                states.getMessage());
        GraphException lengths = assertThrows(
                GraphException.class,
                () -> Model.of(
                        new Unequal(Lstm.of(3)),
                        List.of(TensorType.of(DType.F64, 1, 2), TensorType.of(DType.F64))));
        assertTrue(lengths.getMessage().contains("must be one int32 or int64 per sequence"), lengths.getMessage());
        assertThrows(IllegalArgumentException.class, () -> Lstm.of(0));
        assertThrows(IllegalArgumentException.class, () -> Gru.of(2).withDropout(1));
    }
}
