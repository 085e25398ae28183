package io.tandem.train;

import io.tandem.nn.Loss;
import io.tandem.nn.Model;
import io.tandem.optim.Clipping;
import io.tandem.optim.Optimizer;
import io.tandem.optim.Regularizer;
import java.util.ArrayList;
import java.util.List;

/**
 * What training a model means: loss, optimizer, and what goes with them.
 *
 * @param model what is trained; it has one output
 * @param loss from (prediction, target) to a scalar
 * @param optimizer how parameters follow their gradients
 * @param metrics figures to compute beside the loss
 * @param regularizers penalties added to the loss
 * @param clipping limit of the gradients
 */
public record Training(
        Model model,
        Loss loss,
        Optimizer optimizer,
        List<Metric> metrics,
        List<Regularizer> regularizers,
        Clipping clipping) {
    /** Checks and copies. */
    public Training {
        if (model.outputs().size() != 1) {
            throw new IllegalArgumentException(
                    "training needs a model with one output, this one has " + model.outputs().size());
        }
        metrics = List.copyOf(metrics);
        regularizers = List.copyOf(regularizers);
    }

    /** Training without metrics, regularizers and clipping. */
    public static Training of(Model model, Loss loss, Optimizer optimizer) {
        return new Training(model, loss, optimizer, List.of(), List.of(), Clipping.none());
    }

    /** With further metrics. */
    public Training withMetrics(Metric... more) {
        List<Metric> all = new ArrayList<>(metrics);
        all.addAll(List.of(more));
        return new Training(model, loss, optimizer, all, regularizers, clipping);
    }

    /** With further penalties. */
    public Training withRegularizers(Regularizer... more) {
        List<Regularizer> all = new ArrayList<>(regularizers);
        all.addAll(List.of(more));
        return new Training(model, loss, optimizer, metrics, all, clipping);
    }

    /** With limited gradients. */
    public Training withClipping(Clipping limit) {
        return new Training(model, loss, optimizer, metrics, regularizers, limit);
    }
}
