package io.tandem.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.io.FormatException;
import io.tandem.io.Npz;
import io.tandem.io.Safetensors;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.train.Checkpoint;
import io.tandem.train.State;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

/** Saving and resuming from the command line. */
class SaveOptionsTest {
    @TempDir
    Path folder;

    @Command(name = "sample")
    private static final class Sample {
        @Mixin
        private SaveOptions saving;
    }

    private static SaveOptions parsed(String... arguments) {
        Sample sample = new Sample();
        new CommandLine(sample).parseArgs(arguments);
        return sample.saving;
    }

    @Test
    void optionsThatExcludeEachOther() {
        assertTrue(parsed().checkpoint().isEmpty());
        String both = assertThrows(
                ParameterException.class,
                () -> parsed("--save", "a", "--resume", "b").checkpoint())
                .getMessage();
        assertTrue(both.contains("--save"), both);
        assertThrows(ParameterException.class, () -> parsed("--save-steps", "-1").checkpoint());
        assertEquals(
                "--save model.pt: files of this kind are not written; weights go to .safetensors or .npz, models to .onnx",
                assertThrows(ParameterException.class, () -> parsed("--save", "model.pt").checkpoint())
                        .getMessage());
    }

    @Test
    void foldersWithoutACheckpoint() throws Exception {
        Path missing = folder.resolve("missing");
        String message = assertThrows(
                UncheckedIOException.class,
                () -> parsed("--resume", missing.toString()).checkpoint())
                .getMessage();
        assertTrue(message.contains("missing"), message);
        assertThrows(FormatException.class, () -> parsed("--resume", folder.toString()).checkpoint());
        Files.writeString(folder.resolve("step-000000000001.safetensors"), "no checkpoint at all");
        assertThrows(FormatException.class, () -> parsed("--resume", folder.toString()).checkpoint());
    }

    @Test
    void weightsGoToTheFileThatIsNamed() {
        Model model = Model.of(Sequential.of(Dense.of(3), Activation.relu(), Dense.of(2)), 4);
        try (Device device = Device.of("reference");
                State state = State.of(model, device, 1);
                State other = State.of(model, device, 2)) {
            StringWriter text = new StringWriter();
            PrintWriter out = new PrintWriter(text, true);
            Path npz = folder.resolve("w.npz");
            Path safetensors = folder.resolve("w.safetensors");
            parsed("--save", npz.toString()).finish(state, model, out);
            parsed("--save", safetensors.toString()).finish(state, model, out);
            assertEquals(Npz.read(npz), Safetensors.read(safetensors));
            assertEquals(state.get("2.bias"), Npz.read(npz).get("2.bias"));
            Path onnx = folder.resolve("new/model.onnx");
            parsed("--save", onnx.toString()).finish(state, model, out);
            assertTrue(Files.isRegularFile(onnx));
            assertTrue(text.toString().contains("model: " + onnx), text.toString());
            assertTrue(text.toString().contains("checksum: " + Weights.checksum(state)), text.toString());
            assertFalse(Weights.checksum(state).equals(Weights.checksum(other)));
            assertEquals(Optional.empty(), parsed("--save", npz.toString()).checkpoint().map(Checkpoint::step));
        }
    }
}
