package io.tandem.data;

import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The samples of several data sets of equal types, one data set after the other. */
final class ConcatDataset implements Dataset {
    private final List<Dataset> parts;
    private final int[] starts;

    ConcatDataset(List<Dataset> parts) {
        this.parts = List.copyOf(parts);
        this.starts = new int[parts.size() + 1];
        for (int i = 0; i < parts.size(); i++) {
            Dataset part = parts.get(i);
            if (!part.types().equals(parts.getFirst().types())) {
                throw new IllegalArgumentException(
                        "data sets of different columns cannot be joined: the first has %s, number %d has %s"
                                .formatted(parts.getFirst().types(), i + 1, part.types()));
            }
            starts[i + 1] = Math.addExact(starts[i], part.size());
        }
    }

    @Override
    public int size() {
        return starts[parts.size()];
    }

    @Override
    public List<TensorType> types() {
        return parts.getFirst().types();
    }

    @Override
    public void read(int[] indices, Pass pass, List<MemorySegment> into) {
        ReadArguments.check(this, indices, into);
        // Neighbours of the same part are read together.
        int from = 0;
        while (from < indices.length) {
            int part = partOf(indices[from]);
            int to = from + 1;
            while (to < indices.length && partOf(indices[to]) == part) {
                to++;
            }
            int start = starts[part];
            int[] local = Arrays.stream(indices, from, to).map(i -> i - start).toArray();
            parts.get(part).read(local, pass, slices(into, from, to));
            from = to;
        }
    }

    private List<MemorySegment> slices(List<MemorySegment> into, int from, int to) {
        List<MemorySegment> slices = new ArrayList<>(into.size());
        for (int c = 0; c < into.size(); c++) {
            long row = types().get(c).bytes();
            slices.add(into.get(c).asSlice(from * row, (to - from) * row));
        }
        return slices;
    }

    private int partOf(int index) {
        int part = 0;
        while (index >= starts[part + 1]) {
            part++;
        }
        return part;
    }

    @Override
    public String toString() {
        return "concatenation of " + parts;
    }
}
