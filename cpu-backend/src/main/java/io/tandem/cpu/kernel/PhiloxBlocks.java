package io.tandem.cpu.kernel;

/**
 * Many blocks of {@link io.tandem.reference.Philox} at once: the same bits, in loops over arrays of 64-bit lanes that
 * the
 * JIT compiler turns into vector instructions. Belongs to one thread.
 */
final class PhiloxBlocks {
    private static final int ROUNDS = 10;
    private static final long LOW = 0xffffffffL;
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int KEY_STEP_0 = 0x9E3779B9;
    private static final int KEY_STEP_1 = 0xBB67AE85;

    private final long[] c0;
    private final long[] c1;
    private final long[] c2;
    private final long[] c3;

    PhiloxBlocks(int blocks) {
        c0 = new long[blocks];
        c1 = new long[blocks];
        c2 = new long[blocks];
        c3 = new long[blocks];
    }

    /**
     * Fills {@code words} with the four words of each block.
     *
     * @param first the low half of the first block's counter, which grows by one from block to block
     * @param counter the high half of all counters
     */
    void fill(long first, long counter, long key, int[] words) {
        int blocks = c0.length;
        for (int i = 0; i < blocks; i++) {
            c0[i] = first + i & LOW;
            c1[i] = first + i >>> 32;
            c2[i] = counter & LOW;
            c3[i] = counter >>> 32;
        }
        int k0 = (int) key;
        int k1 = (int) (key >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            round(c0, c1, c2, c3, k0 & LOW, k1 & LOW);
            k0 += KEY_STEP_0;
            k1 += KEY_STEP_1;
        }
        for (int i = 0; i < blocks; i++) {
            words[4 * i] = (int) c0[i];
            words[4 * i + 1] = (int) c1[i];
            words[4 * i + 2] = (int) c2[i];
            words[4 * i + 3] = (int) c3[i];
        }
    }

    private static void round(long[] c0, long[] c1, long[] c2, long[] c3, long k0, long k1) {
        for (int i = 0; i < c0.length; i++) {
            long product0 = (c0[i] & LOW) * MULTIPLIER_0;
            long product1 = (c2[i] & LOW) * MULTIPLIER_1;
            c0[i] = product1 >>> 32 ^ c1[i] ^ k0;
            c2[i] = product0 >>> 32 ^ c3[i] ^ k1;
            c1[i] = product1 & LOW;
            c3[i] = product0 & LOW;
        }
    }
}
