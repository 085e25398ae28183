package io.tandem.graph;

import java.util.Optional;
import java.util.Set;

/** Finds the line of the user's code that asked for an operation. */
final class CallSite {
    private static final Set<String> OURS = Set.of(
            "io.tandem.tensor",
            "io.tandem.graph",
            "io.tandem.autodiff",
            "io.tandem.reference",
            "io.tandem.compile",
            "io.tandem.backend",
            "io.tandem.nn",
            "io.tandem.optim",
            "io.tandem.data",
            "io.tandem.train",
            "io.tandem.io",
            "io.tandem.onnx");

    private CallSite() {}

    /** For example {@code " (in encoder.query, MyModel.java:41)"}; empty when nothing is known. */
    static String describe(String scope) {
        Optional<String> line = StackWalker.getInstance()
                .walk(frames -> frames.filter(f -> !isOurs(f.getClassName()))
                        .findFirst()
                        .map(f -> f.getFileName() + ":" + f.getLineNumber()));
        if (scope.isEmpty()) {
            return line.map(l -> " (" + l + ")").orElse("");
        }
        return " (in " + scope + line.map(l -> ", " + l).orElse("") + ")";
    }

    private static boolean isOurs(String className) {
        int dot = className.lastIndexOf('.');
        String name = dot < 0 ? "" : className.substring(0, dot);
        return OURS.contains(name) && !className.contains("Test") || name.startsWith("java.")
                || name.startsWith("jdk.");
    }
}
