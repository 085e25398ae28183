package io.tandem.reference;

/**
 * Philox 4x32-10, the counter-based random number generator of Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers:
 * As Easy as 1, 2, 3" (2011): a bijection of a 128-bit counter, chosen by a 64-bit key, whose values pass as random.
 *
 * <p>Counter and results are four 32-bit words each, the key is two. A round multiplies words 0 and 2 by constants and
 * mixes the halves of the products with the other words and the key; between rounds the key grows by constants.
 *
 * <p>How {@link io.tandem.graph.Op.Random} draws from it is defined in {@link RandomNumbers}.
 */
public final class Philox {
    private static final int ROUNDS = 10;
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;

    /** The golden ratio and the square root of 3, less 1, as fractions of 2^32. */
    private static final int KEY_STEP_0 = 0x9E3779B9;

    private static final int KEY_STEP_1 = 0xBB67AE85;

    private Philox() {}

    /**
     * One block of four random words.
     *
     * @param counterLow words 0 (low half) and 1 (high half) of the counter
     * @param counterHigh words 2 (low half) and 3 (high half) of the counter
     * @param key word 0 (low half) and 1 (high half) of the key
     * @param words receives the four words
     * @param at index of the first of them
     */
    public static void block(long counterLow, long counterHigh, long key, int[] words, int at) {
        int c0 = (int) counterLow;
        int c1 = (int) (counterLow >>> 32);
        int c2 = (int) counterHigh;
        int c3 = (int) (counterHigh >>> 32);
        int k0 = (int) key;
        int k1 = (int) (key >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long product0 = MULTIPLIER_0 * (c0 & 0xffffffffL);
            long product1 = MULTIPLIER_1 * (c2 & 0xffffffffL);
            int next0 = (int) (product1 >>> 32) ^ c1 ^ k0;
            int next2 = (int) (product0 >>> 32) ^ c3 ^ k1;
            c0 = next0;
            c1 = (int) product1;
            c2 = next2;
            c3 = (int) product0;
            k0 += KEY_STEP_0;
            k1 += KEY_STEP_1;
        }
        words[at] = c0;
        words[at + 1] = c1;
        words[at + 2] = c2;
        words[at + 3] = c3;
    }
}
