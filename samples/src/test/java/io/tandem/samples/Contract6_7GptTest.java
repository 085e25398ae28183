package io.tandem.samples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.tandem.backend.Device;
import io.tandem.data.CharVocabulary;
import io.tandem.graph.GraphException;
import io.tandem.models.Gpt;
import io.tandem.models.TextSampler;
import io.tandem.nn.Model;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The small GPT. */
@Tag("contract")
class Contract6_7GptTest {
    private static final String CHARACTERS = "abcdefgh";

    @TempDir
    Path folder;

    private static Gpt tiny() {
        return Gpt.of(Gpt.Config.small(8).withContext(6).withLayers(2).withWidth(16, 2));
    }

    @Test
    void sizes() {
        // Tokens and positions, per block two norms, four projections and two dense layers, and the last norm; the
        // output shares the tokens' weights.
        int block = 4 * 128 + 4 * (128 * 128 + 128) + 128 * 512 + 512 + 512 * 128 + 128;
        Model model = Model.of(Gpt.of(Gpt.Config.small(65)), TensorType.of(DType.I32, 64));
        assertEquals(65 * 128 + 64 * 128 + 4 * block + 2 * 128, model.parameterCount());
        assertEquals(809_856, model.parameterCount());
        assertEquals(TensorType.f32(64, 65), model.outputs().getFirst());
        assertThrows(IllegalArgumentException.class, () -> Gpt.Config.small(65).withWidth(130, 4));
        String message = assertThrows(
                GraphException.class,
                () -> Model.of(Gpt.of(Gpt.Config.small(65)), TensorType.of(DType.I32, 65)))
                .getMessage();
        assertTrue(message.contains("has 65 positions, there are vectors for 64"), message);
    }

    @Test
    void laterTokensNeverInfluenceEarlierOutputs() {
        Model model = Model.of(tiny(), TensorType.of(DType.I32, 6));
        try (Device device = Device.of("cpu");
                State state = State.of(model, device, 1);
                Evaluation evaluation = new Evaluation(model, state)) {
            double[] one = evaluation
                    .predict(NDArray.ofInts(Shape.of(1, 6), 0, 1, 2, 3, 4, 5))
                    .toDoubles();
            double[] other = evaluation
                    .predict(NDArray.ofInts(Shape.of(1, 6), 0, 1, 2, 7, 7, 7))
                    .toDoubles();
            assertArrayEquals(Arrays.copyOf(one, 3 * 8), Arrays.copyOf(other, 3 * 8));
            assertNotEquals(one[3 * 8], other[3 * 8]);
        }
    }

    @Test
    void samplesDependOnSeedTemperatureAndTopK() {
        Model model = Model.of(tiny(), TensorType.of(DType.I32, 6));
        try (Device device = Device.of("cpu");
                State state = State.of(model, device, 1);
                Evaluation evaluation = new Evaluation(model, state)) {
            TextSampler sampler = TextSampler.of(evaluation, CharVocabulary.of(CHARACTERS), 6);
            String text = sampler.write("abc", 30, new SplittableRandom(1));
            assertEquals(30, text.length());
            assertEquals(text, sampler.write("abc", 30, new SplittableRandom(1)));
            assertNotEquals(text, sampler.write("abc", 30, new SplittableRandom(2)));
            String bold = sampler.withTemperature(0).write("abc", 30, new SplittableRandom(1));
            assertEquals(bold, sampler.withTopK(1).write("abc", 30, new SplittableRandom(2)));
            assertEquals(30, sampler.write("", 30, new SplittableRandom(1)).length());
            // A longer prompt than the context: its end is seen.
            assertEquals(
                    sampler.withTemperature(0).write("bcdefg", 1, new SplittableRandom(1)),
                    sampler.withTemperature(0).write("aaaabcdefg", 1, new SplittableRandom(1)));
            assertThrows(
                    IllegalArgumentException.class, () -> sampler.write("xyz", 1, new SplittableRandom(1)));
            assertThrows(IllegalArgumentException.class, () -> sampler.withTemperature(-1));
            assertThrows(IllegalArgumentException.class, () -> sampler.withTopK(-1));
        }
    }

    @Test
    void aTextIsLearnedAndWritten() throws IOException {
        Path text =
                Files.writeString(folder.resolve("text.txt"), "to be or not to be, that is the question.\n".repeat(60));
        JsonNode report = CommandRun.of(
                new GptCommand(), "--text", text.toString(), "--context", "16", "--batch", "8", "--layers", "1",
                "--heads", "2", "--width", "32", "--steps", "150", "--rate", "1e-2", "--temperature", "0", "--prompt",
                "to be or", "--length", "34", "--device", "cpu", "--json")
                .report();
        assertEquals(Math.log(16), report.get("start_loss").asDouble(), 0.1);
        assertTrue(report.get("validation_loss").asDouble() < 0.4, report.toString());
        assertEquals(" not to be, that is the question.\n", report.get("sample").asText());
    }

    /** 4 layers, 4 heads, width 128, context 64, batch 12, 2000 steps; see docs/contract.md for the figure. */
    @Test
    @Tag("slow")
    void shakespeare() {
        Contract6_5CharacterModelTest.shakespeare();
        JsonNode report = CommandRun.of(new GptCommand(), "--device", "cpu", "--json").report();
        assertEquals(2000, report.get("steps").asInt());
        assertTrue(report.get("validation_loss").asDouble() <= 1.88, report.toString());
    }
}
