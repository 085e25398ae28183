package io.tandem.nn;

import io.tandem.graph.Tensor;
import java.util.Optional;

/**
 * A shortcut around a layer (He et al., 2016): x + f(x), or projection(x) + f(x).
 *
 * @param body f
 * @param projection what makes x fit f(x), where sizes differ
 */
public record Residual(Layer body, Optional<Layer> projection) implements Layer {
    /** x + f(x). */
    public static Residual of(Layer body) {
        return new Residual(body, Optional.empty());
    }

    /** projection(x) + f(x). */
    public static Residual of(Layer body, Layer projection) {
        return new Residual(body, Optional.of(projection));
    }

    @Override
    public Tensor forward(Tensor x) {
        Tensor y = body.apply(x);
        Tensor shortcut = projection.map(p -> p.apply(x)).orElse(x);
        if (!y.type().equals(shortcut.type())) {
            throw Layers.error(
                    x,
                    projection.isPresent()
                            ? "residual: the body turns %s into %s, but the projection into %s; both must be equal"
                                    .formatted(x.type(), y.type(), shortcut.type())
                            : "residual: the body turns %s into %s; give the shortcut a projection, or keep the shape"
                                    .formatted(x.type(), y.type()));
        }
        return shortcut.add(y);
    }
}
