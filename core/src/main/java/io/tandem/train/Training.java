package io.tandem.train;

import io.tandem.nn.Loss;
import io.tandem.nn.MixedPrecision;
import io.tandem.nn.Model;
import io.tandem.optim.Clipping;
import io.tandem.optim.MaxNorm;
import io.tandem.optim.Optimizer;
import io.tandem.optim.Regularizer;
import io.tandem.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What training a model means: loss, optimizer, and what goes with them.
 *
 * @param model what is trained
 * @param loss from predictions and targets to a scalar
 * @param optimizer how parameters follow their gradients
 * @param metrics figures to compute beside the loss
 * @param regularizers penalties added to the loss
 * @param clipping limit of the gradients
 * @param limits limits of the parameters' norms, applied after each update
 * @param accumulation batches whose gradients make one update, weighted by their numbers of samples; 1 for an update per
 *     batch
 * @param average share that the exponential moving average of the parameters keeps in each update, if there is one
 * @param guarded whether a batch whose loss or gradients are not finite changes nothing
 * @param scaling how the loss is scaled while gradients are taken, if it is
 */
public record Training(
        Model model,
        Loss loss,
        Optimizer optimizer,
        List<Metric> metrics,
        List<Regularizer> regularizers,
        Clipping clipping,
        List<MaxNorm> limits,
        int accumulation,
        OptionalDouble average,
        boolean guarded,
        Optional<LossScaling> scaling) {
    /** Checks and copies. */
    public Training {
        if (model.outputs().size() > loss.outputs()) {
            throw new IllegalArgumentException("the model has " + model.outputs().size() + " outputs, the loss is for "
                    + loss.outputs() + "; Losses.weighted gives each output its loss");
        }
        if (accumulation < 1) {
            throw new IllegalArgumentException("an update needs at least 1 batch, got " + accumulation);
        }
        if (average.isPresent() && !(average.getAsDouble() >= 0 && average.getAsDouble() < 1)) {
            throw new IllegalArgumentException(
                    "the average of the parameters must keep a share from 0 to below 1, got " + average.getAsDouble());
        }
        metrics = Metrics.distinct(metrics);
        regularizers = List.copyOf(regularizers);
        limits = List.copyOf(limits);
    }

    /**
     * Training without metrics, regularizers, limits and clipping; one update per batch. The loss is scaled if the model
     * computes in float16, see {@link #withLossScaling}.
     */
    public static Training of(Model model, Loss loss, Optimizer optimizer) {
        return new Training(
                model,
                loss,
                optimizer,
                List.of(),
                List.of(),
                Clipping.none(),
                List.of(),
                1,
                OptionalDouble.empty(),
                false,
                scalingFor(model));
    }

    /** With further metrics. */
    public Training withMetrics(Metric... more) {
        return new Training(
                model, loss, optimizer, joined(metrics, more), regularizers, clipping, limits, accumulation, average,
                guarded, scaling);
    }

    /** With further penalties. */
    public Training withRegularizers(Regularizer... more) {
        return new Training(
                model, loss, optimizer, metrics, joined(regularizers, more), clipping, limits, accumulation, average,
                guarded, scaling);
    }

    /** With limited gradients. */
    public Training withClipping(Clipping limit) {
        return new Training(
                model, loss, optimizer, metrics, regularizers, limit, limits, accumulation, average, guarded, scaling);
    }

    /** With further limits of the parameters' norms. */
    public Training withLimits(MaxNorm... more) {
        return new Training(
                model, loss, optimizer, metrics, regularizers, clipping, joined(limits, more), accumulation, average,
                guarded, scaling);
    }

    /**
     * With one update per {@code batches} batches: gradients are added up, weighted by the numbers of samples, so a mean
     * loss gives the update that one large batch would give (but for layers that look at the batch, such as batch
     * normalization). The last update of an epoch takes the batches that are left.
     */
    public Training withAccumulation(int batches) {
        return new Training(
                model, loss, optimizer, metrics, regularizers, clipping, limits, batches, average, guarded, scaling);
    }

    /**
     * With an exponential moving average of the parameters (Polyak and Juditsky, 1992): after each update it keeps the
     * given share, as a rule 0.999, and takes the rest from the parameters. It starts with their initial values.
     * Validation uses it; see {@link Evaluation#averaged}.
     */
    public Training withAverage(double share) {
        return new Training(
                model, loss, optimizer, metrics, regularizers, clipping, limits, accumulation, OptionalDouble.of(share),
                guarded, scaling);
    }

    /**
     * With updates only from batches whose loss and gradients are all finite; another batch leaves everything as it was,
     * its loss can be read, and {@link TrainStep#skipped} counts it.
     */
    public Training withGuard() {
        return new Training(
                model, loss, optimizer, metrics, regularizers, clipping, limits, accumulation, average, true, scaling);
    }

    /**
     * In mixed precision: the model as {@link Model#withPrecision} makes it, with the loss scaled by {@link
     * LossScaling#dynamic} for float16 and unscaled for bfloat16. Evaluation and prediction that are to compute alike use
     * {@link #model()}; {@link Trainer}'s validation does.
     */
    public Training withPrecision(MixedPrecision precision) {
        Model mixed = model.withPrecision(precision);
        return new Training(
                mixed, loss, optimizer, metrics, regularizers, clipping, limits, accumulation, average, guarded,
                scalingFor(mixed));
    }

    /**
     * With a loss that is scaled while gradients are taken; losses and gradients that anyone sees are not. A batch whose
     * gradients are not all finite changes nothing, not even running statistics or random numbers to come, but the factor;
     * {@link TrainStep#skipped} counts it. Where gradients of several batches are added up, one such batch is enough to
     * leave out their update.
     */
    public Training withLossScaling(LossScaling how) {
        return new Training(
                model, loss, optimizer, metrics, regularizers, clipping, limits, accumulation, average, guarded,
                Optional.of(how));
    }

    /** With the loss as it is. */
    public Training withoutLossScaling() {
        return new Training(
                model, loss, optimizer, metrics, regularizers, clipping, limits, accumulation, average, guarded,
                Optional.empty());
    }

    private static Optional<LossScaling> scalingFor(Model model) {
        return model.precision().filter(p -> p.dtype() == DType.F16).map(p -> LossScaling.dynamic());
    }

    /** Whether some batches may change nothing. */
    boolean skips() {
        return guarded || scaling.isPresent();
    }

    private static <T> List<T> joined(List<T> list, T[] more) {
        List<T> all = new ArrayList<>(list);
        all.addAll(List.of(more));
        return all;
    }
}
