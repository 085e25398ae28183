package io.tandem.data;

import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Some samples of another data set, in a given order. */
final class SubsetDataset implements Dataset {
    private final Dataset source;
    private final int[] chosen;

    SubsetDataset(Dataset source, int[] chosen) {
        ReadArguments.checkIndices(chosen, source.size());
        // A subset of a subset reads the first data set directly.
        this.source = source instanceof SubsetDataset subset ? subset.source : source;
        this.chosen = source instanceof SubsetDataset subset ? subset.translate(chosen) : chosen.clone();
    }

    private int[] translate(int[] indices) {
        int[] translated = new int[indices.length];
        for (int i = 0; i < indices.length; i++) {
            translated[i] = chosen[indices[i]];
        }
        return translated;
    }

    @Override
    public int size() {
        return chosen.length;
    }

    @Override
    public List<TensorType> types() {
        return source.types();
    }

    @Override
    public void read(int[] indices, Pass pass, List<MemorySegment> into) {
        ReadArguments.checkIndices(indices, chosen.length);
        source.read(translate(indices), pass, into);
    }

    @Override
    public String toString() {
        return chosen.length + " samples of " + source;
    }
}
