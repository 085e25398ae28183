package io.tandem.samples;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints a model's parameters. */
@Command(
        name = "summary",
        description = "Show the parameters of a model: paths, shapes, counts.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example: tandem summary lenet5"})
final class SummaryCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "One of: ${COMPLETION-CANDIDATES}.")
    private NamedModel model;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        out.println(model.model().summary());
        out.flush();
        return 0;
    }
}
