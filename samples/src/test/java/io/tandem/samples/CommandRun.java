package io.tandem.samples;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

/**
 * What a command printed.
 *
 * @param text its output
 */
record CommandRun(String text) {
    /** Runs a command; what it throws is thrown here, wrong usage too. */
    static CommandRun of(Object command, String... arguments) {
        StringWriter text = new StringWriter();
        CommandLine line = new CommandLine(command);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setOut(new PrintWriter(text, true));
        // What a handler throws is printed and lost.
        List<Exception> thrown = new ArrayList<>();
        line.setExecutionExceptionHandler((exception, failed, parsed) -> {
            thrown.add(exception);
            return CommandLine.ExitCode.SOFTWARE;
        });
        line.setParameterExceptionHandler((exception, given) -> {
            thrown.add(exception);
            return CommandLine.ExitCode.USAGE;
        });
        line.execute(arguments);
        if (thrown.isEmpty()) {
            return new CommandRun(text.toString());
        }
        throw thrown.getFirst() instanceof RuntimeException e ? e : new IllegalStateException(thrown.getFirst());
    }

    /** The report that {@code --json} prints as the last line. */
    JsonNode report() {
        String[] lines = text.strip().split("\n");
        try {
            return new ObjectMapper().readTree(lines[lines.length - 1]);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the last line is no JSON: " + text, e);
        }
    }
}
