package io.tandem.cpu.codegen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs kernels in Java processes of their own, as if machines were different. */
class OtherMachinesTest {
    @Test
    void withoutTheVectorModule() {
        String output = run("tiered");
        assertTrue(output.contains("form: SCALAR"), output);
        assertTrue(output.contains("digest: " + KernelDigest.of(KernelRuns.FASTEST)), output);
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 32})
    void withShorterVectors(int bytes) {
        String output = run("", "--add-modules", "jdk.incubator.vector", "-XX:MaxVectorSize=" + bytes);
        assertTrue(output.contains("form: VECTOR"), output);
        assertTrue(output.contains("digest: " + KernelDigest.of(KernelRuns.SCALAR)), output);
    }

    private static String run(String mode, String... options) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), KernelDigest.class.getName(), mode));
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String output;
            try (InputStream stream = process.getInputStream()) {
                output = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            }
            assertTrue(process.waitFor(2, TimeUnit.MINUTES), "the process did not end: " + output);
            assertEquals(0, process.exitValue(), output);
            return output;
        } catch (IOException e) {
            throw new IllegalStateException("Java could not be started: " + command, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
