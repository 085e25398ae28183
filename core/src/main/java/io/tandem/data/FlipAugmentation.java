package io.tandem.data;

/**
 * Mirrors half of the images.
 *
 * @param horizontal whether left and right are exchanged, else top and bottom
 */
record FlipAugmentation(boolean horizontal) implements ImageAugmentation {
    @Override
    public void apply(Image image, SampleRandom random) {
        if (!random.chance(0.5)) {
            return;
        }
        float[] pixels = image.pixels();
        int height = image.height();
        int width = image.width();
        for (int c = 0; c < image.channels(); c++) {
            int base = c * height * width;
            for (int y = 0; y < (horizontal ? height : height / 2); y++) {
                for (int x = 0; x < (horizontal ? width / 2 : width); x++) {
                    int one = base + y * width + x;
                    int other = horizontal ? base + y * width + width - 1 - x : base + (height - 1 - y) * width + x;
                    float swapped = pixels[one];
                    pixels[one] = pixels[other];
                    pixels[other] = swapped;
                }
            }
        }
    }
}
