package io.tandem.train;

import io.tandem.io.EventFile;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Writes event files for TensorBoard: loss and metrics of training and validation after each epoch, losses of steps and
 * histograms of parameters where asked for. Each call of {@code fit} begins a file in the folder; for pictures and text, use
 * {@link EventFile} beside it. One object serves one run at a time.
 */
public final class TensorBoard implements Callback {
    private final Path folder;
    private final int lossInterval;
    private final boolean histograms;
    private Optional<EventFile> events = Optional.empty();
    private Optional<Run> run = Optional.empty();

    private TensorBoard(Path folder, int lossInterval, boolean histograms) {
        if (lossInterval < 0) {
            throw new IllegalArgumentException("the interval of losses must not be negative, got " + lossInterval);
        }
        this.folder = folder;
        this.lossInterval = lossInterval;
        this.histograms = histograms;
    }

    /** Figures per epoch; the folder's name is that of the run. */
    public static TensorBoard to(Path folder) {
        return new TensorBoard(folder, 0, false);
    }

    /** Also the loss of every so many steps; each waits for the device. */
    public TensorBoard withLosses(int interval) {
        return new TensorBoard(folder, interval, histograms);
    }

    /** Also a histogram of each parameter per epoch; each copies it from the device. */
    public TensorBoard withHistograms() {
        return new TensorBoard(folder, lossInterval, true);
    }

    @Override
    public void fitStarted(Run started) {
        EventFile file = EventFile.create(folder);
        if (!started.isResumed()) {
            file.text("model", 0, "    " + started.training().model().summary().replace("\n", "\n    "));
        }
        file.flush();
        events = Optional.of(file);
        run = Optional.of(started);
    }

    @Override
    public void stepDone(int epoch, int batch, int samples, StepResult result) {
        if (lossInterval > 0 && result.step() % lossInterval == 0) {
            events.ifPresent(file -> file.scalar("step/loss", result.step(), result.loss()));
        }
    }

    @Override
    public Verdict epochEnded(Epoch epoch) {
        events.ifPresent(file -> {
            epoch.training().forEach((name, value) -> file.scalar(name + "/training", epoch.number(), value));
            epoch.validation().forEach((name, value) -> file.scalar(name + "/validation", epoch.number(), value));
            file.scalar("speed/samples per second", epoch.number(), epoch.samplesPerSecond());
            if (histograms) {
                run.ifPresent(r -> r.training().model().variables().keySet()
                        .forEach(path -> file.histogram(path, epoch.number(), r.state().get(path))));
            }
            file.flush();
        });
        return Verdict.CONTINUE;
    }

    @Override
    public void fitEnded(Run ended) {
        events.ifPresent(EventFile::flush);
        events = Optional.empty();
        run = Optional.empty();
    }
}
