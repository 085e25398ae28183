package io.tandem.data;

import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** Some columns of another data set. Columns that are not chosen are read into memory that is thrown away. */
final class ColumnsDataset implements Dataset {
    private final Dataset source;
    private final int[] chosen;
    private final List<TensorType> types;

    ColumnsDataset(Dataset source, int[] chosen) {
        List<TensorType> all = source.types();
        for (int column : chosen) {
            Objects.checkIndex(column, all.size());
        }
        this.source = source;
        this.chosen = chosen.clone();
        this.types = ReadArguments.checkTypes(Arrays.stream(chosen).mapToObj(all::get).toList());
    }

    @Override
    public int size() {
        return source.size();
    }

    @Override
    public List<TensorType> types() {
        return types;
    }

    @Override
    public void read(int[] indices, Pass pass, List<MemorySegment> into) {
        ReadArguments.check(this, indices, into);
        List<TensorType> all = source.types();
        List<MemorySegment> memory = new ArrayList<>(all.size());
        for (int c = 0; c < all.size(); c++) {
            int position = position(c);
            memory.add(
                    position >= 0
                            ? into.get(position)
                            : MemorySegment.ofArray(
                                    new byte[Math.toIntExact(all.get(c).bytes() * indices.length)]));
        }
        source.read(indices, pass, memory);
        for (int i = 0; i < chosen.length; i++) {
            if (position(chosen[i]) != i) {
                into.get(i).copyFrom(into.get(position(chosen[i])));
            }
        }
    }

    /** Where a column is read to: its first place, or -1. */
    private int position(int column) {
        for (int i = 0; i < chosen.length; i++) {
            if (chosen[i] == column) {
                return i;
            }
        }
        return -1;
    }

    @Override
    public String toString() {
        return "columns " + Arrays.toString(chosen) + " of " + source;
    }
}
