package io.tandem.cpu.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tandem.conformance.MemoryProcess;
import io.tandem.conformance.TrainingProcess;
import io.tandem.train.Checkpoint;
import io.tandem.train.CheckpointFolder;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs in processes of their own: killed, resumed, on a full disk, side by side at the first start. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class ProcessTest {
    /** Checkpoints of 60 KB: quick. */
    private static final int SMALL = 700;
    /** Checkpoints of 8 MB: writing one takes longer than a step, so that kills come while one is being written. */
    private static final int LARGE = 100_000;

    @TempDir
    Path folder;

    private static List<String> command(int units, Path run, int epochs, String... options) {
        List<String> arguments =
                List.of("cpu", run.toString(), Integer.toString(epochs), Integer.toString(units));
        List<String> all = new ArrayList<>(List.of("-Xmx256m", "-XX:+UseSerialGC"));
        all.addAll(List.of(options));
        return java(all, TrainingProcess.class, arguments);
    }

    private static List<String> java(List<String> options, Class<?> main, List<String> arguments) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> command = new ArrayList<>(
                List.of(java, "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(options);
        command.addAll(List.of("-cp", classes, main.getName()));
        command.addAll(arguments);
        return command;
    }

    private Process start(Path log, List<String> command) throws IOException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }

    /** What a process that ends by itself printed last: the checksum of its values. */
    private String checksum(int units, Path run, int epochs, String... options) throws Exception {
        Path log = Files.createTempFile(folder, "log", ".txt");
        Process process = start(log, command(units, run, epochs, options));
        assertEquals(0, process.waitFor(), Files.readString(log));
        return lineOf(log, "checksum");
    }

    private static String lineOf(Path log, String start) throws IOException {
        try (Stream<String> lines = Files.lines(log)) {
            return lines.filter(line -> line.startsWith(start)).findFirst().orElse("nothing of " + start);
        }
    }

    @Test
    void goingOnInAFreshProcessEqualsOneRun() throws Exception {
        String whole = checksum(SMALL, folder.resolve("whole"), 4);
        Path parts = folder.resolve("parts");
        checksum(SMALL, parts, 2);
        assertEquals(2 * TrainingProcess.STEPS_PER_EPOCH, Checkpoint.read(parts).step());
        assertEquals(whole, checksum(SMALL, parts, 4));
    }

    @Test
    void killedAtRandomMomentsItAlwaysGoesOn() throws Exception {
        killAndResume(3);
    }

    @Test
    @Tag("soak")
    void killedFiftyTimes() throws Exception {
        killAndResume(50);
    }

    /** Kills a run again and again; afterwards the newest checkpoint loads, and the end equals that of an undisturbed run. */
    private void killAndResume(int kills) throws Exception {
        Path run = folder.resolve("killed");
        Random random = new Random(7);
        int inTheMiddle = 0;
        long last = 0;
        for (int i = 0; i < kills; i++) {
            Path log = folder.resolve("log-" + i);
            Process process = start(log, command(LARGE, run, 10_000));
            long from = last;
            while (process.isAlive() && newest(run) <= from) {
                Thread.sleep(5);
            }
            Thread.sleep(random.nextInt(100));
            while (process.isAlive() && !writing(run)) {
                Thread.onSpinWait();
            }
            // While the file grows, is synced, takes its name, or just after that.
            Thread.sleep(Duration.ofNanos(random.nextInt(20_000_000)));
            assertTrue(process.isAlive(), "the run is long enough to be killed: " + Files.readString(log));
            process.destroyForcibly().waitFor();
            inTheMiddle += writing(run) ? 1 : 0;
            for (Path file : CheckpointFolder.of(run).files()) {
                Checkpoint.read(file);
            }
            long step = Checkpoint.read(run).step();
            assertTrue(step > last, "kill " + i + ": step " + step + " after " + last);
            last = step;
        }
        // How many of the kills hit a checkpoint that was being written is for the report, not for a claim.
        System.getLogger(ProcessTest.class.getName())
                .log(System.Logger.Level.INFO, "{0} of {1} kills came while a checkpoint was being written",
                        inTheMiddle, kills);
        int end = (int) (last / TrainingProcess.STEPS_PER_EPOCH) + 1;
        String resumed = checksum(LARGE, run, end);
        assertEquals(checksum(LARGE, folder.resolve("undisturbed"), end), resumed);
        assertFalse(writing(run), "what killed processes left is cleared away");
    }

    /** Whether there is a checkpoint that is not complete. */
    private static boolean writing(Path run) throws IOException {
        try (Stream<Path> files = Files.list(run)) {
            return files.anyMatch(file -> file.toString().endsWith(".part"));
        }
    }

    private static long newest(Path run) {
        return CheckpointFolder.of(run).files().stream()
                .mapToLong(file -> Long.parseLong(file.getFileName().toString().replaceAll("\\D", "")))
                .max()
                .orElse(0);
    }

    @Test
    void whereTheDiskIsFullTheOldCheckpointStays() throws Exception {
        // A limit of the shell on the size of files does what a full disk does: the system refuses to write more.
        assumeTrue(new File("/bin/bash").canExecute(), "needs a shell with ulimit");
        Path run = folder.resolve("full");
        checksum(SMALL, run, 1);
        Checkpoint before = Checkpoint.read(run);
        List<Path> files = CheckpointFolder.of(run).files();
        Path log = folder.resolve("full.log");
        List<String> limited = new ArrayList<>(List.of("/bin/bash", "-c", "ulimit -f 16; exec \"$@\"", "bash"));
        // The JVM maps files of its own that are larger than the limit.
        limited.addAll(command(SMALL, run, 2, "-XX:-UsePerfData", "-Xshare:off"));
        Process process = start(log, limited);
        int code = process.waitFor();
        String output = Files.readString(log);
        assertTrue(code != 0 && output.contains("cannot write") && output.contains("File too large"), code + output);
        assertEquals(files, CheckpointFolder.of(run).files());
        Checkpoint after = Checkpoint.read(run);
        assertEquals(before.values(), after.values());
        assertEquals(before.position(), after.position());
        checksum(SMALL, run, 2);
    }

    @Test
    void twoProcessesShareTheCachesAtTheirFirstStart() throws Exception {
        Path home = Files.createDirectories(folder.resolve("home"));
        List<Process> processes = new ArrayList<>();
        List<Path> logs = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            logs.add(folder.resolve("shared-" + i + ".log"));
            processes.add(start(logs.get(i), command(SMALL, folder.resolve("shared-" + i), 2, "-Duser.home=" + home)));
        }
        for (int i = 0; i < 2; i++) {
            assertEquals(0, processes.get(i).waitFor(), Files.readString(logs.get(i)));
        }
        assertTrue(lineOf(logs.get(0), "checksum").startsWith("checksum "), Files.readString(logs.get(0)));
        assertEquals(lineOf(logs.get(0), "checksum"), lineOf(logs.get(1), "checksum"));
    }

    @Test
    void aHomeFolderThatCannotBeWrittenDoesNoHarm() throws Exception {
        // No folder can be made below a file, whoever runs the test.
        Path home = Files.writeString(folder.resolve("no-folder"), "");
        String normal = checksum(SMALL, folder.resolve("normal"), 1);
        assertEquals(normal, checksum(SMALL, folder.resolve("read-only"), 1, "-Duser.home=" + home));
    }

    @Test
    @Tag("soak")
    void nativeMemoryIsSteady() throws Exception {
        assumeTrue(new File("/proc/self/status").canRead(), "needs a system that tells a process's memory in a file");
        for (String device : List.of("reference", "cpu")) {
            for (String what : List.of("steps", "opens")) {
                Path log = Files.createTempFile(folder, "memory", ".txt");
                List<String> options = List.of("-Xms128m", "-Xmx128m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC");
                Process process = start(log, java(options, MemoryProcess.class, List.of(device, what)));
                assertEquals(0, process.waitFor(), Files.readString(log));
                long kilobytes = Long.parseLong(lineOf(log, "grown").substring("grown ".length()));
                System.getLogger(ProcessTest.class.getName())
                        .log(System.Logger.Level.INFO, "{0}, {1}: resident memory grew by {2} KB", device, what,
                                kilobytes);
                assertTrue(kilobytes < 16 << 10, device + ", " + what + ": " + kilobytes + " KB");
            }
        }
    }
}
