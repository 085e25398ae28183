package io.tandem.train;

import io.tandem.data.Dataset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * One split of a data set for cross-validation.
 *
 * @param training all samples but those of this fold
 * @param validation the samples of this fold
 */
public record Fold(Dataset training, Dataset validation) {

    /**
     * Splits into {@code count} folds, whose sizes differ by one at most. Each sample is in the validation data of exactly
     * one fold. The split depends on the seed alone.
     *
     * @throws IllegalArgumentException if there are fewer than 2 folds, or fewer samples than folds
     */
    public static List<Fold> split(Dataset data, int count, long seed) {
        int[] order = order(data, count, seed);
        return folds(data, count, order);
    }

    /**
     * As {@link #split}, with each class spread over the folds evenly.
     *
     * @param labelColumn the column of class indices
     */
    public static List<Fold> stratified(Dataset data, int labelColumn, int count, long seed) {
        int[] order = order(data, count, seed);
        var labels = data.all().column(labelColumn);
        // Stable, so that samples of a class stay shuffled; dealing them out in turn spreads each class.
        int[] sorted = Arrays.stream(order)
                .boxed()
                .sorted(Comparator.comparingLong((Integer i) -> labels.getLong(i)))
                .mapToInt(Integer::intValue)
                .toArray();
        return folds(data, count, sorted);
    }

    /** A random order of the samples' indices. */
    private static int[] order(Dataset data, int count, long seed) {
        if (count < 2 || count > data.size()) {
            throw new IllegalArgumentException(
                    "%d samples cannot be split into %d folds: from 2 to %d are possible"
                            .formatted(data.size(), count, data.size()));
        }
        List<Integer> indices = new ArrayList<>(IntStream.range(0, data.size()).boxed().toList());
        Collections.shuffle(indices, new Random(seed));
        return indices.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Deals samples out to the folds in turn. */
    private static List<Fold> folds(Dataset data, int count, int[] order) {
        return IntStream.range(0, count)
                .mapToObj(fold -> new Fold(
                        data.subset(part(order, i -> i % count != fold)),
                        data.subset(part(order, i -> i % count == fold))))
                .toList();
    }

    private static int[] part(int[] order, IntPredicate places) {
        return IntStream.range(0, order.length).filter(places).map(i -> order[i]).toArray();
    }
}
