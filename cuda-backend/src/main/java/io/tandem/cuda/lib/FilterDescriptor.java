package io.tandem.cuda.lib;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A dense convolution filter.
 *
 * @param type         element type
 * @param channelsLast whether the layout is [out, spatial..., in / groups] instead of [out, in / groups, spatial...]
 * @param sizes        4 or 5 sizes in the logical order [out, in / groups, spatial...]
 */
public record FilterDescriptor(DataType type, boolean channelsLast, List<Integer> sizes) {

    /** Copies and checks the sizes. */
    public FilterDescriptor {
        Objects.requireNonNull(type, "type");
        sizes = List.copyOf(sizes);
        if (sizes.size() < 4 || sizes.size() > 5 || sizes.stream().anyMatch(s -> s < 1)) {
            throw new IllegalArgumentException("a filter has 4 or 5 positive sizes, not " + sizes);
        }
    }

    /**
     * A filter in the layout [out, in / groups, spatial...].
     *
     * @param type  element type
     * @param sizes its sizes
     */
    public static FilterDescriptor of(DataType type, int... sizes) {
        return new FilterDescriptor(
                type, false, Arrays.stream(sizes).boxed().toList());
    }

    /**
     * A filter in the layout [out, spatial..., in / groups].
     *
     * @param type  element type
     * @param sizes its sizes in the logical order [out, in / groups, spatial...]
     */
    public static FilterDescriptor channelsLast(DataType type, int... sizes) {
        return new FilterDescriptor(
                type, true, Arrays.stream(sizes).boxed().toList());
    }

    /** The filter as a strided tensor with the same sizes. */
    public TensorDescriptor asTensor() {
        int[] array = sizes.stream().mapToInt(Integer::intValue).toArray();
        return channelsLast ? TensorDescriptor.channelsLast(type, array) : TensorDescriptor.rowMajor(type, array);
    }
}
