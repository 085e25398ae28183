package io.tandem.data;

/** Seeded permutations. */
final class Permutation {
    /** Keeps the order of samples apart from the random numbers of their augmentation. */
    private static final long STREAM = -1;

    private Permutation() {}

    /** A permutation of 0 to {@code size - 1} that depends on size, seed and epoch alone (Durstenfeld 1964). */
    static int[] of(int size, Pass pass) {
        int[] permutation = identity(size);
        SampleRandom random = SampleRandom.of(pass, size, STREAM);
        for (int i = size - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swapped = permutation[i];
            permutation[i] = permutation[j];
            permutation[j] = swapped;
        }
        return permutation;
    }

    static int[] identity(int size) {
        int[] identity = new int[size];
        for (int i = 0; i < size; i++) {
            identity[i] = i;
        }
        return identity;
    }
}
