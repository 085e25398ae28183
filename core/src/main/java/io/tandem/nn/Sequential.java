package io.tandem.nn;

import io.tandem.graph.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

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

    /**
     * A number of layers of one kind, each with parameters of its own.
     *
     * @param count how many
     * @param layer makes one
     */
    public static Sequential repeat(int count, Supplier<? extends Layer> layer) {
        if (count < 0) {
            throw new IllegalArgumentException("repeat: the count must not be negative, got " + count);
        }
        return new Sequential(
                Stream.<Layer>generate(layer::get).limit(count).toList());
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
