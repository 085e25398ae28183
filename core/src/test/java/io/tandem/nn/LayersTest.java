package io.tandem.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Graph;
import io.tandem.graph.GraphException;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Shapes, values, parameters and messages of layers that have no test of their own. */
class LayersTest {
    private static Shape shape(Layer layer, int... sample) {
        return Model.of(layer, sample).outputs().getFirst().shape();
    }

    private static String message(Layer layer, int... sample) {
        return assertThrows(GraphException.class, () -> Model.of(layer, sample)).getMessage();
    }

    @Test
    void outputShapes() {
        assertEquals(Shape.of(3, 4, 4), shape(MaxPool.pool2d(2), 3, 8, 9));
        assertEquals(Shape.of(3, 4, 5), shape(MaxPool.pool2d(2).withCeilMode(), 3, 8, 9));
        assertEquals(Shape.of(3, 4, 5), shape(MaxPool.pool2d(3).withStride(2).withPadding(1), 3, 8, 9));
        assertEquals(Shape.of(3, 4, 5), shape(MaxPool.pool2d(3).withStride(2).withPadding(Padding.same()), 3, 8, 9));
        assertEquals(Shape.of(3, 4), shape(MaxPool.pool1d(3).withStride(1).withDilation(2), 3, 8));
        assertEquals(Shape.of(2, 2, 2, 2), shape(AveragePool.of(2, 2, 2), 2, 4, 4, 4));
        assertEquals(Shape.of(3), shape(GlobalAveragePool.of(), 3, 5, 4));
        assertEquals(Shape.of(3), shape(GlobalMaxPool.of(), 3, 5));
        assertEquals(Shape.of(3, 7, 7), shape(AdaptiveAveragePool.of(7, 7), 3, 10, 13));
        assertEquals(Shape.of(3, 2), shape(AdaptiveMaxPool.of(2), 3, 1));
        assertEquals(Shape.of(60), shape(Flatten.of(), 3, 4, 5));
        assertEquals(Shape.of(3, 20), shape(Flatten.from(2), 3, 4, 5));
        assertEquals(Shape.of(1), shape(Flatten.of()));
        assertEquals(Shape.of(6, 10), shape(Reshape.of(6, -1), 3, 4, 5));
        assertEquals(Shape.of(4, 5, 3), shape(Permute.of(0, 2, 3, 1), 3, 4, 5));
        assertEquals(Shape.of(8, 10, 12), shape(ConvTranspose.conv2d(8, 4).withStride(2).withPadding(1), 3, 5, 6));
        assertEquals(Shape.of(8, 10, 12),
                shape(ConvTranspose.conv2d(8, 3).withStride(2).withPadding(Padding.same()), 3, 5, 6));
        assertEquals(Shape.of(8, 15),
                shape(ConvTranspose.conv1d(8, 1).withStride(3).withPadding(Padding.same()), 3, 5));
        assertEquals(Shape.of(5, 6, 6),
                shape(Branches.of(Conv.conv2d(2, 3), Conv.conv2d(3, 5).withPadding(1)), 3, 8, 8));
        assertEquals(Shape.of(5, 8), shape(TransformerBlock.of(8, 2), 5, 8));
    }

    @Test
    void parameterPathsAreThoseOfRecords() {
        Model block = Model.of(TransformerBlock.of(8, 2), 5, 8);
        assertTrue(
                block.variables().keySet().containsAll(Set.of(
                        "attention.query.weight",
                        "attention.output.bias",
                        "attentionNorm.weight",
                        "feedForward.expand.weight",
                        "feedForward.contract.bias",
                        "feedForwardNorm.bias")),
                block.variables().keySet().toString());
        // As PyTorch's encoder layer of width 8 with 32 inner units: 4 (8 8 + 8) + 2 8 32 + 32 + 8 + 4 8.
        assertEquals(4 * 72 + 2 * 256 + 32 + 8 + 32, block.parameterCount());
        Model nested = Model.of(
                Sequential.of(
                        Residual.of(Sequential.of(Conv.conv2d(3, 3).withPadding(1), BatchNorm.of())),
                        Branches.of(Conv.conv2d(2, 1), PRelu.of())),
                3,
                4,
                4);
        assertEquals(
                Set.of(
                        "0.body.0.weight",
                        "0.body.0.bias",
                        "0.body.1.weight",
                        "0.body.1.bias",
                        "0.body.1.runningMean",
                        "0.body.1.runningVariance",
                        "1.branches.0.weight",
                        "1.branches.0.bias",
                        "1.branches.1.weight"),
                nested.variables().keySet());
        assertEquals(84 + 6 + 6 + 2 + 1, nested.parameterCount());
    }

    @Test
    void repeatedLayersAreIndependentSharedOnesAreNot() {
        Model independent = Model.of(Sequential.repeat(3, () -> Dense.of(4)), 4);
        assertEquals(60, independent.parameterCount());
        assertEquals(Map.of(), independent.aliases());
        Dense one = Dense.of(4);
        Model shared = Model.of(Sequential.of(one, one, one), 4);
        assertEquals(20, shared.parameterCount());
        assertEquals("0.weight", shared.aliases().get("2.weight"));
        assertNotEquals(
                independent.variables().get("0.weight").initialize(1),
                independent.variables().get("1.weight").initialize(1));
    }

    /** A language model whose output layer is its embedding. */
    private record Tied(Embedding embedding) implements Layer {
        @Override
        public Tensor forward(Tensor x) {
            return embedding.scores(embedding.apply(x));
        }
    }

    @Test
    void anEmbeddingCanBeTheOutputLayerToo() {
        Model model = Model.of(new Tied(Embedding.of(7, 3)), TensorType.of(DType.I32, 5));
        assertEquals(21, model.parameterCount());
        assertEquals(TensorType.f32(5, 7), model.outputs().getFirst());
        NDArray y = LayerRun.outputs(model, Mode.INFERENCE, Map.of(), NDArray.ofInts(Shape.of(1, 5), 0, 1, 2, 3, 6))
                .getFirst();
        NDArray table = model.variables().get("embedding.weight").initialize(LayerRun.SEED);
        double expected = 0;
        for (int i = 0; i < 3; i++) {
            expected += table.getDouble(18 + i) * table.getDouble(3 + i);
        }
        assertEquals(expected, y.getDouble(4 * 7 + 1), 1e-5);
    }

    @Test
    void thePaddingVectorIsNotTrained() {
        Model model = Model.of(Embedding.of(4, 2).withPaddingIndex(1), TensorType.of(DType.I64, 3));
        Model.Traced traced = model.trace(Mode.TRAINING, 1);
        Graph graph = traced.trace().graph();
        Tensor table = traced.trace().params().get("weight");
        graph.output(
                "gradient",
                Gradients.of(traced.outputs().getFirst().sum(), List.of(table)).getFirst());
        NDArray indices = NDArray.ofLongs(Shape.of(1, 3), 1, 3, 3);
        NDArray gradient = new Interpreter()
                .run(graph, LayerRun.bindings(model, graph, Map.of(), indices))
                .get("gradient");
        assertArrayEquals(new float[] {0, 0, 0, 0, 0, 0, 2, 2}, gradient.toFloats());
    }

    @Test
    void maxAndAveragePoolingOfKnownNumbers() {
        NDArray x = NDArray.of(Shape.of(1, 1, 3, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9);
        MaxPool max = MaxPool.pool2d(2).withStride(1);
        assertArrayEquals(new float[] {5, 6, 8, 9}, LayerRun.output(max, Mode.INFERENCE, x).toFloats());
        AveragePool mean = AveragePool.pool2d(2).withStride(2).withPadding(1);
        assertArrayEquals(new float[] {1, 2.5f, 5.5f, 7}, LayerRun.output(mean, Mode.INFERENCE, x).toFloats());
        assertArrayEquals(
                new float[] {.25f, 1.25f, 2.75f, 7},
                LayerRun.output(mean.includingPadding(), Mode.INFERENCE, x).toFloats());
        assertArrayEquals(
                new float[] {3, 4, 6, 7}, LayerRun.output(AdaptiveAveragePool.of(2, 2), Mode.INFERENCE, x).toFloats());
        assertArrayEquals(
                new float[] {5, 6, 8, 9}, LayerRun.output(AdaptiveMaxPool.of(2, 2), Mode.INFERENCE, x).toFloats());
        assertEquals(5, LayerRun.output(GlobalAveragePool.of(), Mode.INFERENCE, x).item());
        assertEquals(9, LayerRun.output(GlobalMaxPool.of(), Mode.INFERENCE, x).item());
    }

    @Test
    void upsamplingRepeatsElements() {
        NDArray x = NDArray.of(Shape.of(1, 1, 2, 2), 1, 2, 3, 4);
        assertArrayEquals(
                new float[] {1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4},
                LayerRun.output(Upsample.of(2), Mode.INFERENCE, x).toFloats());
        NDArray row = NDArray.of(Shape.of(1, 2, 2), 1, 2, 3, 4);
        NDArray y = LayerRun.output(Upsample.of(3), Mode.INFERENCE, row);
        assertEquals(Shape.of(1, 2, 6), y.shape());
        assertArrayEquals(new float[] {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}, y.toFloats());
        assertThrows(IllegalArgumentException.class, () -> Upsample.of(0));
        assertThrows(GraphException.class, () -> Model.of(Upsample.of(2), 4));
    }

    @Test
    void shiftingTheInputShiftsTheFeatureMap() {
        NDArray x = LayerRun.random(DType.F64, 1, 1, 1, 6, 6);
        NDArray shifted =
                NDArray.generate(x.type(), i -> i % 6 == 0 ? 0 : x.getDouble(i - 1));
        Layer layer = Sequential.of(Conv.conv2d(2, 3), Activation.relu());
        NDArray a = LayerRun.output(layer, Mode.INFERENCE, x);
        NDArray b = LayerRun.output(layer, Mode.INFERENCE, shifted);
        for (int i = 0; i < 32; i++) {
            if (i % 4 > 0) {
                assertEquals(a.getDouble(i - 1), b.getDouble(i), 1e-15);
            }
        }
    }

    @Test
    void transposedConvolutionIsTheAdjoint() {
        NDArray x = LayerRun.random(DType.F64, 1, 1, 2, 7, 7);
        NDArray y = LayerRun.random(DType.F64, 2, 1, 3, 4, 4);
        NDArray w = LayerRun.random(DType.F64, 3, 3, 2, 3, 3);
        Conv conv = Conv.conv2d(3, 3).withStride(2).withPadding(1).withoutBias();
        ConvTranspose transposed = ConvTranspose.conv2d(2, 3).withStride(2).withPadding(1).withoutBias();
        Map<String, NDArray> params = Map.of("weight", w);
        NDArray ax = LayerRun.outputs(LayerRun.model(conv, x), Mode.INFERENCE, params, x).getFirst();
        NDArray aty = LayerRun.outputs(LayerRun.model(transposed, y), Mode.INFERENCE, params, y).getFirst();
        assertEquals(y.shape(), ax.shape());
        assertEquals(x.shape(), aty.shape());
        assertEquals(dot(ax, y), dot(x, aty), 1e-12);
    }

    private static double dot(NDArray a, NDArray b) {
        double sum = 0;
        for (int i = 0; i < a.shape().size(); i++) {
            sum += a.getDouble(i) * b.getDouble(i);
        }
        return sum;
    }

    @Test
    void batchNormTracksTheBatchInTrainingAndUsesItInInference() {
        NDArray x = NDArray.ofDoubles(Shape.of(4, 1), 1, 2, 3, 6);
        Model model = LayerRun.model(BatchNorm.of(), x);
        List<NDArray> training = LayerRun.outputs(model, Mode.TRAINING, Map.of(), x);
        double deviation = Math.sqrt(3.5 + 1e-5);
        assertArrayEquals(
                new double[] {-2 / deviation, -1 / deviation, 0, 3 / deviation}, training.get(0).toDoubles(), 1e-14);
        assertEquals(0.1 * 3, training.get(1).item(), 1e-15);
        assertEquals(0.9 + 0.1 * 14 / 3, training.get(2).item(), 1e-15);
        Map<String, NDArray> tracked = Map.of("runningMean", training.get(1), "runningVariance", training.get(2));
        List<NDArray> inference = LayerRun.outputs(model, Mode.INFERENCE, tracked, x);
        assertEquals(1, inference.size());
        assertEquals(
                (6 - 0.3) / Math.sqrt(0.9 + 1.4 / 3 + 1e-5), inference.getFirst().getDouble(3), 1e-14);
    }

    private record Twice(BatchNorm norm) implements Layer {
        @Override
        public Tensor forward(Tensor x) {
            return norm.apply(x).add(norm.apply(x.mul(3).add(2)));
        }
    }

    @Test
    void batchNormUsedTwiceTracksBothBatchesInTheirOrder() {
        NDArray x = NDArray.ofDoubles(Shape.of(4, 1), 1, 2, 3, 6);
        List<NDArray> training =
                LayerRun.outputs(LayerRun.model(new Twice(BatchNorm.of()), x), Mode.TRAINING, Map.of(), x);
        assertEquals(3, training.size());
        // Means 3 and 11; variances 14 / 3 and 9 times that.
        assertEquals(0.9 * 0.3 + 0.1 * 11, training.get(1).item(), 1e-14);
        assertEquals(0.9 * (0.9 + 0.1 * 14 / 3) + 0.1 * 9 * 14 / 3, training.get(2).item(), 1e-14);
    }

    @Test
    void summariesLookTheSameEverywhere() {
        Model model = Model.of(Dense.of(1000), 9);
        String summary = model.summary();
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            assertEquals(summary, model.summary());
        } finally {
            Locale.setDefault(before);
        }
        assertTrue(summary.contains("10,000 parameters"), summary);
    }

    @Test
    void frozenBatchNormUsesWhatItTracked() {
        NDArray x = LayerRun.random(DType.F64, 1, 4, 3);
        Model model = LayerRun.model(Sequential.of(BatchNorm.of(), Dense.of(2)), x).freeze("0");
        List<NDArray> training = LayerRun.outputs(model, Mode.TRAINING, Map.of(), x);
        assertEquals(1, training.size());
        assertEquals(LayerRun.outputs(model, Mode.INFERENCE, Map.of(), x), training);
        assertEquals(
                List.of("1.weight", "1.bias"),
                model.variables().values().stream()
                        .filter(Model.Variable::trainable)
                        .map(Model.Variable::path)
                        .toList());
    }

    @Test
    void dropoutKeepsTheExpectedValue() {
        NDArray ones = NDArray.full(TensorType.f32(100, 100), 1);
        NDArray y = LayerRun.output(Dropout.of(0.3), Mode.TRAINING, ones);
        int zeros = 0;
        for (float v : y.toFloats()) {
            assertTrue(v == 0 || Math.abs(v - 1 / 0.7f) < 1e-6);
            zeros += v == 0 ? 1 : 0;
        }
        // Five standard deviations of a binomial variable: sqrt(10000 0.3 0.7) = 45.8.
        assertEquals(3000, zeros, 230);
        assertEquals(ones, LayerRun.output(Dropout.of(0.3), Mode.INFERENCE, ones));
        assertEquals(ones, LayerRun.output(Dropout.of(0), Mode.TRAINING, ones));
    }

    @Test
    void twoDropoutsDropDifferently() {
        NDArray ones = NDArray.full(TensorType.f32(1, 200), 1);
        Dropout once = Dropout.of(0.5);
        NDArray twice = LayerRun.output(Sequential.of(once, once), Mode.TRAINING, ones);
        long kept = java.util.stream.IntStream.range(0, 200).filter(i -> twice.getDouble(i) > 0).count();
        // Were both masks equal, half would be left.
        assertTrue(kept > 20 && kept < 80, kept + " of 200 left");
    }

    @Test
    void spatialDropoutDropsWholeChannels() {
        NDArray ones = NDArray.full(TensorType.f32(8, 16, 2, 2), 1);
        NDArray y = LayerRun.output(Dropout.spatial(0.5), Mode.TRAINING, ones);
        Set<Float> values = new java.util.HashSet<>();
        for (int c = 0; c < 128; c++) {
            for (int i = 1; i < 4; i++) {
                assertEquals(y.getDouble(4L * c), y.getDouble(4L * c + i));
            }
            values.add((float) y.getDouble(4L * c));
        }
        assertEquals(Set.of(0f, 2f), values);
    }

    @Test
    void normsHaveMeanZeroAndVarianceOne() {
        NDArray x = NDArray.generate(TensorType.of(DType.F64, 2, 4, 3), i -> 5 + 3 * Math.sin(7 * i));
        checkStandard(LayerRun.output(LayerNorm.over(2), Mode.INFERENCE, x), 12);
        checkStandard(LayerRun.output(GroupNorm.of(2), Mode.INFERENCE, x), 6);
        checkStandard(LayerRun.output(InstanceNorm.of(), Mode.INFERENCE, x), 3);
    }

    private static void checkStandard(NDArray y, int group) {
        for (int from = 0; from < y.shape().size(); from += group) {
            double mean = 0;
            double square = 0;
            for (int i = from; i < from + group; i++) {
                mean += y.getDouble(i) / group;
                square += y.getDouble(i) * y.getDouble(i) / group;
            }
            assertEquals(0, mean, 1e-12);
            assertEquals(1, square, 1e-4);
        }
    }

    @Test
    void messagesNameLayerShapesAndPath() {
        assertEquals(
                "residual: the body turns f32[2, 4] into f32[2, 5]; give the shortcut a projection, or"
                        + " keep the shape (in 1)",
                message(Sequential.of(Activation.relu(), Residual.of(Dense.of(5))), 4));
        assertEquals(
                "residual: the body turns f32[2, 4] into f32[2, 5], but the projection into f32[2, 6];"
                        + " both must be equal",
                message(Residual.of(Dense.of(5), Dense.of(6)), 4));
        assertEquals(
                "branches: branch 0 gives f32[2, 4, 6, 6], branch 1 gives f32[2, 4, 4, 4]; they may differ"
                        + " along axis 1 alone",
                message(Branches.of(Conv.conv2d(4, 3), Conv.conv2d(4, 5)), 3, 8, 8));
        assertEquals(
                "max-pool: the input f32[2, 10] must have 4 axes (in 1)",
                message(Sequential.of(Dense.of(10), MaxPool.pool2d(2)), 3));
        assertEquals(
                "embedding: the input must be indices (int32 or int64), it is f32[2, 3]; declare the model's"
                        + " input as such",
                message(Embedding.of(3, 4), 3));
        assertEquals(
                "batch-norm: the input f32[2] must have at least 2 axes", message(BatchNorm.of()));
        assertEquals(
                "group-norm: 4 channels of the input f32[2, 4, 3] do not divide into 3 groups",
                message(GroupNorm.of(3), 4, 3));
        assertEquals(
                "maxout: axis 1 of f32[2, 5] does not divide into groups of 2", message(Maxout.of(2), 5));
        assertTrue(message(MaxPool.pool2d(5), 1, 3, 3).contains("pool"));
        assertThrows(GraphException.class, () -> LayerRun.output(
                BatchNorm.of(), Mode.TRAINING, NDArray.of(Shape.of(1, 2), 1, 2)));
        assertThrows(IllegalArgumentException.class, () -> Dropout.of(1));
        assertThrows(IllegalArgumentException.class, () -> MaxPool.of());
        assertThrows(IllegalArgumentException.class, () -> AveragePool.of(0));
        assertThrows(IllegalArgumentException.class, () -> AdaptiveMaxPool.of(0));
        assertThrows(IllegalArgumentException.class, () -> Embedding.of(0, 3));
        assertThrows(IllegalArgumentException.class, () -> MultiHeadAttention.of(5, 2));
        assertThrows(IllegalArgumentException.class, () -> Branches.of());
        assertThrows(IllegalArgumentException.class, () -> Sequential.repeat(-1, Flatten::of));
        assertThrows(IllegalArgumentException.class, () -> ConvTranspose.conv2d(3, 2).withGroups(2));
    }

    /** A layer as one would write it elsewhere: parameters in the fields of a class. */
    private static final class Ordinary implements Layer {
        private final Dense dense = Dense.of(3);

        @Override
        public Tensor forward(Tensor x) {
            return dense.apply(x);
        }
    }

    @Test
    void parametersOutsideOfRecordsAreExplained() {
        Dense captured = Dense.of(3);
        for (Layer layer : List.<Layer>of(new Ordinary(), captured::apply, x -> Dense.of(3).apply(x))) {
            assertEquals(
                    "a parameter of shape [3, 4] is not part of the model (in 1): layers are found as components of records"
                            + " and in lists of these, not in fields of other classes, variables that a lambda uses, maps,"
                            + " arrays, or where forward makes them; write the layer as a record that holds its parameters"
                            + " and layers",
                    message(Sequential.of(Activation.relu(), layer), 4));
        }
    }

    @Test
    void outputsWithoutBatchAxisAreRefused() {
        Layer sum = x -> x.sum();
        assertEquals(
                "output 0 of the model is the scalar f32[]: axis 0 of every output is the batch; reduce over the axes from"
                        + " 1 on alone",
                message(sum, 4));
    }

    @Test
    void axesAndTypesThatDoNotFitAreExplained() {
        String channels = message(Conv.conv2d(4, 3), 28, 28, 1);
        assertTrue(
                channels.contains("does not fit into input [2, 28, 28, 1]")
                        && channels.contains("the input's axes are [N, channels, sizes...], channels before sizes"),
                channels);
        GraphException type = assertThrows(
                GraphException.class, () -> Model.of(Dense.of(4), TensorType.of(DType.I32, 6)));
        assertTrue(
                type.getMessage()
                        .contains("i32[2, 6] and f32[4, 6] must be of the same floating type; convert with cast"),
                type.getMessage());
    }
}
