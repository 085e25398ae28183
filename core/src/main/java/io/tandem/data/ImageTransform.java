package io.tandem.data;

import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Augments the images of one column, {@code f32[channels, height, width]}, one after the other.
 *
 * <pre>{@code
 * Dataset augmented = train.map(ImageTransform.of(
 *         ImageAugmentation.affine(0.1, 10, 0.9, 1.1), ImageAugmentation.elastic(34, 4)));
 * }</pre>
 */
public final class ImageTransform implements Transform {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int column;
    private final float[] fill;
    private final List<ImageAugmentation> augmentations;

    private ImageTransform(int column, float[] fill, List<ImageAugmentation> augmentations) {
        this.column = column;
        this.fill = fill;
        this.augmentations = List.copyOf(augmentations);
    }

    /** Augments column 0; what comes in from outside of an image is 0. */
    public static ImageTransform of(ImageAugmentation... augmentations) {
        return new ImageTransform(0, new float[] {0}, List.of(augmentations));
    }

    /** Augments another column. */
    public ImageTransform withColumn(int column) {
        return new ImageTransform(column, fill, augmentations);
    }

    /**
     * Sets the value of what comes in from outside of an image, one for all channels or one per channel. For normalised
     * images with a black background that is {@code -mean / std}.
     */
    public ImageTransform withFill(float... fill) {
        for (float value : fill) {
            if (!Float.isFinite(value)) {
                throw new IllegalArgumentException("fill must be finite, is " + Arrays.toString(fill));
            }
        }
        if (fill.length == 0) {
            throw new IllegalArgumentException("at least one fill value is needed");
        }
        return new ImageTransform(column, fill.clone(), augmentations);
    }

    @Override
    public void check(List<TensorType> types) {
        if (column < 0 || column >= types.size()) {
            throw new IllegalArgumentException("there is no column %d in %s".formatted(column, types));
        }
        TensorType type = types.get(column);
        if (type.dtype() != DType.F32 || type.shape().rank() != 3) {
            throw new IllegalArgumentException(
                    "images are augmented as f32[channels, height, width], column %d is %s".formatted(column, type));
        }
        if (fill.length != 1 && fill.length != type.shape().dim(0)) {
            throw new IllegalArgumentException(
                    "%d fill values for images %s; one, or one per channel, is needed".formatted(fill.length, type));
        }
    }

    @Override
    public void apply(Target batch) {
        Shape shape = batch.type(column).shape();
        int channels = shape.dim(0);
        float[] background = new float[channels];
        IntStream.range(0, channels).forEach(c -> background[c] = fill.length == 1 ? fill[0] : fill[c]);
        Image image = new Image(channels, shape.dim(1), shape.dim(2), background);
        int size = Math.toIntExact(shape.size());
        MemorySegment memory = batch.column(column);
        for (int i = 0; i < batch.size(); i++) {
            SampleRandom random = batch.random(i);
            MemorySegment.copy(memory, F32, 4L * i * size, image.pixels(), 0, size);
            for (ImageAugmentation augmentation : augmentations) {
                augmentation.apply(image, random);
            }
            MemorySegment.copy(image.pixels(), 0, memory, F32, 4L * i * size, size);
        }
    }
}
