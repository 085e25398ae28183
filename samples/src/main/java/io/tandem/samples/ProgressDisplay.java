package io.tandem.samples;

import io.tandem.train.Callback;
import io.tandem.train.Epoch;
import io.tandem.train.Run;
import io.tandem.train.StepResult;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar per epoch, on standard error, and a line of figures after it, on standard output. */
final class ProgressDisplay implements Callback, AutoCloseable {
    /** Losses are read this often: each reading waits for the device. */
    private static final long READ_NANOS = 500_000_000L;

    private final int epochs;
    private final String validation;
    private final PrintWriter out;
    private final long samples;
    private ProgressBar bar;
    private long lastRead;
    private double loss = Double.NaN;
    private Optional<Run> run = Optional.empty();

    /**
     * A display.
     *
     * @param epochs number of epochs
     * @param samples number of samples per epoch
     * @param validation what the data is called that is looked at after each epoch
     */
    ProgressDisplay(int epochs, long samples, String validation, PrintWriter out) {
        this.epochs = epochs;
        this.validation = validation;
        this.samples = samples;
        this.out = out;
    }

    @Override
    public void fitStarted(Run started) {
        run = Optional.of(started);
    }

    @Override
    public void epochStarted(int epoch, int batches) {
        lastRead = 0;
        loss = Double.NaN;
        bar = new ProgressBarBuilder()
                .setTaskName("epoch %d/%d".formatted(epoch + 1, epochs))
                .setInitialMax(samples)
                .setStyle(ProgressBarStyle.ASCII)
                .setUnit(" samples", 1)
                .showSpeed()
                .setUpdateIntervalMillis(200)
                .setConsumer(new ConsoleProgressBarConsumer(System.err, 100))
                .build();
    }

    @Override
    public void stepDone(int epoch, int batch, int size, StepResult result) {
        bar.stepBy(size);
        long now = System.nanoTime();
        if (now - lastRead > READ_NANOS) {
            lastRead = now;
            loss = result.loss();
            bar.setExtraMessage(String.format(Locale.ROOT, " loss %.4f", loss));
        }
    }

    @Override
    public Verdict epochEnded(Epoch epoch) {
        closeBar();
        out.printf(
                Locale.ROOT,
                "epoch %d/%d  %s%s  %.1f s, %,.0f samples/s, %.0f %% waiting for data%s%n",
                epoch.number() + 1,
                epochs,
                figures("", epoch.training()),
                epoch.validation().isEmpty() ? "" : "  " + figures(validation + " ", epoch.validation()),
                epoch.seconds(),
                epoch.samplesPerSecond(),
                100 * epoch.waitingShare(),
                scaling());
        out.flush();
        return Verdict.CONTINUE;
    }

    /** What scaling of the loss came to, if it is scaled. */
    private String scaling() {
        return run.filter(r -> r.training().scaling().isPresent())
                .map(r -> String.format(
                        Locale.ROOT, ", loss scale %,.0f, updates left out so far: %,d", r.step().lossScale(),
                        r.step().skipped()))
                .orElse("");
    }

    private static String figures(String prefix, Map<String, Double> figures) {
        return figures.entrySet().stream()
                .filter(e -> !e.getKey().equals("confusion"))
                .map(e -> String.format(Locale.ROOT, "%s%s %.4f", prefix, e.getKey(), e.getValue()))
                .collect(Collectors.joining("  "));
    }

    private void closeBar() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }

    @Override
    public void close() {
        closeBar();
    }
}
