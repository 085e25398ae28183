package io.tandem.nn;

import io.tandem.graph.Composites;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.Optional;

/**
 * Batch normalization (Ioffe and Szegedy, 2015) of [N, C, ...] over all axes but that of the channels. In training it
 * uses the statistics of the batch and tracks them, r = (1 - momentum) r + momentum batch, the variance without bias (n
 * - 1); in inference, and where it is frozen, it uses the tracked ones. A layer that is used several times in a step tracks
 * each use, in their order.
 *
 * @param epsilon added to the variance
 * @param momentum share of the new batch in the tracked statistics
 * @param weight scale [C], if there is one
 * @param bias shift [C], if there is one
 * @param runningMean tracked mean [C]
 * @param runningVariance tracked variance [C]
 */
public record BatchNorm(
        double epsilon,
        double momentum,
        Optional<Param> weight,
        Optional<Param> bias,
        Param runningMean,
        Param runningVariance)
        implements Layer {
    /** Checks the numbers. */
    public BatchNorm {
        if (!(epsilon >= 0) || !(momentum >= 0 && momentum <= 1)) {
            throw new IllegalArgumentException("batch-norm: epsilon must not be negative and momentum from 0 to 1, got "
                    + epsilon + " and " + momentum);
        }
    }

    /** Epsilon 1e-5, momentum 0.1, scale and shift that start at 1 and 0. */
    public static BatchNorm of() {
        return make(
                1e-5,
                0.1,
                Optional.of(Param.of(Initializers.ones())),
                Optional.of(Param.of(Initializers.zeros())));
    }

    private static BatchNorm make(double epsilon, double momentum, Optional<Param> weight, Optional<Param> bias) {
        return new BatchNorm(
                epsilon,
                momentum,
                weight,
                bias,
                Param.statistic(Initializers.zeros()),
                Param.statistic(Initializers.ones()));
    }

    /** This layer with another epsilon, and parameters of its own. */
    public BatchNorm withEpsilon(double value) {
        return make(value, momentum, weight.map(Param::fresh), bias.map(Param::fresh));
    }

    /** This layer with another share of the new batch in the tracked statistics, and parameters of its own. */
    public BatchNorm withMomentum(double share) {
        return make(epsilon, share, weight.map(Param::fresh), bias.map(Param::fresh));
    }

    /** This layer without scale and shift. */
    public BatchNorm withoutScaleAndShift() {
        return make(epsilon, momentum, Optional.empty(), Optional.empty());
    }

    /** This layer without scale but with shift, and parameters of its own. */
    public BatchNorm withoutScale() {
        return make(epsilon, momentum, Optional.empty(), bias.map(Param::fresh));
    }

    /**
     * This layer with another initial scale, and parameters of its own; zero makes a residual block start as identity.
     */
    public BatchNorm withWeights(Initializer initializer) {
        return make(epsilon, momentum, Optional.of(Param.of(initializer)), bias.map(Param::fresh));
    }

    @Override
    public Tensor forward(Tensor x) {
        Layers.requireRank("batch-norm", x, 2, Integer.MAX_VALUE);
        Trace trace = Trace.of(x);
        Graph graph = x.graph();
        Shape channels = Shape.of(x.dim(1));
        TensorType type = new TensorType(x.dtype(), channels);
        Tensor scale = weight.map(w -> trace.param(w, channels)).orElseGet(() -> graph.full(type, 1));
        Tensor shift = bias.map(b -> trace.param(b, channels)).orElseGet(() -> graph.zeros(type));
        Tensor mean = trace.tracked(runningMean, channels);
        Tensor variance = trace.tracked(runningVariance, channels);
        if (!trace.training()) {
            return Composites.batchNormInference(x, scale, shift, mean, variance, epsilon);
        }
        double count = (double) x.shape().size() / x.dim(1);
        if (count < 2) {
            throw Layers.error(
                    x,
                    ("batch-norm: the input %s has one value per channel, which has no variance; train with larger"
                            + " batches")
                            .formatted(x.type()));
        }
        List<Tensor> results = Composites.batchNormTraining(x, scale, shift, epsilon);
        trace.update(runningMean, tracked(mean, results.get(1)));
        trace.update(runningVariance, tracked(variance, results.get(2).mul(count / (count - 1))));
        return results.get(0);
    }

    private Tensor tracked(Tensor running, Tensor batch) {
        return running.mul(1 - momentum).add(batch.stopGradient().mul(momentum));
    }
}
