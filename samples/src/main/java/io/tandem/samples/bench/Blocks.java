package io.tandem.samples.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntToDoubleFunction;

/**
 * Timed blocks of work. A block during which other processes kept more than 0.12 processors busy is set aside and
 * repeated, for at most 45 seconds; if too few undisturbed ones remain, all count, and the result says so.
 */
final class Blocks {
    private static final double DISTURBED = 0.12;
    private static final double LIMIT_SECONDS = 45;
    private static final int LEAST = 5;

    private record Block(double rate, double own, double others) {
        boolean undisturbed() {
            return others <= DISTURBED;
        }
    }

    private final List<Block> seen = new ArrayList<>();
    private final List<Integer> used = new ArrayList<>();
    private final boolean undisturbed;
    private final double[] rates;

    /**
     * Measures.
     *
     * @param wanted number of undisturbed blocks
     * @param work does a block, given its number, and returns the units of work that it did
     */
    Blocks(int wanted, IntToDoubleFunction work) {
        long start = System.nanoTime();
        int good = 0;
        while (good < wanted && (seen.size() < LEAST || seconds(start) < LIMIT_SECONDS)) {
            Load before = Load.now();
            long blockStart = System.nanoTime();
            double units = work.applyAsDouble(seen.size());
            double rate = units / seconds(blockStart);
            Load after = Load.now();
            Block block = new Block(rate, after.ownSince(before), after.othersSince(before));
            seen.add(block);
            good += block.undisturbed() ? 1 : 0;
        }
        undisturbed = good >= Math.min(wanted, LEAST);
        for (int i = 0; i < seen.size(); i++) {
            if (!undisturbed || seen.get(i).undisturbed()) {
                used.add(i);
            }
        }
        rates = used.stream().mapToDouble(i -> seen.get(i).rate()).sorted().toArray();
    }

    static double seconds(long since) {
        return (System.nanoTime() - since) * 1e-9;
    }

    /** The middle value; of an even number of values the mean of the two in the middle. */
    static double median(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        return n % 2 == 1 ? sorted[n / 2] : 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]);
    }

    /** Units of work per second: the median over the blocks that count. */
    double median() {
        return median(rates);
    }

    /** The numbers of the blocks that count. */
    List<Integer> used() {
        return List.copyOf(used);
    }

    /** Adds spread and disturbance to a result. */
    void describe(Map<String, Object> result) {
        result.put("min", rates[0]);
        result.put("max", rates[rates.length - 1]);
        result.put("blocks", rates.length);
        result.put("blocks_set_aside", seen.size() - rates.length);
        result.put("undisturbed", undisturbed);
        result.put("own_cpus", used.stream().mapToDouble(i -> seen.get(i).own()).average().orElse(0));
        result.put("other_cpus", used.stream().mapToDouble(i -> seen.get(i).others()).average().orElse(0));
        StringBuilder all = new StringBuilder();
        for (Block block : seen) {
            all.append(all.isEmpty() ? "" : " ").append(String.format(Locale.ROOT, "%.4g", block.rate()));
            all.append(block.undisturbed() ? "" : "*");
        }
        result.put("rates", all.toString());
    }
}
