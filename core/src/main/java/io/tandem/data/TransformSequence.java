package io.tandem.data;

import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;

/** Transforms one after the other; flat, so that each has a stream of random numbers of its own. */
record TransformSequence(List<Transform> transforms) implements Transform {
    static TransformSequence of(Transform first, Transform second) {
        List<Transform> all = new ArrayList<>();
        for (Transform transform : List.of(first, second)) {
            if (transform instanceof TransformSequence sequence) {
                all.addAll(sequence.transforms);
            } else {
                all.add(transform);
            }
        }
        return new TransformSequence(List.copyOf(all));
    }

    @Override
    public void apply(Target batch) {
        for (int i = 0; i < transforms.size(); i++) {
            transforms.get(i).apply(batch.stream(i));
        }
    }

    @Override
    public void check(List<TensorType> types) {
        transforms.forEach(transform -> transform.check(types));
    }
}
