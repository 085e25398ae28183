package io.tandem.data;

import java.util.Arrays;

/** The image that an {@link ImageAugmentation} changes. One object serves all images of a batch. */
public final class Image {
    private final int channels;
    private final int height;
    private final int width;
    private final float[] fill;
    private float[] pixels;
    private float[] target;
    private float[] sourceX;
    private float[] sourceY;

    /**
     * An image of zeros.
     *
     * @param fill per channel the value of what lies outside
     */
    Image(int channels, int height, int width, float[] fill) {
        this.channels = channels;
        this.height = height;
        this.width = width;
        this.fill = fill;
        this.pixels = new float[channels * height * width];
        this.target = new float[pixels.length];
        this.sourceX = new float[height * width];
        this.sourceY = new float[height * width];
    }

    /** The number of channels. */
    public int channels() {
        return channels;
    }

    /** Rows of pixels. */
    public int height() {
        return height;
    }

    /** Pixels per row. */
    public int width() {
        return width;
    }

    /** The values, row-major {@code [channels, height, width]}; to be changed in place. */
    public float[] pixels() {
        return pixels;
    }

    /** The value of what lies outside of the image. */
    public float fill(int channel) {
        return fill[channel];
    }

    /**
     * For each pixel of the new image the place in the old one that {@link #resample} takes it from: columns from 0 to
     * {@code width - 1}, in row-major order. To be filled before.
     */
    public float[] sourceX() {
        return sourceX;
    }

    /** As {@link #sourceX}, rows. */
    public float[] sourceY() {
        return sourceY;
    }

    /** Replaces the image by bilinear interpolation at the places {@link #sourceX} and {@link #sourceY}. */
    public void resample() {
        for (int c = 0; c < channels; c++) {
            int base = c * height * width;
            float outside = fill[c];
            for (int i = 0; i < height * width; i++) {
                float x = sourceX[i];
                float y = sourceY[i];
                // The negation is also true for NaN.
                if (!(x > -1 && y > -1 && x < width && y < height)) {
                    target[base + i] = outside;
                    continue;
                }
                int left = (int) Math.floor(x);
                int top = (int) Math.floor(y);
                float right = x - left;
                float down = y - top;
                float upper = at(base, top, left, outside) * (1 - right) + at(base, top, left + 1, outside) * right;
                float lower =
                        at(base, top + 1, left, outside) * (1 - right) + at(base, top + 1, left + 1, outside) * right;
                target[base + i] = upper * (1 - down) + lower * down;
            }
        }
        swap();
    }

    private float at(int base, int y, int x, float outside) {
        return x >= 0 && y >= 0 && x < width && y < height ? pixels[base + y * width + x] : outside;
    }

    /** Moves the image by whole pixels, to the right and down if positive. */
    public void move(int right, int down) {
        for (int c = 0; c < channels; c++) {
            int base = c * height * width;
            Arrays.fill(target, base, base + height * width, fill[c]);
            int from = Math.max(0, -right);
            int to = Math.min(width, width - right);
            for (int y = Math.max(0, down); y < Math.min(height, height + down) && from < to; y++) {
                int source = base + (y - down) * width;
                System.arraycopy(pixels, source + from, target, base + y * width + from + right, to - from);
            }
        }
        swap();
    }

    private void swap() {
        float[] swapped = pixels;
        pixels = target;
        target = swapped;
    }
}
