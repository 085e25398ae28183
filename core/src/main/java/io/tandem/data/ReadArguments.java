package io.tandem.data;

import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;

/** Checks of the arguments of {@link Dataset#read}. */
final class ReadArguments {
    private ReadArguments() {}

    static void check(Dataset dataset, int[] indices, List<MemorySegment> into) {
        List<TensorType> types = dataset.types();
        if (into.size() != types.size()) {
            throw new IllegalArgumentException(
                    "a data set with the columns %s needs as many memories, got %d".formatted(types, into.size()));
        }
        for (int c = 0; c < types.size(); c++) {
            long needed = types.get(c).bytes() * indices.length;
            if (into.get(c).byteSize() != needed) {
                throw new IllegalArgumentException("%d samples of column %d (%s) need %d bytes, got %d"
                        .formatted(
                                indices.length,
                                c,
                                types.get(c),
                                needed,
                                into.get(c).byteSize()));
            }
        }
        checkIndices(indices, dataset.size());
    }

    static void checkIndices(int[] indices, int size) {
        for (int index : indices) {
            if (index < 0 || index >= size) {
                throw new IndexOutOfBoundsException("sample %d of a data set of %d samples".formatted(index, size));
            }
        }
    }

    static List<TensorType> checkTypes(List<TensorType> types) {
        types.forEach(Objects::requireNonNull);
        if (types.isEmpty()) {
            throw new IllegalArgumentException("a data set needs at least one column");
        }
        return List.copyOf(types);
    }
}
