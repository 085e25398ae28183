package io.tandem.samples.plot;

import io.tandem.tensor.NDArray;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** Collects the mistakes of a classifier that it was most confident of. Memory is bounded by their number. */
public final class Mistakes {
    private static final Comparator<Mistake> BY_CONFIDENCE =
            Comparator.comparingDouble(Mistake::confidence).thenComparing(Mistake::sample, Comparator.reverseOrder());

    private final int most;
    private final PriorityQueue<Mistake> kept = new PriorityQueue<>(BY_CONFIDENCE);
    private int seen;
    private int wrong;

    /** Keeps up to {@code most} mistakes. */
    public Mistakes(int most) {
        if (most < 1) {
            throw new IllegalArgumentException("at least one mistake must be kept, got " + most);
        }
        this.most = most;
    }

    /**
     * A sample that was taken for another class.
     *
     * @param sample number of the sample, in the order in which they were added
     * @param image the image {@code [channels, height, width]}
     * @param actual its class
     * @param predicted the class it was taken for
     * @param confidence probability of the predicted class, from 0 to 1
     */
    public record Mistake(int sample, NDArray image, int actual, int predicted, double confidence) {}

    /**
     * Looks at a batch.
     *
     * @param images {@code [samples, channels, height, width]}
     * @param labels integers {@code [samples]}
     * @param logits {@code [samples, classes]}; confidence is their softmax
     */
    public void add(NDArray images, NDArray labels, NDArray logits) {
        int samples = labels.shape().dim(0);
        if (images.shape().rank() != 4
                || images.shape().dim(0) != samples
                || logits.shape().rank() != 2
                || logits.shape().dim(0) != samples) {
            throw new IllegalArgumentException(
                    "%d labels need images [%d, channels, height, width] and logits [%d, classes], got %s and %s"
                            .formatted(samples, samples, samples, images.type(), logits.type()));
        }
        int classes = logits.shape().dim(1);
        for (int i = 0; i < samples; i++, seen++) {
            int best = 0;
            double highest = logits.getDouble((long) i * classes);
            for (int c = 1; c < classes; c++) {
                double logit = logits.getDouble((long) i * classes + c);
                if (logit > highest) {
                    best = c;
                    highest = logit;
                }
            }
            int actual = (int) labels.getLong(i);
            if (best == actual) {
                continue;
            }
            wrong++;
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                sum += Math.exp(logits.getDouble((long) i * classes + c) - highest);
            }
            double confidence = 1 / sum;
            if (kept.size() < most || confidence > kept.element().confidence()) {
                // A copy, or the whole batch would stay in memory.
                kept.add(new Mistake(seen, copy(images, i), actual, best, confidence));
                if (kept.size() > most) {
                    kept.remove();
                }
            }
        }
    }

    private static NDArray copy(NDArray images, int sample) {
        NDArray row = images.rows(sample, sample + 1);
        var memory = NDArray.allocate(row.type());
        memory.copyFrom(row.segment());
        return NDArray.wrap(row.type().with(row.shape().without(0)), memory);
    }

    /** The number of samples looked at. */
    public int seen() {
        return seen;
    }

    /** The number of mistakes among them, those that were not kept included. */
    public int wrong() {
        return wrong;
    }

    /** The kept mistakes, the most confident one first. */
    public List<Mistake> worst() {
        return kept.stream().sorted(BY_CONFIDENCE.reversed()).toList();
    }
}
