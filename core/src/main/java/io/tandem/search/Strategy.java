package io.tandem.search;

/** Which candidates are tried, and at what budget: a number whose meaning is the objective's, as a rule epochs. */
public sealed interface Strategy {
    /**
     * All combinations of evenly spread values.
     *
     * @param points values per range
     * @param budget of each trial
     */
    record Grid(int points, int budget) implements Strategy {
        /** Checks the numbers. */
        public Grid {
            require("grid", "points per range", points);
            require("grid", "budget", budget);
        }
    }

    /**
     * Candidates at random, which find good values of the few parameters that matter sooner than a grid does (Bergstra and
     * Bengio, 2012).
     *
     * @param trials how many
     * @param budget of each trial
     */
    record RandomDraws(int trials, int budget) implements Strategy {
        /** Checks the numbers. */
        public RandomDraws {
            require("random search", "trials", trials);
            require("random search", "budget", budget);
        }
    }

    /**
     * Many candidates at random with a small budget; the best share of them goes on with a larger one, and so on (Jamieson
     * and Talwalkar, 2016).
     *
     * @param trials candidates in the first round
     * @param budget of each trial in the first round
     * @param mostBudget no trial gets more
     * @param factor by which the budget grows and the number of candidates shrinks from round to round
     */
    record SuccessiveHalving(int trials, int budget, int mostBudget, int factor) implements Strategy {
        /** Checks the numbers. */
        public SuccessiveHalving {
            require("successive halving", "trials", trials);
            require("successive halving", "budget", budget);
            if (mostBudget < budget || factor < 2) {
                throw new IllegalArgumentException(
                        "successive halving: the largest budget must be at least the first one and the factor at least 2, got"
                                + " %d, %d and %d".formatted(mostBudget, budget, factor));
            }
        }
    }

    /** All combinations of {@code points} values per range. */
    static Strategy grid(int points, int budget) {
        return new Grid(points, budget);
    }

    /** Candidates at random. */
    static Strategy random(int trials, int budget) {
        return new RandomDraws(trials, budget);
    }

    /** Candidates at random, of which the best third goes on with three times the budget, up to a largest one. */
    static Strategy halving(int trials, int budget, int mostBudget) {
        return new SuccessiveHalving(trials, budget, mostBudget, 3);
    }

    private static void require(String strategy, String what, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("%s: %s must be at least 1, got %d".formatted(strategy, what, value));
        }
    }
}
