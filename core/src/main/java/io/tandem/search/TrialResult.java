package io.tandem.search;

import java.util.Optional;

/**
 * What became of a trial.
 *
 * @param trial what was tried
 * @param score what it is worth; empty if it failed
 * @param failure why it failed, if it did
 * @param seconds how long it took
 */
public record TrialResult(Trial trial, Optional<Score> score, Optional<String> failure, double seconds) {
    /** What it is ranked by: its loss, or positive infinity if it failed or has none. */
    public double rank() {
        double loss = score.map(Score::loss).orElse(Double.NaN);
        return Double.isNaN(loss) ? Double.POSITIVE_INFINITY : loss;
    }
}
