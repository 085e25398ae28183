package io.tandem.samples;

import io.tandem.data.CharVocabulary;
import io.tandem.data.DataException;
import io.tandem.data.TextCorpus;
import io.tandem.models.TextSampler;
import io.tandem.samples.data.DataFolders;
import io.tandem.samples.data.Progress;
import io.tandem.samples.data.TinyShakespeare;
import io.tandem.train.Evaluation;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options of language models: what they learn from, and what they write. */
final class TextOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--text", paramLabel = "FILE",
            description = "A text in UTF-8 to learn from, packed by gzip or not. Default: tiny Shakespeare.")
    private Path text;

    @Option(names = "--prompt", paramLabel = "TEXT", defaultValue = "",
            description = "What the sample text goes on from. Default: a new line.")
    private String prompt;

    @Option(names = "--length", paramLabel = "N", defaultValue = "500",
            description = "Characters to write at the end; 0 for none. Default: 500.")
    private int length;

    @Option(names = "--temperature", paramLabel = "T", defaultValue = "0.8",
            description = "Below 1 the text is bolder, above 1 more varied, at 0 always the most probable character."
                    + " Default: 0.8.")
    private double temperature;

    @Option(names = "--top-k", paramLabel = "K", defaultValue = "0",
            description = "Choose from the K most probable characters; 0 for all. Default: 0.")
    private int topK;

    /** The text to learn from. */
    TextCorpus corpus(DataFolders folders) {
        require(length >= 0, "--length must not be negative, got " + length);
        require(temperature >= 0 && !Double.isInfinite(temperature),
                "--temperature must be 0 or more, got " + temperature);
        require(topK >= 0, "--top-k must not be negative, got " + topK);
        if (text == null) {
            return TinyShakespeare.load(folders, TinyShakespeare.mirrors(), Progress.SILENT);
        }
        if (!Files.isRegularFile(text)) {
            throw new DataException(text + " is no file; --text needs a text file");
        }
        return TextCorpus.read(text);
    }

    /** Ends with a usage error if a character of the prompt does not occur in the text. */
    void requirePrompt(CharVocabulary vocabulary) {
        try {
            vocabulary.encode(prompt);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--prompt: " + e.getMessage(), e);
        }
    }

    /** The prompt. */
    String prompt() {
        return prompt;
    }

    /** Characters to write. */
    int length() {
        return length;
    }

    /** What writes the sample text. */
    TextSampler sampler(Evaluation evaluation, CharVocabulary vocabulary, int context) {
        return TextSampler.of(evaluation, vocabulary, context).withTemperature(temperature).withTopK(topK);
    }

    /** What the text is called. */
    String name() {
        return text == null ? "tiny Shakespeare" : text.toString();
    }

    private void require(boolean holds, String message) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }
}
