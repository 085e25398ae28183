package io.tandem.cuda.lib;

import java.util.Arrays;

/** Over what batch normalization computes its statistics. */
public enum BatchNormMode {
    /** One mean and variance per channel, over batch and space. */
    SPATIAL,
    /** As {@link #SPATIAL}, by a faster algorithm that may overflow for channels with a huge range. */
    SPATIAL_PERSISTENT,
    /** One mean and variance per element of [channels, spatial...], over the batch. */
    PER_ACTIVATION;

    /**
     * The descriptor of scale, bias and statistics; they have type {@link DataType#F32} for 16-bit inputs.
     *
     * @param x the normalized tensor [batch, channels, spatial...]
     */
    public TensorDescriptor parameters(TensorDescriptor x) {
        int[] sizes = x.sizes().stream().mapToInt(Integer::intValue).toArray();
        sizes[0] = 1;
        if (this != PER_ACTIVATION) {
            Arrays.fill(sizes, 2, sizes.length, 1);
        }
        DataType type = x.type() == DataType.F64 ? DataType.F64 : DataType.F32;
        return this == PER_ACTIVATION && x.isChannelsLast()
                ? TensorDescriptor.channelsLast(type, sizes)
                : TensorDescriptor.rowMajor(type, sizes);
    }
}
