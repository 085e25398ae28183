package io.tandem.data;

/** Elastic distortion: moves pixels by smoothed uniform noise. */
final class ElasticAugmentation implements ImageAugmentation {
    private final float alpha;
    private final float[] kernel;

    ElasticAugmentation(float alpha, double sigma) {
        this.alpha = alpha;
        int radius = (int) Math.max(1, Math.ceil(3 * sigma));
        this.kernel = new float[2 * radius + 1];
        double sum = 0;
        for (int i = -radius; i <= radius; i++) {
            sum += StrictMath.exp(-i * i / (2 * sigma * sigma));
        }
        for (int i = -radius; i <= radius; i++) {
            kernel[i + radius] = (float) (StrictMath.exp(-i * i / (2 * sigma * sigma)) / sum);
        }
    }

    @Override
    public void apply(Image image, SampleRandom random) {
        int height = image.height();
        int width = image.width();
        int radius = kernel.length / 2;
        float[] padded = new float[Math.max((height + 2 * radius) * width, (width + 2 * radius) * height)];
        fill(image.sourceX(), padded, height, width, random);
        fill(image.sourceY(), padded, height, width, random);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.sourceX()[y * width + x] += x;
                image.sourceY()[y * width + x] += y;
            }
        }
        image.resample();
    }

    /** Fills {@code field} with noise that is smoothed along both axes. */
    private void fill(float[] field, float[] padded, int height, int width, SampleRandom random) {
        int start = kernel.length / 2 * width;
        for (int i = 0; i < height * width; i++) {
            padded[start + i] = (float) random.uniform(-alpha, alpha);
        }
        smooth(padded, field, height, width);
        start = kernel.length / 2 * height;
        transpose(field, padded, start, height, width);
        smooth(padded, field, width, height);
        System.arraycopy(field, 0, padded, 0, height * width);
        transpose(padded, field, 0, width, height);
    }

    /**
     * Smooths along the columns. The rows of {@code padded} start after room for as many rows as the kernel reaches;
     * beyond a border the noise of the other side goes on. Each sweep over the image takes six values of the
     * symmetric kernel, since sweeps are bound by loads and stores.
     */
    private void smooth(float[] padded, float[] result, int rows, int columns) {
        int radius = kernel.length / 2;
        for (int r = 0; r < radius; r++) {
            int above = Math.floorMod(-1 - r, rows) + radius;
            int below = r % rows + radius;
            System.arraycopy(padded, above * columns, padded, (radius - 1 - r) * columns, columns);
            System.arraycopy(padded, below * columns, padded, (radius + rows + r) * columns, columns);
        }
        int size = rows * columns;
        float middle = kernel[radius];
        for (int i = 0; i < size; i++) {
            result[i] = middle * padded[i + radius * columns];
        }
        for (int k = 0; k < radius; k += 3) {
            addThreePairs(k, padded, columns, result, size);
        }
    }

    /** Adds the parts of the kernel's values k, k + 1, k + 2 and of those that lie opposite. */
    private void addThreePairs(int k, float[] padded, int columns, float[] result, int size) {
        int last = kernel.length - 1;
        // Beyond the middle there is nothing left to add.
        float first = kernel[k];
        float second = k + 1 < last / 2 ? kernel[k + 1] : 0;
        float third = k + 2 < last / 2 ? kernel[k + 2] : 0;
        int a = k * columns;
        int b = Math.min(k + 1, last / 2) * columns;
        int c = Math.min(k + 2, last / 2) * columns;
        int d = last * columns - a;
        int e = last * columns - b;
        int f = last * columns - c;
        for (int i = 0; i < size; i++) {
            result[i] += first * (padded[i + a] + padded[i + d])
                    + second * (padded[i + b] + padded[i + e])
                    + third * (padded[i + c] + padded[i + f]);
        }
    }

    private static void transpose(float[] from, float[] into, int intoStart, int rows, int columns) {
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                into[intoStart + c * rows + r] = from[r * columns + c];
            }
        }
    }
}
