package io.tandem.nn;

import java.util.List;

/** How windows treat the borders of their input. */
public sealed interface Padding {
    /** No padding: windows stay inside. */
    record Valid() implements Padding {}

    /** So much that the output has size ceil(input / stride); an odd rest goes to the end. */
    record Same() implements Padding {}

    /** Given numbers of elements before and after each axis. */
    record Explicit(List<Integer> low, List<Integer> high) implements Padding {
        /** Copies the lists. */
        public Explicit {
            low = List.copyOf(low);
            high = List.copyOf(high);
        }
    }

    /** No padding. */
    static Padding valid() {
        return new Valid();
    }

    /** Output as large as the input, divided by the stride. */
    static Padding same() {
        return new Same();
    }

    /** The same number of elements on both sides of an axis, one number per spatial axis. */
    static Padding of(int... sizes) {
        List<Integer> list = java.util.Arrays.stream(sizes).boxed().toList();
        return new Explicit(list, list);
    }

    /** Elements before and after an axis of the given size. */
    default int[] amounts(int axis, int input, int window, int stride, int dilation) {
        return switch (this) {
            case Valid v -> new int[] {0, 0};
            case Same s -> {
                int reach = dilation * (window - 1) + 1;
                int total = Math.max(0, (Math.ceilDiv(input, stride) - 1) * stride + reach - input);
                yield new int[] {total / 2, total - total / 2};
            }
            case Explicit(List<Integer> low, List<Integer> high) -> {
                if (axis >= low.size() || axis >= high.size()) {
                    throw new IllegalArgumentException(
                            "padding " + low + " and " + high + " has no entry for spatial axis " + axis);
                }
                yield new int[] {low.get(axis), high.get(axis)};
            }
        };
    }
}
