package io.tandem.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands from their arguments to output, pictures and exit codes. */
class CommandsTest {
    @TempDir
    private Path folder;

    /** What a command said and how it ended. */
    private record Said(int exit, String out, String err) {}

    private static Said run(String... arguments) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        ByteArrayOutputStream complained = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
        try {
            int exit = Tandem.run(arguments);
            return new Said(
                    exit, said.toString(StandardCharsets.UTF_8), complained.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mnist", "forecast", "autoencoder", "search", "transfer", "playground"})
    void aPictureThatCannotBeWrittenIsToldBeforeTheWork(String command) throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "no folder");
        Said said = run(command, "--out", file.toString());
        assertEquals(1, said.exit(), said.out());
        assertTrue(said.err().contains(file + " is no folder"), said.err());
        assertEquals("", said.out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"mnist", "forecast", "autoencoder", "charlm", "gpt", "transfer"})
    void weightsThatCannotBeWrittenAreToldBeforeTheWork(String command) throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "no folder");
        Said said = run(command, "--out", folder.toString(), "--save", file.resolve("w.npz").toString());
        assertEquals(1, said.exit(), said.out());
        assertTrue(said.err().contains(file + " is no folder"), said.err());
        assertEquals("", said.out());
    }

    @Test
    void anEndingThatWeightsCannotHave() {
        Said said = run("transfer", "--save", folder.resolve("w.bin").toString());
        assertEquals(2, said.exit(), said.out());
        assertTrue(said.err().contains("w.bin"), said.err());
    }

    @Test
    void aRunOfOneStep() throws Exception {
        for (String part : List.of("train", "t10k")) {
            Files.write(folder.resolve(part + "-images-idx3-ubyte"), idx(new byte[20 * 28 * 28], 20, 28, 28));
            Files.write(folder.resolve(part + "-labels-idx1-ubyte"), idx(new byte[20], 20));
        }
        Said said = run(
                "mnist", "--model", "mlp", "--epochs", "1", "--data", folder.toString(), "--out", folder.toString());
        assertEquals(0, said.exit(), said.err());
        assertTrue(said.out().contains("test accuracy"), said.out());
    }

    /** Bytes as an IDX file of a shape. */
    private static byte[] idx(byte[] values, int... dims) {
        ByteBuffer file = ByteBuffer.allocate(4 + 4 * dims.length + values.length);
        file.putInt(0x800 + dims.length);
        IntStream.of(dims).forEach(file::putInt);
        return file.put(values).array();
    }

    @Test
    void aDrawingThatCannotBeWritten() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "no folder");
        Said said = run("summary", "mlp", "--svg", file.resolve("m.svg").toString());
        assertEquals(1, said.exit(), said.out());
        assertTrue(said.err().contains("cannot write " + file.resolve("m.svg") + ": " + file + " is no folder"),
                said.err());
    }

    @Test
    void playground() throws Exception {
        Said said = run(
                "playground", "--data", "circle", "--hidden", "none", "--features", "x1^2,x2^2", "--epochs", "40",
                "--networks", "3", "--json", "--out", folder.toString());
        assertEquals(0, said.exit(), said.err());
        assertTrue(said.out().contains("median test accuracy of 3 networks after 40 epochs: 1.000"), said.out());
        assertTrue(said.out().contains("\"features\":[\"x1^2\",\"x2^2\"]"), said.out());
        assertTrue(Files.size(folder.resolve("playground.png")) > 10_000);
    }

    @Test
    void speedAgainstSizeIsDrawnFromResults() throws Exception {
        Path results = folder.resolve("results.jsonl");
        StringBuilder lines = new StringBuilder("a line of something else\n");
        for (String peer : new String[] {"tandem", "other"}) {
            for (int batch : new int[] {1, 32, 1024}) {
                lines.append("""
                        {"peer": "%s", "workload": "mlp", "samples_per_s": %d, "step_ms": 1, "batch": %d, "width": 1.0}
                        """.formatted(peer, 1000 * batch, batch));
            }
            // From the peers that know no width.
            lines.append("{\"peer\": \"%s\", \"workload\": \"gemm-512\", \"samples_per_s\": 9}%n".formatted(peer));
        }
        Files.writeString(results, lines);
        Path picture = folder.resolve("made").resolve("speed.png");
        Said said = run("bench", "--plot", picture.toString(), results.toString());
        assertEquals(0, said.exit(), said.err());
        assertEquals(420, ImageIO.read(picture.toFile()).getHeight());

        Files.writeString(results, "{\"peer\": \"tandem\", \"workload\": \"gemm-512\", \"samples_per_s\": 9}");
        Said nothing = run("bench", "--plot", picture.toString(), results.toString());
        assertEquals(1, nothing.exit());
        assertTrue(nothing.err().contains("no training workload in several sizes"), nothing.err());
        Files.writeString(results, "{\"peer\": ");
        Said broken = run("bench", "--plot", picture.toString(), results.toString());
        assertTrue(broken.err().contains("results.jsonl, line 1: no JSON object"), broken.err());
        Said missing = run("bench", "--plot", picture.toString(), folder.resolve("none").toString());
        assertTrue(missing.err().contains("there is no file"), missing.err());
        assertEquals(2, run("bench", "--plot", picture.toString()).exit());
    }

    @Test
    void allCommandsAreListedAndOneIsEnough() {
        String all = run("--help").out();
        for (String command : new String[] {"mnist", "transfer", "forecast", "bench", "doctor", "zoo"}) {
            assertTrue(all.contains("  " + command + " "), all);
            assertTrue(run(command, "--help").out().startsWith("Usage: tandem " + command), command);
        }
        assertEquals(2, run("nonsense").exit());
        assertTrue(run("--verbose", "zoo", "--help").out().startsWith("Usage: tandem zoo"));
    }

    @Test
    void search() throws Exception {
        Path study = folder.resolve("study.jsonl");
        String[] arguments = {
            "search", "--task", "moons", "--samples", "80", "--strategy", "random", "--trials", "3", "--epochs", "2",
            "--study", study.toString(), "--device", "cpu", "--threads", "1", "--out", folder.toString()
        };
        Said said = run(arguments);
        assertEquals(0, said.exit(), said.err());
        assertTrue(said.out().contains("search: 3 trials, 2 at once"), said.out());
        assertTrue(said.out().contains("best: layers="), said.out());
        assertEquals(4, Files.readAllLines(study).size());
        assertTrue(Files.size(folder.resolve("search.png")) > 10_000);
        // Known trials are not made again, and the result is the same.
        assertEquals(said.out(), run(arguments).out());
        Files.writeString(study, "nonsense\n");
        Said refused = run(arguments);
        assertEquals(1, refused.exit());
        assertTrue(refused.err().contains("is no study file"), refused.err());
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "playground --features x9; no feature 'x9'",
        "playground --hidden 4,many; --hidden takes numbers joined by commas",
        "playground --hidden 0; hidden layers need at least 1 unit",
        "playground --noise 7; noise must be from 0 to 1",
        "playground --data square; Invalid value for option '--data'",
        "playground --epochs 0; --epochs must be at least 1",
        "search --folds 1; --folds must be at least 2",
        "search --samples 3; --samples must be at least 20",
        "search --trials 0; --trials must be at least 1"
    })
    void wrongUsage(String line, String message) {
        Said said = run(line.split(" "));
        assertEquals(2, said.exit());
        assertTrue(said.err().contains(message), said.err());
    }
}
