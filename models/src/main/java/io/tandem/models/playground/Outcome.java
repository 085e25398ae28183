package io.tandem.models.playground;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What the networks of an experiment have learned.
 *
 * @param experiment what was done
 * @param epochs passes over the training points so far
 * @param members figures per network
 */
public record Outcome(Experiment experiment, int epochs, List<Member> members) {
    /** Copies the list. */
    public Outcome {
        members = List.copyOf(members);
    }

    /**
     * The figures of one network.
     *
     * @param seed of its points and weights
     * @param trainingLoss mean of ½ (y - f)² over the training points
     * @param trainingAccuracy share of the training points that are right
     * @param testLoss mean of ½ (y - f)² over the test points
     * @param testAccuracy share of the test points that are right
     */
    public record Member(
            long seed, double trainingLoss, double trainingAccuracy, double testLoss, double testAccuracy) {}

    /** The median of the test accuracies. */
    public double medianTestAccuracy() {
        return median(Member::testAccuracy);
    }

    /** The median of a figure over the networks. */
    public double median(ToDoubleFunction<Member> figure) {
        double[] sorted = members.stream().mapToDouble(figure).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
