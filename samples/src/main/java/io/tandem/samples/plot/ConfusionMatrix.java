package io.tandem.samples.plot;

import io.tandem.tensor.NDArray;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.IntStream;

/** Counts how often each class was taken for each other one. Not for use by several threads. */
public final class ConfusionMatrix {
    private final List<String> names;
    private final long[][] counts;

    /** With names for the classes. */
    public ConfusionMatrix(List<String> names) {
        if (names.isEmpty()) {
            throw new IllegalArgumentException("a confusion matrix needs at least one class");
        }
        this.names = List.copyOf(names);
        this.counts = new long[names.size()][names.size()];
    }

    /** With the names {@code 0}, {@code 1} and so on. */
    public static ConfusionMatrix of(int classes) {
        return new ConfusionMatrix(
                IntStream.range(0, classes).mapToObj(Integer::toString).toList());
    }

    /**
     * Counts one sample.
     *
     * @throws IndexOutOfBoundsException if a class does not exist
     */
    public void add(int actual, int predicted) {
        counts[Objects.checkIndex(actual, counts.length)][Objects.checkIndex(predicted, counts.length)]++;
    }

    /**
     * Counts a batch; the class with the highest score is the predicted one.
     *
     * @param labels integers {@code [samples]}
     * @param scores logits or probabilities {@code [samples, classes]}
     */
    public void add(NDArray labels, NDArray scores) {
        int classes = counts.length;
        int samples = labels.shape().dim(0);
        if (scores.shape().rank() != 2 || scores.shape().dim(0) != samples || scores.shape().dim(1) != classes) {
            throw new IllegalArgumentException("%d labels need scores of shape [%d, %d], got %s"
                    .formatted(samples, samples, classes, scores.type()));
        }
        for (int i = 0; i < samples; i++) {
            int best = 0;
            for (int c = 1; c < classes; c++) {
                if (scores.getDouble((long) i * classes + c) > scores.getDouble((long) i * classes + best)) {
                    best = c;
                }
            }
            add((int) labels.getLong(i), best);
        }
    }

    /** How often {@code actual} was taken for {@code predicted}. */
    public long count(int actual, int predicted) {
        return counts[actual][predicted];
    }

    /** The share of samples that were recognised; 0 if there are none. */
    public double accuracy() {
        long all = 0;
        long right = 0;
        for (int a = 0; a < counts.length; a++) {
            for (int p = 0; p < counts.length; p++) {
                all += counts[a][p];
            }
            right += counts[a][a];
        }
        return all == 0 ? 0 : (double) right / all;
    }

    /**
     * A table for the console: a row per actual class, a column per predicted one, and for each class the share of its
     * samples that were recognised. Zeros are shown as dots.
     */
    public String text() {
        int cell = 1;
        for (int a = 0; a < counts.length; a++) {
            cell = Math.max(cell, names.get(a).length());
            for (long count : counts[a]) {
                cell = Math.max(cell, Long.toString(count).length());
            }
        }
        int label = Math.max("actual".length(), names.stream().mapToInt(String::length).max().orElse(0));
        StringBuilder text = new StringBuilder();
        text.append(" ".repeat(label)).append("  predicted\n");
        text.append(left("actual", label));
        for (String name : names) {
            text.append(' ').append(right(name, cell));
        }
        text.append("  recognised\n");
        for (int a = 0; a < counts.length; a++) {
            text.append(left(names.get(a), label));
            long all = 0;
            for (long count : counts[a]) {
                text.append(' ').append(right(count == 0 ? "." : Long.toString(count), cell));
                all += count;
            }
            String share = all == 0 ? "-" : String.format(Locale.ROOT, "%.2f %%", 100.0 * counts[a][a] / all);
            text.append("  ").append(right(share, "recognised".length())).append('\n');
        }
        return text.toString();
    }

    private static String left(String text, int width) {
        return text + " ".repeat(width - text.length());
    }

    private static String right(String text, int width) {
        return " ".repeat(Math.max(0, width - text.length())) + text;
    }
}
