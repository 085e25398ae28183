package io.tandem.data;

import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Samples drawn from another data set at random, with replacement, anew in each epoch. */
final class ResampledDataset implements Dataset {
    /** Keeps the choice of samples apart from the random numbers of their order and augmentation. */
    private static final long STREAM = -2;

    private final Dataset source;
    private final int size;

    ResampledDataset(Dataset source, int size) {
        if (size < 1 || source.size() == 0) {
            throw new IllegalArgumentException(
                    "cannot draw %d samples from a data set of %d; both must be at least 1"
                            .formatted(size, source.size()));
        }
        this.source = source;
        this.size = size;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public List<TensorType> types() {
        return source.types();
    }

    @Override
    public void read(int[] indices, Pass pass, List<MemorySegment> into) {
        ReadArguments.check(this, indices, into);
        int[] drawn = new int[indices.length];
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = SampleRandom.of(pass, indices[i], STREAM).nextInt(source.size());
        }
        source.read(drawn, pass, into);
    }

    @Override
    public String toString() {
        return size + " samples drawn from " + source;
    }
}
