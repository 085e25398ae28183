package io.tandem.data;

import java.util.Arrays;

/** Where fractions divide a number of samples. */
final class Fractions {
    private Fractions() {}

    /** The bounds of the parts: the first is 0, the last {@code size}; each bound is rounded to nearest. */
    static int[] bounds(int size, double... fractions) {
        double sum = Arrays.stream(fractions).sum();
        if (fractions.length == 0
                || Arrays.stream(fractions).anyMatch(f -> !(f > 0))
                || Math.abs(sum - 1) > 1e-6) {
            throw new IllegalArgumentException(
                    "fractions of a split must be positive and have the sum 1, are " + Arrays.toString(fractions));
        }
        int[] bounds = new int[fractions.length + 1];
        double reached = 0;
        for (int i = 0; i < fractions.length; i++) {
            reached += fractions[i];
            bounds[i + 1] = i == fractions.length - 1 ? size : (int) Math.round(reached * size);
            if (bounds[i + 1] <= bounds[i]) {
                throw new IllegalArgumentException("part %d of the split %s of %d samples would be empty"
                        .formatted(i, Arrays.toString(fractions), size));
            }
        }
        return bounds;
    }
}
