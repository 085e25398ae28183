package io.tandem.data;

/**
 * A random change of an image that keeps its class, used while training so that a model sees more than the given
 * images. Sizes stay the same. Put on a data set by {@link ImageTransform}; write your own as a lambda.
 */
@FunctionalInterface
public interface ImageAugmentation {
    /** Changes {@code image} in place, with randomness from {@code random} only. */
    void apply(Image image, SampleRandom random);

    /**
     * Applies this one to some of the images only.
     *
     * @param probability share of the images, from 0 to 1
     */
    default ImageAugmentation withProbability(double probability) {
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException("probability must be from 0 to 1, is " + probability);
        }
        return (image, random) -> {
            if (random.chance(probability)) {
                apply(image, random);
            }
        };
    }

    /** Moves by up to so many pixels in each direction, fractions of pixels included. */
    static ImageAugmentation shift(double pixels) {
        AffineAugmentation.checkRange("shift", 0, pixels, 0);
        return new AffineAugmentation(pixels, 0, 0, 1, 1, 0);
    }

    /** Rotates about the centre by up to so many degrees to either side. */
    static ImageAugmentation rotate(double degrees) {
        AffineAugmentation.checkRange("angle", 0, degrees, 0);
        return new AffineAugmentation(0, 0, degrees, 1, 1, 0);
    }

    /** Scales about the centre by a factor between {@code smallest} and {@code largest}, both positive. */
    static ImageAugmentation scale(double smallest, double largest) {
        AffineAugmentation.checkRange("scale", smallest, largest, Double.MIN_NORMAL);
        return new AffineAugmentation(0, 0, 0, smallest, largest, 0);
    }

    /**
     * Rotates, scales and moves in one step, which blurs less than one after the other.
     *
     * @param shift largest move in each direction, as a fraction of height and width
     * @param degrees largest rotation to either side
     * @param smallest smallest scale, positive
     * @param largest largest scale
     */
    static ImageAugmentation affine(double shift, double degrees, double smallest, double largest) {
        return affine(shift, degrees, smallest, largest, 0);
    }

    /**
     * Rotates, scales, shears and moves in one step.
     *
     * @param shift largest move in each direction, as a fraction of height and width
     * @param degrees largest rotation to either side
     * @param smallest smallest scale, positive
     * @param largest largest scale
     * @param shear largest shear along the rows, in columns per row
     */
    static ImageAugmentation affine(double shift, double degrees, double smallest, double largest, double shear) {
        AffineAugmentation.checkRange("shift", 0, shift, 0);
        AffineAugmentation.checkRange("angle", 0, degrees, 0);
        AffineAugmentation.checkRange("scale", smallest, largest, Double.MIN_NORMAL);
        AffineAugmentation.checkRange("shear", 0, shear, 0);
        return new AffineAugmentation(0, shift, degrees, smallest, largest, shear);
    }

    /** Exchanges left and right in half of the images. */
    static ImageAugmentation flipHorizontal() {
        return new FlipAugmentation(true);
    }

    /** Exchanges top and bottom in half of the images. */
    static ImageAugmentation flipVertical() {
        return new FlipAugmentation(false);
    }

    /**
     * Pads by so many pixels on each side and crops to the old size at a random place (Krizhevsky, Sutskever and Hinton
     * 2012; the padded form as in He et al. 2016).
     */
    static ImageAugmentation crop(int padding) {
        if (padding < 0) {
            throw new IllegalArgumentException("padding must not be negative, is " + padding);
        }
        return (image, random) -> image.move(random.nextInt(2 * padding + 1) - padding,
                random.nextInt(2 * padding + 1) - padding);
    }

    /** Adds normally distributed noise to each value. */
    static ImageAugmentation noise(double standardDeviation) {
        AffineAugmentation.checkRange("standard deviation", 0, standardDeviation, 0);
        return (image, random) -> {
            float[] pixels = image.pixels();
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] += (float) (standardDeviation * random.nextGaussian());
            }
        };
    }

    /**
     * Elastic distortion (Simard, Steinkraus and Platt 2003): each pixel is moved by a random field, uniform noise
     * smoothed by a Gaussian. For digits of 28 x 28 pixels {@code alpha} 34 and {@code sigma} 4 are usual.
     *
     * @param alpha strength, at least 0: the factor of the smoothed field, in pixels
     * @param sigma standard deviation of the Gaussian in pixels, positive
     */
    static ImageAugmentation elastic(double alpha, double sigma) {
        AffineAugmentation.checkRange("alpha", 0, alpha, 0);
        AffineAugmentation.checkRange("sigma", sigma, sigma, Double.MIN_NORMAL);
        return new ElasticAugmentation((float) alpha, sigma);
    }
}
