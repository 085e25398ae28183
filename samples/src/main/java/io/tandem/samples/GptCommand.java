package io.tandem.samples;

import io.tandem.models.Gpt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a small GPT on the characters of a text and lets it write. */
@Command(
        name = "gpt",
        description = "Train a small GPT on the characters of a text, and let it write.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  tandem gpt",
            "  tandem gpt --prompt \"KING:\" --temperature 0.7 --top-k 10",
            "  tandem gpt --text book.txt --steps 5000 --dropout 0.1 --save run/",
            "  tandem gpt --resume run/"
        })
final class GptCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Mixin
    private TextOptions text;

    @Option(names = "--layers", paramLabel = "N", defaultValue = "4", description = "Blocks. Default: 4.")
    private int layers;

    @Option(names = "--heads", paramLabel = "N", defaultValue = "4", description = "Heads of attention. Default: 4.")
    private int heads;

    @Option(names = "--width", paramLabel = "N", defaultValue = "128",
            description = "Size of a character's vector. Default: 128.")
    private int width;

    @Option(names = "--dropout", paramLabel = "P", defaultValue = "0", description = "Rate of dropout. Default: 0.")
    private double dropout;

    @Option(names = "--context", paramLabel = "N", defaultValue = "64",
            description = "Characters that are seen at once. Default: 64.")
    private int context;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "12", description = "Windows per step. Default: 12.")
    private int batch;

    @Option(names = "--steps", paramLabel = "N", defaultValue = "2000", description = "Updates. Default: 2000.")
    private int steps;

    @Option(names = "--rate", paramLabel = "R", defaultValue = "3e-3",
            description = "Largest learning rate. Default: 3e-3.")
    private double rate;

    @Mixin
    private SaveOptions saving;

    @Override
    public Integer call() {
        run.require(layers > 0 && heads > 0 && width > 0 && width % heads == 0,
                "--layers, --heads and --width must be at least 1, the width a multiple of the heads, got %d, %d and %d"
                        .formatted(layers, heads, width));
        run.require(dropout >= 0 && dropout < 1, "--dropout must be from 0 to below 1, got " + dropout);
        new LanguageTraining("gpt", context, batch, steps, rate, 0.1)
                .run(
                        run,
                        text,
                        saving,
                        characters -> Gpt.of(new Gpt.Config(characters, context, layers, heads, width, dropout)),
                        spec.commandLine().getOut());
        return 0;
    }
}
