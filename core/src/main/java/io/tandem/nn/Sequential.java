package io.tandem.nn;

import io.tandem.graph.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Layers one after the other. Their paths are their indices: {@code 0.weight}. */
public record Sequential(List<Layer> layers) implements Layer {
    /** Copies the list. */
    public Sequential {
        layers = List.copyOf(layers);
    }

    /** Layers one after the other. */
    public static Sequential of(Layer... layers) {
        return new Sequential(List.of(layers));
    }

    @Override
    public Tensor forward(Tensor x) {
        Tensor y = x;
        for (Layer layer : layers) {
            y = layer.apply(y);
        }
        return y;
    }

    @Override
    public Sequential then(Layer next) {
        List<Layer> longer = new ArrayList<>(layers);
        longer.add(next);
        return new Sequential(longer);
    }
}
