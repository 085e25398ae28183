package io.tandem.train;

import io.tandem.tensor.NDArray;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Is told what happens during training.
 *
 * <p>The order of calls: {@link #fitStarted}; for each epoch {@link #epochStarted}, for each step {@link #stepDone} and
 * {@link #settled}, then {@link #epochEnded} and {@link #settled}; at last {@link #fitEnded}. Each is called for all
 * callbacks, in the order in which the trainer was given them, before the next one is called for any.
 *
 * <p>The order of callbacks never changes what is trained. A callback acts on training by what it returns, by {@link
 * Run#stop}, or, at the end of an epoch, by an entry of the state that is its own, such as the factor of the learning rate;
 * it looks at the model's values alone. What depends on the other callbacks, such as a checkpoint, which holds what they
 * remember, belongs into {@link #settled}.
 */
public interface Callback {
    /** Whether training goes on. */
    enum Verdict {
        /** It does. */
        CONTINUE,
        /** It ends after this epoch. */
        STOP
    }

    /**
     * What a callback remembers, as checkpoints keep it.
     *
     * @param values text by name; names have no colon
     * @param arrays arrays by name; names have no colon
     */
    record Memory(Map<String, String> values, Map<String, NDArray> arrays) {
        /** Nothing. */
        public static final Memory EMPTY = new Memory(Map.of(), Map.of());

        /** Copies the maps, in order, and checks the names. */
        public Memory {
            Stream.concat(values.keySet().stream(), arrays.keySet().stream())
                    .filter(name -> name.contains(":"))
                    .findFirst()
                    .ifPresent(name -> {
                        throw new IllegalArgumentException(
                                "a callback cannot remember anything as '" + name + "': names must not have a colon");
                    });
            values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
            arrays = Collections.unmodifiableMap(new LinkedHashMap<>(arrays));
        }

        /** Whether there is nothing. */
        public boolean isEmpty() {
            return values.isEmpty() && arrays.isEmpty();
        }
    }

    /** The name under which checkpoints keep what this callback remembers. */
    default String name() {
        return getClass().getSimpleName();
    }

    /** Training begins, or goes on from a checkpoint: then {@link #restore} has been called before. */
    default void fitStarted(Run run) {}

    /** An epoch begins, with this number of batches. */
    default void epochStarted(int epoch, int batches) {}

    /** A step has been asked for; reading its loss waits for the device. */
    default void stepDone(int epoch, int batch, int samples, StepResult result) {}

    /** An epoch has ended. */
    default Verdict epochEnded(Epoch epoch) {
        return Verdict.CONTINUE;
    }

    /** All callbacks have been told of a step or of the end of an epoch. */
    default void settled(Run run) {}

    /** Training has ended without a failure: after the last epoch, or where it was stopped. */
    default void fitEnded(Run run) {}

    /** What a checkpoint must keep, so that this callback goes on after it as if nothing had happened. */
    default Memory memory() {
        return Memory.EMPTY;
    }

    /** Takes over what {@link #memory} gave: {@link Memory#EMPTY} where a checkpoint knows nothing of this callback. */
    default void restore(Memory memory) {}
}
