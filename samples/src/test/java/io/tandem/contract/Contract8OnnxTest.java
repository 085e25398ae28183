package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import io.tandem.backend.Device;
import io.tandem.conformance.OnnxEngine;
import io.tandem.data.ArrayDataset;
import io.tandem.data.DataLoader;
import io.tandem.graph.Composites;
import io.tandem.graph.Distribution;
import io.tandem.graph.GraphException;
import io.tandem.graph.ScanStep;
import io.tandem.graph.Tensor;
import io.tandem.models.AttentionSeq2Seq;
import io.tandem.models.Autoencoder;
import io.tandem.models.ChangeFromLast;
import io.tandem.models.DefaultDnn;
import io.tandem.models.GoogLeNet;
import io.tandem.models.Gpt;
import io.tandem.models.LeNet5;
import io.tandem.models.LstmForecaster;
import io.tandem.models.Mlp;
import io.tandem.models.MobileNetV2;
import io.tandem.models.RecurrentKind;
import io.tandem.models.RecurrentLanguageModel;
import io.tandem.models.ResNet;
import io.tandem.models.ResidualBlock;
import io.tandem.models.SimpleCnn;
import io.tandem.models.Transformer;
import io.tandem.models.VisionTransformer;
import io.tandem.nn.Activation;
import io.tandem.nn.AdaptiveAveragePool;
import io.tandem.nn.AveragePool;
import io.tandem.nn.Conv;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.Flatten;
import io.tandem.nn.GroupNorm;
import io.tandem.nn.Gru;
import io.tandem.nn.Initializers;
import io.tandem.nn.InstanceNorm;
import io.tandem.nn.Layer;
import io.tandem.nn.LayerNorm;
import io.tandem.nn.Losses;
import io.tandem.nn.Lstm;
import io.tandem.nn.Maxout;
import io.tandem.nn.Model;
import io.tandem.nn.MultiHeadAttention;
import io.tandem.nn.PRelu;
import io.tandem.nn.Param;
import io.tandem.nn.PositionalEncoding;
import io.tandem.nn.Sequential;
import io.tandem.nn.Upsample;
import io.tandem.nn.Trace;
import io.tandem.nn.TransformerBlock;
import io.tandem.onnx.OnnxExport;
import io.tandem.optim.Adam;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Section 8: exported models give ONNX Runtime the numbers that they give here. */
@Tag("contract")
class Contract8OnnxTest {
    /** Relative to the largest output, where that is above 1. */
    private static final double TOLERANCE = 1e-5;

    private static final int TOKENS = 11;

    @TempDir
    private Path folder;

    @BeforeEach
    void requireEngine() {
        OnnxEngine.require();
    }

    private static Arguments model(String name, Layer layer, int... sample) {
        return Arguments.of(name, Model.of(layer, sample));
    }

    private static Arguments language(String name, Layer layer, int length) {
        return Arguments.of(name, Model.of(layer, TensorType.of(DType.I32, length)));
    }

    static Stream<Arguments> models() {
        TensorType tokens = TensorType.of(DType.I32, 6);
        return Stream.of(
                model("MLP", Mlp.of(32, 16, 10), 1, 28, 28),
                model("default DNN", DefaultDnn.of(16, 16, 3), 5),
                model("LeNet-5", LeNet5.of(), 1, 28, 28),
                model("small CNN", SimpleCnn.of(10), 1, 28, 28),
                model("ResNet-18", ResNet.resNet18(10), 3, 64, 64),
                model("SE-ResNet block", ResidualBlock.squeezeExcite(8, 2, true), 8, 9, 9),
                model("MobileNetV2", MobileNetV2.of(10), 3, 64, 64),
                model("GoogLeNet", GoogLeNet.of(10), 3, 64, 64),
                model("vision transformer", VisionTransformer.small(10), 1, 28, 28),
                model("dense autoencoder", Autoencoder.dense(8, 1, 28, 28), 1, 28, 28),
                model("convolutional autoencoder", Autoencoder.convolutional(8, 1, 28, 28), 1, 28, 28),
                model("LSTM forecaster", LstmForecaster.of(RecurrentKind.LSTM, 2, 16, 5), 24, 3),
                model("GRU forecaster", LstmForecaster.of(RecurrentKind.GRU, 2, 16, 5), 24, 3),
                model("RNN forecaster", LstmForecaster.of(RecurrentKind.RNN, 2, 16, 5), 24, 3),
                model("change from last", ChangeFromLast.of(LstmForecaster.of(4), 1), 12, 3),
                model("bidirectional LSTM", Lstm.of(7).withBothDirections(), 9, 3),
                model("GRU, reset before", Gru.of(7).withResetBefore(), 9, 3),
                model("attention", MultiHeadAttention.of(16, 4), 7, 16),
                model("causal attention", MultiHeadAttention.of(16, 4).withCausalMask(), 7, 16),
                model(
                        "Transformer encoder",
                        Sequential.of(
                                PositionalEncoding.sinusoidal(),
                                TransformerBlock.of(16, 4),
                                TransformerBlock.of(16, 2)),
                        7, 16),
                language("GPT", Gpt.of(Gpt.Config.small(TOKENS).withLayers(2).withWidth(32, 2).withContext(16)), 16),
                language(
                        "recurrent language model",
                        RecurrentLanguageModel.of(RecurrentKind.LSTM, TOKENS, 8, 2, 16, 0.2),
                        12),
                Arguments.of("encoder and decoder", Model.of(
                        Transformer.of(TOKENS, TOKENS, 2, 16, 2, 0.1).withPadding(0), List.of(tokens, tokens))),
                Arguments.of("recurrent encoder and decoder", Model.of(
                        AttentionSeq2Seq.of(TOKENS, TOKENS, 12), List.of(tokens, tokens))),
                model(
                        "many layers",
                        Sequential.of(
                                Conv.conv2d(6, 3).withPadding(1), GroupNorm.of(3), Activation.elu(),
                                Conv.conv2d(8, 3).withStride(2), InstanceNorm.of().withScaleAndShift(), PRelu.of(),
                                AveragePool.pool2d(2), Activation.softplus(), AdaptiveAveragePool.of(3, 2),
                                Flatten.of(), Dropout.of(0.5), Dense.of(12), LayerNorm.of(), Activation.gelu(),
                                Maxout.dense(4, 2), Activation.silu(), Dense.of(5), Activation.softmax()),
                        2, 15, 14),
                model(
                        "upsampling, reductions and limits",
                        Sequential.of(
                                Conv.conv2d(6, 3), Upsample.of(2), Activation.hardSwish(),
                                x -> x.cumSum(-1).clamp(-1, 1), x -> x.logSumExp(-1).add(x.norm(-1)),
                                x -> x.standardDeviation(1, 1).add(x.prod(1))),
                        2, 5, 6));
    }

    private static NDArray[] draw(Model model, int batch) {
        SplittableRandom random = new SplittableRandom(batch);
        return model.inputs().stream()
                .map(type -> NDArray.generate(
                        type.with(type.shape().insert(0, batch)),
                        i -> type.dtype().isFloating() ? random.nextDouble(-1, 1) : random.nextInt(TOKENS)))
                .toArray(NDArray[]::new);
    }

    /** Statistics and shifts other than those that a model starts with. */
    private static void disturb(State state) {
        SplittableRandom random = new SplittableRandom(5);
        state.model().variables().forEach((path, variable) -> state.set(path, perturbed(state.get(path), random)));
    }

    private static NDArray perturbed(NDArray value, SplittableRandom random) {
        return NDArray.generate(value.type(), i -> value.getDouble(i) + 0.05 * random.nextDouble());
    }

    private static void assertSame(Model model, State state, byte[] file, int... batches)
            throws OrtException {
        try (OnnxEngine engine = OnnxEngine.of(file); Evaluation evaluation = new Evaluation(model, state)) {
            for (int batch : batches) {
                NDArray[] inputs = draw(model, batch);
                Map<String, NDArray> named = new LinkedHashMap<>();
                for (int i = 0; i < inputs.length; i++) {
                    named.put("input." + i, inputs[i]);
                }
                Map<String, NDArray> actual = engine.run(named);
                List<NDArray> expected = evaluation.predictOutputs(inputs);
                assertEquals(expected.size(), actual.size());
                for (int i = 0; i < expected.size(); i++) {
                    assertClose(expected.get(i), actual.get("output." + i));
                }
            }
        }
    }

    private static void assertClose(NDArray expected, NDArray actual) {
        assertEquals(expected.type(), actual.type());
        double largest = 1;
        double difference = 0;
        for (int i = 0; i < expected.shape().size(); i++) {
            largest = Math.max(largest, Math.abs(expected.getDouble(i)));
            double one = Math.abs(expected.getDouble(i) - actual.getDouble(i));
            difference = Double.isNaN(one) ? Double.POSITIVE_INFINITY : Math.max(difference, one);
        }
        double relative = difference / largest;
        assertTrue(relative < TOLERANCE, () -> "outputs differ by " + relative);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("models")
    void batchesOfAnySize(String name, Model model) throws IOException, OrtException {
        Path file = folder.resolve("model.onnx");
        try (Device device = Device.of("cpu"); State state = State.of(model, device, 1)) {
            disturb(state);
            OnnxExport.of(model, state).write(file);
            assertSame(model, state, Files.readAllBytes(file), 1, 3);
        }
    }

    @Test
    void oneBatchSize() throws IOException, OrtException {
        Model model = Model.of(Mlp.of(8, 3), 5);
        Path file = folder.resolve("four.onnx");
        try (Device device = Device.of("cpu"); State state = State.of(model, device, 1)) {
            OnnxExport.of(model, state).withBatch(4).write(file);
            byte[] content = Files.readAllBytes(file);
            assertSame(model, state, content, 4);
            assertThrows(OrtException.class, () -> assertSame(model, state, content, 3));
            assertThrows(IllegalArgumentException.class, () -> OnnxExport.of(model, state).withBatch(0));
        }
    }

    /** A layer whose result for a sample depends on the other samples, and the number of them. */
    @Test
    void meansOverTheBatchAreForOneBatchSize() throws IOException, OrtException {
        Layer centered = x -> x.sub(x.mean(0));
        Model model = Model.of(Sequential.of(Dense.of(3), centered), 5);
        Path file = folder.resolve("centered.onnx");
        try (Device device = Device.of("cpu"); State state = State.of(model, device, 1)) {
            OnnxExport export = OnnxExport.of(model, state);
            GraphException refusal = assertThrows(GraphException.class, () -> export.write(file));
            assertTrue(refusal.getMessage().contains("withBatch(n)"), refusal::getMessage);
            assertFalse(Files.exists(file));
            export.withBatch(6).write(file);
            assertSame(model, state, Files.readAllBytes(file), 6);
        }
    }

    /** A layer that draws numbers in inference too. */
    record Noise(double deviation) implements Layer {
        @Override
        public Tensor forward(Tensor x) {
            return x.add(Trace.of(x).random(Distribution.NORMAL, x.shape()).mul(deviation));
        }
    }

    @Test
    void whatOnnxHasNoCounterpartForIsRefused() {
        Model model = Model.of(Sequential.of(Dense.of(3), new Noise(0.1)), 5);
        try (Device device = Device.of("cpu"); State state = State.of(model, device, 1)) {
            GraphException refusal = assertThrows(
                    GraphException.class, () -> OnnxExport.of(model, state).write(folder.resolve("noise.onnx")));
            assertTrue(refusal.getMessage().startsWith("onnx: random[normal"), refusal::getMessage);
            assertTrue(refusal.getMessage().contains("in layer '1'"), refusal::getMessage);
            Model other = Model.of(Mlp.of(3), 4);
            IllegalArgumentException mismatch =
                    assertThrows(IllegalArgumentException.class, () -> OnnxExport.of(other, state));
            assertTrue(mismatch.getMessage().contains("another model"), mismatch::getMessage);
        }
    }

    /** A layer of the user's own with a parameter, a scan over time and control over shapes. */
    record RunningSum(Param decay) implements Layer {
        @Override
        public Tensor forward(Tensor x) {
            Tensor factor = Trace.of(x).param(decay, Shape.of(x.dim(2))).sigmoid();
            Tensor time = x.permute(1, 0, 2);
            Tensor start = x.graph().zeros(TensorType.f32(x.dim(0), x.dim(2)));
            List<Tensor> results = Composites.scan(
                    x.dim(1), false, List.of(start), List.of(time), List.of(factor), s -> {
                        Tensor weight = s.index().cast(DType.F32).add(1).rsqrt();
                        Tensor next = s.carry(0).mul(s.fixed(0)).add(s.scanned(0).mul(weight));
                        return new ScanStep.Next(List.of(next), List.of(next));
                    });
            Tensor all = results.getLast().permute(1, 0, 2);
            return Tensor.concat(1, all, x).reshape(x.dim(0) * 2, x.dim(1), x.dim(2)).flip(0)
                    .reshape(x.dim(0), 2 * x.dim(1), x.dim(2));
        }
    }

    @Test
    void layersOfTheUsersOwn() throws IOException, OrtException {
        Model model = Model.of(new RunningSum(Param.of(Initializers.normal(0, 1))), 5, 3);
        Path file = folder.resolve("sum.onnx");
        try (Device device = Device.of("cpu"); State state = State.of(model, device, 1)) {
            OnnxExport.of(model, state).write(file);
            byte[] content = Files.readAllBytes(file);
            assertSame(model, state, content, 1, 2, 5);
            assertTrue(new String(content, StandardCharsets.ISO_8859_1).contains("decay"));
        }
    }

    @Test
    void aTrainedModelKeepsItsAnswers() throws IOException, OrtException {
        Model model = Model.of(DefaultDnn.of(16, 1), 2);
        NDArray x = draw(model, 64)[0];
        NDArray y = NDArray.generate(TensorType.f32(64, 1), i -> x.getDouble(2L * i) * x.getDouble(2L * i + 1));
        Path file = folder.resolve("trained.onnx");
        try (Device device = Device.of("cpu"); State state = State.of(model, device, 1)) {
            Trainer.of(Training.of(model, Losses.meanSquaredError(), Adam.of(1e-2)))
                    .fit(state, DataLoader.of(ArrayDataset.of(x, y), 16), 3);
            OnnxExport.of(model, state).write(file);
            assertSame(model, state, Files.readAllBytes(file), 1, 64);
        }
    }
}
