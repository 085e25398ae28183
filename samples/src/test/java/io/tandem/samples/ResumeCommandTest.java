package io.tandem.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.io.Safetensors;
import io.tandem.io.SafetensorsFile;
import io.tandem.tensor.NDArray;
import io.tandem.train.CheckpointFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line as its users meet it: a run that goes on, and checkpoints that do not fit. */
class ResumeCommandTest {
    @TempDir
    Path folder;

    private Path run;

    /** What a command left. */
    private record Result(int code, String out, String errors) {
        String checksum() {
            return out.lines().filter(line -> line.startsWith("weights' checksum: ")).findFirst().orElseThrow();
        }
    }

    @BeforeEach
    void series() throws IOException {
        StringBuilder text = new StringBuilder("a,b\n");
        for (int i = 0; i < 300; i++) {
            text.append(i % 7).append(',').append(i % 5 + 0.5).append('\n');
        }
        Files.writeString(folder.resolve("series.csv"), text);
        run = folder.resolve("run");
    }

    private Result forecast(String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "forecast", "--series", folder.resolve("series.csv").toString(), "--window", "6", "--cell", "rnn",
                "--batch", "32", "--device", "cpu", "--out", folder.toString()));
        arguments.addAll(List.of(more));
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        ByteArrayOutputStream failed = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(written, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(failed, true, StandardCharsets.UTF_8));
            int code = Tandem.run(arguments.toArray(String[]::new));
            return new Result(
                    code, written.toString(StandardCharsets.UTF_8), failed.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    @Test
    void aRunGoesOnFromAnyOfItsCheckpoints() throws IOException {
        String whole = forecast("--horizon", "2", "--epochs", "3").checksum();
        Result saved = forecast("--horizon", "2", "--epochs", "3", "--save", run.toString(), "--save-steps", "2");
        assertEquals(0, saved.code(), saved.errors());
        assertEquals(whole, saved.checksum());
        List<Path> files = CheckpointFolder.of(run).files();
        // As if the process had been killed after the oldest of the three.
        Files.delete(files.get(2));
        Files.delete(files.get(1));
        Result resumed = forecast("--horizon", "2", "--epochs", "3", "--resume", run.toString());
        assertEquals(0, resumed.code(), resumed.errors());
        assertEquals(whole, resumed.checksum());
    }

    private void requireError(Result result, String... parts) {
        assertEquals(1, result.code(), result.out());
        String error = result.errors().lines().filter(line -> line.startsWith("tandem: ")).findFirst().orElse("none");
        for (String part : parts) {
            assertTrue(result.errors().contains(part), "'" + part + "' is missing in: " + result.errors());
        }
        assertFalse(error.contains("unexpected ") || result.errors().contains("\tat "), result.errors());
    }

    @Test
    void checkpointsThatDoNotFitAreOneClearErrorEach() throws IOException {
        forecast("--horizon", "2", "--epochs", "1", "--save", run.toString());
        Path file = CheckpointFolder.of(run).files().getLast();
        requireError(
                forecast("--horizon", "3", "--epochs", "2", "--resume", run.toString()),
                "tandem: the checkpoint does not fit", "wrong type or shape",
                "forecaster.head.weight: needed is f32[3, 64], stored is f32[2, 64]");
        requireError(
                forecast("--horizon", "2", "--epochs", "1", "--save", run.toString()),
                "tandem: the folder " + run + " has checkpoints of an earlier run");

        byte[] bytes = Files.readAllBytes(file);
        Map<String, NDArray> arrays = Safetensors.read(file);
        Map<String, String> texts;
        try (SafetensorsFile open = Safetensors.open(file)) {
            texts = new LinkedHashMap<>(open.metadata());
        }
        texts.put("version", "2");
        Safetensors.write(file, arrays, texts);
        requireError(
                forecast("--horizon", "2", "--epochs", "2", "--resume", run.toString()),
                "tandem: the checkpoint " + file + " has format version '2', this Tandem reads version 1");

        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        requireError(
                forecast("--horizon", "2", "--epochs", "2", "--resume", run.toString()),
                "tandem: the checkpoint " + file + " is damaged: its checksum is wrong");
    }
}
