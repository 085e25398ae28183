package io.tandem.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.tandem.backend.Device;
import io.tandem.data.CharVocabulary;
import io.tandem.data.DataException;
import io.tandem.data.TextCorpus;
import io.tandem.data.TokenWindows;
import io.tandem.models.Gpt;
import io.tandem.models.RecurrentKind;
import io.tandem.models.RecurrentLanguageModel;
import io.tandem.nn.Layer;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.samples.data.DataFolders;
import io.tandem.tensor.DType;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.ParameterException;

/** Language models of characters, from the command line. */
@Tag("contract")
class Contract6_5CharacterModelTest {
    private static final String[] SMALL = {"--context", "16", "--batch", "8", "--length", "40", "--device", "cpu"};

    @TempDir
    Path folder;

    private Path text() throws IOException {
        return Files.writeString(folder.resolve("text.txt"), "to be or not to be, that is the question.\n".repeat(40));
    }

    private static String[] with(String[] first, String... more) {
        String[] all = java.util.Arrays.copyOf(first, first.length + more.length);
        System.arraycopy(more, 0, all, first.length, more.length);
        return all;
    }

    /** The text, if this machine has it. */
    static TextCorpus shakespeare() {
        Optional<List<Path>> files = DataFolders.standard(Optional.empty()).find("tinyshakespeare.txt");
        assumeTrue(files.isPresent(), "TANDEM_DATA names no folder with tinyshakespeare.txt");
        return TextCorpus.read(files.orElseThrow().getFirst());
    }

    @Test
    void anUntrainedModelIsAsGoodAsGuessing(TestReporter reporter) {
        TextCorpus corpus = shakespeare();
        CharVocabulary vocabulary = corpus.vocabulary();
        assertEquals(65, vocabulary.size());
        assertEquals(4.17, Math.log(65), 0.005);
        TokenWindows windows = TokenWindows.consecutive(
                vocabulary.encode(corpus.text().substring(0, 20 * 64 + 1)), 64);
        for (Layer layer : List.of(
                RecurrentLanguageModel.of(RecurrentKind.LSTM, 65, 64, 1, 256, 0),
                RecurrentLanguageModel.of(RecurrentKind.GRU, 65, 64, 1, 256, 0),
                RecurrentLanguageModel.of(RecurrentKind.RNN, 65, 64, 1, 256, 0),
                Gpt.of(Gpt.Config.small(65)))) {
            Model model = Model.of(layer, TensorType.of(DType.I32, 64));
            try (Device device = Device.of("cpu");
                    State state = State.of(model, device, 1);
                    Evaluation evaluation = new Evaluation(model, state)) {
                double loss = evaluation
                        .evaluate(windows, 20, Losses.crossEntropy().withClassAxis(-1), List.of())
                        .get("loss");
                reporter.publishEntry(layer.getClass().getSimpleName(), Double.toString(loss));
                assertEquals(Math.log(65), loss, 0.15, model.summary());
            }
        }
    }

    @Test
    void aTextIsLearnedAndWritten() throws IOException {
        JsonNode report = CommandRun.of(
                new CharLmCommand(),
                with(SMALL, "--text", text().toString(), "--units", "32", "--steps", "120", "--rate", "1e-2",
                        "--temperature", "0", "--prompt", "to be or", "--json"))
                .report();
        assertTrue(report.get("start_loss").asDouble() > 2.5, report.toString());
        assertTrue(report.get("validation_loss").asDouble() < 0.4, report.toString());
        assertEquals(" not to be, that is the question.\nto be ", report.get("sample").asText());
    }

    @Test
    void trainingGoesOnFromACheckpoint() throws IOException {
        Path run = folder.resolve("run");
        String[] options = with(
                SMALL, "--text", text().toString(), "--units", "16", "--steps", "300", "--prompt", "to", "--json");
        JsonNode whole =
                CommandRun.of(new CharLmCommand(), with(options, "--save", run.toString(), "--save-steps", "70"))
                        .report();
        // What is left of a run that was interrupted before its end.
        try (Stream<Path> files = Files.list(run)) {
            Files.delete(files.max(Comparator.naturalOrder()).orElseThrow());
        }
        JsonNode resumed = CommandRun.of(new CharLmCommand(), with(options, "--resume", run.toString())).report();
        assertEquals(whole.get("weights_sha256"), resumed.get("weights_sha256"));
        assertEquals(whole.get("sample"), resumed.get("sample"));
    }

    @Test
    void charactersThatTheTextDoesNotHave() throws IOException {
        String text = text().toString();
        String message = assertThrows(
                ParameterException.class,
                () -> CommandRun.of(new CharLmCommand(), "--text", text, "--prompt", "to bä"))
                .getMessage();
        assertTrue(
                message.startsWith("--prompt: the character 'ä' (U+00E4) at position 4 is not in the vocabulary"),
                message);
        assertThrows(
                ParameterException.class,
                () -> CommandRun.of(new GptCommand(), "--text", text, "--prompt", "KING"));
    }

    @Test
    void textsThatAreTooShortOrMissing() throws IOException {
        Path small = Files.writeString(folder.resolve("small.txt"), "a few words only");
        String message = assertThrows(
                DataException.class,
                () -> CommandRun.of(new CharLmCommand(), "--text", small.toString()))
                .getMessage();
        assertTrue(
                message.endsWith(
                        "14 characters to train are too few for a window of 64 and the next one; use a longer text or a"
                                + " smaller --context"),
                message);
        String missing = assertThrows(
                DataException.class, () -> CommandRun.of(new GptCommand(), "--text", "nowhere.txt")).getMessage();
        assertEquals("nowhere.txt is no file; --text needs a text file", missing);
        String data = assertThrows(
                DataException.class, () -> CommandRun.of(new GptCommand(), "--data", folder.toString()))
                .getMessage();
        assertTrue(data.contains("has no file tinyshakespeare.txt or tinyshakespeare.txt.gz"), data);
    }

    @Test
    void wrongNumbersAreNamed() {
        for (String[] wrong : new String[][] {
            {"--temperature", "-1"}, {"--top-k", "-1"}, {"--length", "-1"}, {"--steps", "0"}, {"--context", "0"},
            {"--batch", "0"}, {"--rate", "0"}, {"--units", "0"}, {"--layers", "0"}, {"--dropout", "1"}
        }) {
            String message = assertThrows(
                    ParameterException.class, () -> CommandRun.of(new CharLmCommand(), wrong)).getMessage();
            assertTrue(message.contains(wrong[0]), message);
        }
        assertThrows(ParameterException.class, () -> CommandRun.of(new GptCommand(), "--width", "130"));
    }

    /** The sample as the README has it; see docs/contract.md for the figure. */
    @Test
    @Tag("slow")
    void aRecurrentNetworkOnShakespeare() {
        shakespeare();
        JsonNode report = CommandRun.of(new CharLmCommand(), "--device", "cpu", "--json").report();
        assertEquals(Math.log(65), report.get("start_loss").asDouble(), 0.15);
        assertTrue(report.get("validation_loss").asDouble() < 1.65, report.toString());
        assertEquals(500, report.get("sample").asText().length());
    }
}
