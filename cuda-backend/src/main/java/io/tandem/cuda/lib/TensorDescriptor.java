package io.tandem.cuda.lib;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A strided tensor as cuDNN sees it. Sizes are in the logical order batch, channels, spatial..., whatever the layout:
 * the strides say where elements lie.
 *
 * @param type    element type
 * @param sizes   3 to 8 sizes, all at least 1
 * @param strides distance of neighbours along each dimension, in elements
 */
public record TensorDescriptor(DataType type, List<Integer> sizes, List<Integer> strides) {
    /** cuDNN's older interface counts elements in 32 bits, and does not refuse what that cannot hold. */
    public static final long MAX_ELEMENTS = Integer.MAX_VALUE;

    /** Copies and checks the lists. */
    public TensorDescriptor {
        Objects.requireNonNull(type, "type");
        sizes = List.copyOf(sizes);
        strides = List.copyOf(strides);
        if (sizes.size() < 3 || sizes.size() > 8 || strides.size() != sizes.size()) {
            throw new IllegalArgumentException(
                    "cuDNN tensors have 3 to 8 sizes and as many strides, not " + sizes + " and " + strides);
        }
        if (sizes.stream().anyMatch(s -> s < 1) || strides.stream().anyMatch(s -> s < 1)) {
            throw new IllegalArgumentException("sizes and strides must be positive: " + sizes + ", " + strides);
        }
        if (sizes.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact) > MAX_ELEMENTS) {
            throw new IllegalArgumentException(
                    "cuDNN is not asked for tensors of 2^31 elements or more, such as " + sizes);
        }
    }

    /**
     * A dense tensor with the last dimension innermost: for [batch, channels, spatial...] the layout NCHW.
     *
     * @param type  element type
     * @param sizes 3 to 8 sizes
     */
    public static TensorDescriptor rowMajor(DataType type, int... sizes) {
        List<Integer> strides = new ArrayList<>();
        long stride = 1;
        for (int i = sizes.length - 1; i >= 0; i--) {
            strides.addFirst(stride(stride, sizes));
            stride *= sizes[i];
        }
        return new TensorDescriptor(type, asList(sizes), strides);
    }

    /**
     * A dense tensor with channels innermost: the layout NHWC.
     *
     * @param type  element type
     * @param sizes sizes in the logical order [batch, channels, spatial...]
     */
    public static TensorDescriptor channelsLast(DataType type, int... sizes) {
        Integer[] strides = new Integer[sizes.length];
        strides[1] = 1;
        long stride = sizes[1];
        for (int i = sizes.length - 1; i >= 2; i--) {
            strides[i] = stride(stride, sizes);
            stride *= sizes[i];
        }
        strides[0] = stride(stride, sizes);
        return new TensorDescriptor(type, asList(sizes), List.of(strides));
    }

    private static int stride(long stride, int[] sizes) {
        if (stride > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("cuDNN has strides below 2^31, sizes " + Arrays.toString(sizes)
                    + " need one of " + stride);
        }
        return (int) stride;
    }

    private static List<Integer> asList(int[] values) {
        return Arrays.stream(values).boxed().toList();
    }

    /** Number of dimensions. */
    public int rank() {
        return sizes.size();
    }

    /**
     * Size of one dimension.
     *
     * @param dimension its index
     */
    public int size(int dimension) {
        return sizes.get(dimension);
    }

    /**
     * Stride of one dimension.
     *
     * @param dimension its index
     */
    public int stride(int dimension) {
        return strides.get(dimension);
    }

    /** Number of elements. */
    public long elements() {
        return sizes.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
    }

    /** Bytes from the first element to behind the last one. */
    public long spanBytes() {
        long last = 0;
        for (int i = 0; i < rank(); i++) {
            last += (sizes.get(i) - 1L) * strides.get(i);
        }
        return (last + 1) * type.bytes();
    }

    /** Whether channels are the innermost dimension of a tensor with more than one channel and spatial position. */
    public boolean isChannelsLast() {
        return this.equals(channelsLast(type, sizes.stream().mapToInt(Integer::intValue).toArray()))
                && !this.equals(rowMajor(type, sizes.stream().mapToInt(Integer::intValue).toArray()));
    }
}
