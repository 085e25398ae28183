package io.tandem.samples;

import io.tandem.samples.data.Mnist;
import io.tandem.tensor.NDArray;
import io.tandem.train.History;
import java.io.PrintWriter;
import java.nio.file.Path;

/** What a classifier of digits got right and wrong: a confusion matrix as text, and a picture. */
record MnistReport(Mnist digits, History history, NDArray logits) {
    private static final int CLASSES = 10;

    void print(PrintWriter out, Path folder) {
        int[] labels = digits.test().all().column(1).toInts();
        int[][] counts = new int[CLASSES][CLASSES];
        for (int i = 0; i < labels.length; i++) {
            counts[labels[i]][largest(i)]++;
        }
        out.println("true \\ predicted");
        out.print("     ");
        for (int c = 0; c < CLASSES; c++) {
            out.printf("%6d", c);
        }
        out.println();
        for (int c = 0; c < CLASSES; c++) {
            out.printf("%5d", c);
            for (int count : counts[c]) {
                out.printf("%6d", count);
            }
            out.println();
        }
    }

    private int largest(int row) {
        int best = 0;
        for (int c = 1; c < CLASSES; c++) {
            if (logits.getDouble((long) row * CLASSES + c) > logits.getDouble((long) row * CLASSES + best)) {
                best = c;
            }
        }
        return best;
    }
}
