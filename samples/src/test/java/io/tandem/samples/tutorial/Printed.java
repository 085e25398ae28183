package io.tandem.samples.tutorial;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * What a program printed.
 *
 * @param text all of it
 */
record Printed(String text) {
    /** Runs a program; what it prints is kept, not shown. */
    static Printed by(Runnable program) {
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            program.run();
        } finally {
            System.setOut(before);
        }
        return new Printed(bytes.toString(StandardCharsets.UTF_8).replace("\r\n", "\n"));
    }

    /** The rest of the line that starts with a label and a colon. */
    String after(String label) {
        return text.lines()
                .filter(line -> line.startsWith(label + ": "))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no line '" + label + "' in:\n" + text))
                .substring(label.length() + 2);
    }

    /** The number on the line of a label. */
    double number(String label) {
        return Double.parseDouble(after(label));
    }

    /** A figure of the map on the line of a label, such as {loss=0.1, accuracy=0.9}. */
    double figure(String label, String name) {
        return figureOf(after(label), name);
    }

    /** A figure of a map's text. */
    static double figureOf(String map, String name) {
        String start = map.substring(map.indexOf(name + "=") + name.length() + 1);
        return Double.parseDouble(start.split("[,}]")[0]);
    }
}
