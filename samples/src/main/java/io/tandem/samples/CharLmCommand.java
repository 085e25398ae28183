package io.tandem.samples;

import io.tandem.models.RecurrentKind;
import io.tandem.models.RecurrentLanguageModel;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a recurrent language model on the characters of a text and lets it write. */
@Command(
        name = "charlm",
        description = "Train a recurrent language model on the characters of a text, and let it write.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  tandem charlm",
            "  tandem charlm --cell gru --units 512 --prompt \"ROMEO:\" --temperature 0.6",
            "  tandem charlm --text book.txt --save run/",
            "  tandem charlm --resume run/"
        })
final class CharLmCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Mixin
    private TextOptions text;

    @Option(names = "--cell", paramLabel = "CELL", defaultValue = "lstm",
            description = "lstm, gru or rnn. Default: lstm.")
    private RecurrentKind cell;

    @Option(names = "--layers", paramLabel = "N", defaultValue = "1", description = "Recurrent layers. Default: 1.")
    private int layers;

    @Option(names = "--units", paramLabel = "N", defaultValue = "256", description = "Size of a state. Default: 256.")
    private int units;

    @Option(names = "--dropout", paramLabel = "P", defaultValue = "0",
            description = "Rate of dropout between layers. Default: 0.")
    private double dropout;

    @Option(names = "--context", paramLabel = "N", defaultValue = "64",
            description = "Characters that are seen at once. Default: 64.")
    private int context;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "32", description = "Windows per step. Default: 32.")
    private int batch;

    @Option(names = "--steps", paramLabel = "N", defaultValue = "2000", description = "Updates. Default: 2000.")
    private int steps;

    @Option(names = "--rate", paramLabel = "R", defaultValue = "4e-3",
            description = "Largest learning rate. Default: 4e-3.")
    private double rate;

    @Mixin
    private SaveOptions saving;

    @Override
    public Integer call() {
        run.require(layers > 0, "--layers must be at least 1, got " + layers);
        run.require(units > 0, "--units must be at least 1, got " + units);
        run.require(dropout >= 0 && dropout < 1, "--dropout must be from 0 to below 1, got " + dropout);
        String name = cell.name().toLowerCase(Locale.ROOT);
        new LanguageTraining(name, context, batch, steps, rate, 0)
                .run(
                        run,
                        text,
                        saving,
                        characters -> RecurrentLanguageModel.of(cell, characters, 64, layers, units, dropout),
                        spec.commandLine().getOut());
        return 0;
    }
}
