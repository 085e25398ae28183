package io.tandem.data;

import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Changes the samples of a batch in place. Types and number of samples stay the same. A transform keeps no state; it
 * may be applied by several threads at once.
 */
@FunctionalInterface
public interface Transform {
    /** Changes the samples of {@code batch}. */
    void apply(Target batch);

    /**
     * Called once when the transform is put on a data set.
     *
     * @param types types of one sample in each column
     * @throws IllegalArgumentException if the transform cannot work on such samples
     */
    default void check(List<TensorType> types) {}

    /** This transform, then another. Each has random numbers of its own. */
    default Transform then(Transform next) {
        return TransformSequence.of(this, next);
    }

    /** The samples that a transform changes. */
    final class Target {
        private final int[] indices;
        private final Pass pass;
        private final List<TensorType> types;
        private final List<MemorySegment> columns;
        private final long stream;
        private final SampleRandom random;

        Target(int[] indices, Pass pass, List<TensorType> types, List<MemorySegment> columns, long stream) {
            this.indices = indices;
            this.pass = pass;
            this.types = types;
            this.columns = columns;
            this.stream = stream;
            this.random = SampleRandom.of(pass, 0, stream);
        }

        /** The same samples with other random numbers. */
        Target stream(int offset) {
            return new Target(indices, pass, types, columns, stream + offset);
        }

        /** The number of samples. */
        public int size() {
            return indices.length;
        }

        /** The type of one sample of a column. */
        public TensorType type(int column) {
            return types.get(column);
        }

        /** The memory of a column: {@link #size()} samples one after the other. */
        public MemorySegment column(int column) {
            return columns.get(column);
        }

        /**
         * The random numbers of the sample at {@code position}, from their start. The object is used again by the next
         * call.
         */
        public SampleRandom random(int position) {
            random.restart(pass, indices[position], stream);
            return random;
        }
    }
}
