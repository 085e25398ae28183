package io.tandem.data;

import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A data set whose samples are changed by a {@link Transform} each time they are read. Random changes depend on seed,
 * epoch and the sample's index in the source alone.
 */
public final class TransformedDataset implements Dataset {
    /** Transforms joined by {@link Transform#then} count up from the stream of their data set. */
    private static final long STREAMS_PER_LEVEL = 1024;

    private final Dataset source;
    private final Transform transform;
    private final long stream;

    /**
     * Puts a transform on a data set.
     *
     * @throws IllegalArgumentException if the transform does not fit the types of the source
     */
    public TransformedDataset(Dataset source, Transform transform) {
        transform.check(source.types());
        this.source = source;
        this.transform = transform;
        this.stream = source instanceof TransformedDataset inner ? inner.stream + STREAMS_PER_LEVEL : 0;
    }

    @Override
    public int size() {
        return source.size();
    }

    @Override
    public List<TensorType> types() {
        return source.types();
    }

    @Override
    public void read(int[] indices, Pass pass, List<MemorySegment> into) {
        source.read(indices, pass, into);
        transform.apply(new Transform.Target(indices, pass, source.types(), into, stream));
    }

    @Override
    public String toString() {
        return source + ", transformed";
    }
}
