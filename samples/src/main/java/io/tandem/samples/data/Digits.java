package io.tandem.samples.data;

import io.tandem.data.ArrayDataset;
import io.tandem.data.Dataset;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Parts of data sets of images and labels. */
public final class Digits {
    private Digits() {}

    /**
     * The samples of some neighbouring classes, with labels that count from 0, read into memory.
     *
     * @param data images and labels
     * @param first the class that becomes 0
     * @param last the last class
     * @throws IllegalArgumentException if there is none
     */
    public static Dataset between(Dataset data, int first, int last) {
        NDArray labels = labels(data);
        int[] chosen = IntStream.range(0, data.size())
                .filter(i -> labels.getLong(i) >= first && labels.getLong(i) <= last)
                .toArray();
        if (chosen.length == 0) {
            throw new IllegalArgumentException("there is no sample of the classes " + first + " to " + last);
        }
        int[] fromZero = Arrays.stream(chosen).map(i -> (int) labels.getLong(i) - first).toArray();
        return ArrayDataset.of(
                data.subset(chosen).columns(0).all().column(0), NDArray.ofInts(Shape.of(fromZero.length), fromZero));
    }

    /**
     * The first samples of each class.
     *
     * @param data images and labels
     * @param classes number of classes
     * @param each how many of each
     * @throws IllegalArgumentException if a class has fewer
     */
    public static Dataset firstOfEach(Dataset data, int classes, int each) {
        NDArray labels = labels(data);
        int[] found = new int[classes];
        int[] chosen = IntStream.range(0, data.size())
                .filter(i -> labels.getLong(i) < classes && found[(int) labels.getLong(i)]++ < each)
                .toArray();
        for (int c = 0; c < classes; c++) {
            if (found[c] < each) {
                throw new IllegalArgumentException(
                        "class %d has %d samples, fewer than the %d asked for".formatted(c, found[c], each));
            }
        }
        return data.subset(chosen);
    }

    private static NDArray labels(Dataset data) {
        return data.columns(1).all().column(0);
    }
}
