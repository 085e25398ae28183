package io.tandem.nn;

import io.tandem.graph.Tensor;
import java.util.List;

/**
 * The largest of each group of {@code pieces} neighbouring features (Goodfellow et al., 2013), as a rule of a dense
 * layer or convolution with that many times more outputs. The axis shrinks by the factor {@code pieces}.
 *
 * @param pieces size of a group
 * @param axis which axis: -1 for the last one, 1 for the channels of images
 */
public record Maxout(int pieces, int axis) implements Layer {
    /** Checks the number of pieces. */
    public Maxout {
        if (pieces < 1) {
            throw new IllegalArgumentException("maxout: pieces must be at least 1, got " + pieces);
        }
    }

    /** Groups along the last axis. */
    public static Maxout of(int pieces) {
        return new Maxout(pieces, -1);
    }

    /** This layer along another axis. */
    public Maxout withAxis(int other) {
        return new Maxout(pieces, other);
    }

    /** A dense layer with maxout: each of {@code units} outputs is the largest of {@code pieces} linear functions. */
    public static Sequential dense(int units, int pieces) {
        return new Sequential(List.of(Dense.of(Math.multiplyExact(units, pieces)), of(pieces)));
    }

    @Override
    public Tensor forward(Tensor x) {
        Layers.requireRank("maxout", x, 1, Integer.MAX_VALUE);
        int at = x.shape().axis(axis);
        if (x.dim(at) % pieces != 0) {
            throw Layers.error(
                    x,
                    "maxout: axis %d of %s does not divide into groups of %d".formatted(at, x.type(), pieces));
        }
        Tensor grouped = x.reshape(
                x.shape().with(at, x.dim(at) / pieces).insert(at + 1, pieces));
        return grouped.max(at + 1);
    }
}
