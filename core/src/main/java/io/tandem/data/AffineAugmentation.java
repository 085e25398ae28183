package io.tandem.data;

/**
 * Random rotation, scale, shear and shift about the centre of the image.
 *
 * @param shiftPixels largest shift in pixels
 * @param shiftFraction largest shift as a fraction of height and width, added to the former
 * @param degrees largest rotation
 * @param smallest smallest scale
 * @param largest largest scale
 * @param shear largest shear
 */
record AffineAugmentation(
        double shiftPixels, double shiftFraction, double degrees, double smallest, double largest, double shear)
        implements ImageAugmentation {

    static void checkRange(String what, double low, double high, double least) {
        if (!(low >= least && high >= low) || Double.isInfinite(high)) {
            throw new IllegalArgumentException(
                    "%s must be %s and finite, got %s"
                            .formatted(
                                    what,
                                    least > 0 ? "positive, the smallest first," : "at least 0",
                                    low == high || least == 0 ? high : low + " to " + high));
        }
    }

    @Override
    public void apply(Image image, SampleRandom random) {
        int height = image.height();
        int width = image.width();
        double angle = Math.toRadians(random.uniform(-degrees, degrees));
        double scale = random.uniform(smallest, largest);
        double slant = random.uniform(-shear, shear);
        double reachX = shiftPixels + shiftFraction * width;
        double reachY = shiftPixels + shiftFraction * height;
        double shiftX = random.uniform(-reachX, reachX);
        double shiftY = random.uniform(-reachY, reachY);
        // The inverse of shear, then rotation, then scale: from places in the new image to places in the old one.
        double cos = StrictMath.cos(angle) / scale;
        double sin = StrictMath.sin(angle) / scale;
        double xx = cos - slant * -sin;
        double xy = sin - slant * cos;
        double centreX = (width - 1) / 2.0;
        double centreY = (height - 1) / 2.0;
        float[] sourceX = image.sourceX();
        float[] sourceY = image.sourceY();
        for (int y = 0; y < height; y++) {
            double dy = y - centreY - shiftY;
            for (int x = 0; x < width; x++) {
                double dx = x - centreX - shiftX;
                sourceX[y * width + x] = (float) (centreX + xx * dx + xy * dy);
                sourceY[y * width + x] = (float) (centreY - sin * dx + cos * dy);
            }
        }
        image.resample();
    }
}
