package io.tandem.samples;

import io.tandem.tensor.NDArray;
import java.util.stream.IntStream;

/**
 * Points with classes: tells how well places in the space of codes tell classes apart.
 *
 * @param points [samples, size]
 * @param labels [samples]
 */
record Codes(NDArray points, NDArray labels) {
    /** The share of other points whose class most of their nearest points here have (ties: the smaller class). */
    double accuracyOfNearest(Codes others, int neighbours) {
        float[] here = points.toFloats();
        float[] there = others.points.toFloats();
        int size = points.shape().dim(1);
        int count = labels.shape().dim(0);
        int[] own = labels.toInts();
        int[] wanted = others.labels.toInts();
        long right = IntStream.range(0, wanted.length)
                .parallel()
                .filter(i -> vote(here, own, count, size, there, i * size, neighbours) == wanted[i])
                .count();
        return (double) right / wanted.length;
    }

    private static int vote(
            float[] here, int[] own, int count, int size, float[] there, int offset, int neighbours) {
        double[] nearest = new double[neighbours];
        int[] classes = new int[neighbours];
        int kept = 0;
        for (int p = 0; p < count; p++) {
            double distance = 0;
            for (int i = 0; i < size; i++) {
                double d = here[p * size + i] - there[offset + i];
                distance += d * d;
            }
            if (kept == neighbours && distance >= nearest[kept - 1]) {
                continue;
            }
            int at = kept < neighbours ? kept++ : kept - 1;
            while (at > 0 && nearest[at - 1] > distance) {
                nearest[at] = nearest[at - 1];
                classes[at] = classes[at - 1];
                at--;
            }
            nearest[at] = distance;
            classes[at] = own[p];
        }
        int[] votes = new int[IntStream.of(own).max().orElse(0) + 1];
        int best = 0;
        for (int k = 0; k < kept; k++) {
            votes[classes[k]]++;
        }
        for (int c = 1; c < votes.length; c++) {
            best = votes[c] > votes[best] ? c : best;
        }
        return best;
    }
}
