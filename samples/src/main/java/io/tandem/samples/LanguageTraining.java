package io.tandem.samples;

import io.tandem.backend.Device;
import io.tandem.data.CharVocabulary;
import io.tandem.data.DataException;
import io.tandem.data.DataLoader;
import io.tandem.data.TextCorpus;
import io.tandem.data.TokenWindows;
import io.tandem.nn.Layer;
import io.tandem.nn.Loss;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Adam;
import io.tandem.optim.Clipping;
import io.tandem.optim.Schedule;
import io.tandem.optim.Schedules;
import io.tandem.tensor.DType;
import io.tandem.tensor.TensorType;
import io.tandem.train.Checkpoint;
import io.tandem.train.Epoch;
import io.tandem.train.Evaluation;
import io.tandem.train.History;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.IntFunction;

/**
 * Trains a language model on the characters of a text: the first 90 % train, the last 10 % validate, as the mean over
 * consecutive windows. The optimizer is AdamW with warm-up and half a cosine.
 *
 * @param name what the model is called
 * @param context characters per window
 * @param batch windows per step, each from a random place
 * @param steps updates
 * @param peakRate largest learning rate; the last one is a tenth of it
 * @param weightDecay of AdamW
 */
record LanguageTraining(String name, int context, int batch, int steps, double peakRate, double weightDecay) {
    /** At most so many steps between looks at the validation part. */
    private static final int INTERVAL = 250;

    private static final int WARM_UP = 100;
    private static final double TRAINING_PART = 0.9;
    private static final Loss LOSS = Losses.crossEntropy().withClassAxis(-1);

    /** Parts with a look at the validation part after each. */
    private int parts() {
        return (steps + INTERVAL - 1) / INTERVAL;
    }

    private int stepsPerPart() {
        return (steps + parts() - 1) / parts();
    }

    Training training(Model model) {
        int warmUp = Math.clamp(steps / 10, 1, WARM_UP);
        Schedule rate = Schedules.warmUp(
                warmUp, Schedules.cosine(peakRate, peakRate / 10, Math.max(1, parts() * stepsPerPart() - warmUp)));
        return Training.of(
                model, LOSS, Adam.of(rate).withBetas(0.9, 0.99).withDecoupledWeightDecay(weightDecay))
                .withClipping(Clipping.byGlobalNorm(1));
    }

    /**
     * Trains, validates, and writes a sample text.
     *
     * @param layer makes the model for a size of the vocabulary, from [N, context] to [N, context, vocabulary]
     */
    void run(RunOptions run, TextOptions text, SaveOptions saving, IntFunction<Layer> layer, PrintWriter out) {
        run.require(context > 0, "--context must be at least 1, got " + context);
        run.require(batch > 0, "--batch must be at least 1, got " + batch);
        run.require(steps > 0, "--steps must be at least 1, got " + steps);
        run.require(peakRate > 0, "--rate must be above 0, got " + peakRate);
        Optional<Checkpoint> checkpoint = saving.checkpoint();
        TextCorpus corpus = text.corpus(run.folders());
        CharVocabulary vocabulary = corpus.vocabulary();
        text.requirePrompt(vocabulary);
        TokenWindows train = windows(text, vocabulary, corpus.part(0, TRAINING_PART), true);
        TokenWindows validation = windows(text, vocabulary, corpus.part(TRAINING_PART, 1), false);
        out.printf(
                Locale.ROOT,
                "data: %s, %,d characters, %d different ones; the last 10 %% validate%n",
                text.name(),
                corpus.length(),
                vocabulary.size());
        Model model =
                run.precision().of(Model.of(layer.apply(vocabulary.size()), TensorType.of(DType.I32, context)));
        try (Device device = run.openDevice(SaveOptions.threads(checkpoint));
                State state = State.of(model, device, run.seed())) {
            out.println("device: " + device.info().name() + ", " + device.info().description());
            out.printf(
                    Locale.ROOT,
                    "model: %s, %,d parameters; %,d steps of %d windows of %d characters%n",
                    name,
                    model.parameterCount(),
                    parts() * stepsPerPart(),
                    batch,
                    context);
            double start = loss(model, state, validation);
            out.printf(Locale.ROOT, "untrained: validation loss %.4f (ln %d = %.4f)%n", start, vocabulary.size(),
                    Math.log(vocabulary.size()));
            out.flush();
            History history = train(run, saving, checkpoint, model, state, train, validation, out);
            report(run, text, saving, vocabulary, model, state, start, history, out);
        }
    }

    /** The mean loss over consecutive windows. */
    private double loss(Model model, State state, TokenWindows windows) {
        try (Evaluation evaluation = new Evaluation(model, state)) {
            return evaluation.evaluate(windows, batch, LOSS, List.of()).get("loss");
        }
    }

    private TokenWindows windows(TextOptions text, CharVocabulary vocabulary, TextCorpus part, boolean sliding) {
        if (part.length() <= context) {
            throw new DataException(
                    ("%s: %d characters to %s are too few for a window of %d and the next one; use a longer text or a"
                            + " smaller --context")
                            .formatted(text.name(), part.length(), sliding ? "train" : "validate", context));
        }
        return sliding
                ? TokenWindows.sliding(vocabulary.encode(part.text()), context)
                : TokenWindows.consecutive(vocabulary.encode(part.text()), context);
    }

    private History train(
            RunOptions run,
            SaveOptions saving,
            Optional<Checkpoint> checkpoint,
            Model model,
            State state,
            TokenWindows train,
            TokenWindows validation,
            PrintWriter out) {
        DataLoader loader =
                DataLoader.of(train.resampled(batch * stepsPerPart()), batch).withSeed(run.seed());
        try (ProgressDisplay progress =
                new ProgressDisplay(parts(), loader.samplesPerEpoch(), "validation", out)) {
            return saving.attach(Trainer.of(training(model)).with(progress), checkpoint)
                    .fit(state, loader, validation, parts());
        }
    }

    private void report(
            RunOptions run,
            TextOptions text,
            SaveOptions saving,
            CharVocabulary vocabulary,
            Model model,
            State state,
            double start,
            History history,
            PrintWriter out) {
        double loss = history.last().validation().get("loss");
        double seconds = history.epochs().stream().mapToDouble(Epoch::seconds).sum();
        double stepMillis = 1000 * seconds / (history.epochs().size() * (double) stepsPerPart());
        out.printf(Locale.ROOT, "validation loss %.4f, perplexity %.2f per character; %.1f ms per step%n", loss,
                Math.exp(loss), stepMillis);
        String sample = "";
        if (text.length() > 0) {
            try (Evaluation evaluation = new Evaluation(model, state)) {
                sample = text.sampler(evaluation, vocabulary, context)
                        .write(text.prompt(), text.length(), new SplittableRandom(run.seed()));
            }
            out.printf("%n%s%s%n%n", text.prompt(), sample);
        }
        saving.finish(state, model, out);
        if (run.json()) {
            out.println(new Report()
                    .put("device", state.device().info().name())
                    .put("model", name)
                    .put("parameters", model.parameterCount())
                    .put("context", context)
                    .put("batch", batch)
                    .put("steps", parts() * stepsPerPart())
                    .put("seed", run.seed())
                    .put("train_seconds", seconds)
                    .put("ms_per_step", stepMillis)
                    .put("start_loss", start)
                    .put("validation_loss", loss)
                    .put("weights_sha256", Weights.checksum(state))
                    .put("sample", sample)
                    .put("data", text.name())
                    .json());
        }
        out.flush();
    }
}
