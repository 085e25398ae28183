package io.tandem.train;

/**
 * Multiplies the loss before gradients are taken, so that small ones survive in float16, and divides the parameters'
 * gradients by the same number before they are clipped and used (Micikevicius et al., 2018). An update whose gradients are
 * not all finite is left out, see {@link Training#withLossScaling}.
 *
 * @param initial the factor at first, or for good
 * @param growth what the factor is multiplied with after {@code interval} updates in a row; 1 for none
 * @param backoff what the factor is multiplied with after an update that was left out; 1 for none
 * @param interval number of updates in a row, without one left out, between two growths
 */
public record LossScaling(double initial, double growth, double backoff, int interval) {
    /** No smaller and no larger factor is tried. */
    static final double LEAST = 0x1p-24;

    static final double LARGEST = 0x1p100;

    /** Checks the numbers. */
    public LossScaling {
        if (!(initial >= LEAST && initial <= LARGEST)) {
            throw new IllegalArgumentException("loss scaling: the factor must be from 2^-24 to 2^100, got " + initial);
        }
        if (!(growth >= 1 && growth <= 0x1p16) || !(backoff > 0 && backoff <= 1) || interval < 1) {
            throw new IllegalArgumentException(
                    "loss scaling: growth must be from 1 to 65536, backoff above 0 and up to 1, the interval at least 1;"
                            + " got " + growth + ", " + backoff + " and " + interval);
        }
    }

    /** From 2^16, doubled after each 2,000 updates in a row, halved when an update is left out. */
    public static LossScaling dynamic() {
        return new LossScaling(0x1p16, 2, 0.5, 2000);
    }

    /** One factor for good; a power of two changes no bits. */
    public static LossScaling constant(double factor) {
        return new LossScaling(factor, 1, 1, 1);
    }

    /** This scaling starting with another factor. */
    public LossScaling withInitial(double factor) {
        return new LossScaling(factor, growth, backoff, interval);
    }

    /** This scaling with another number of updates between two growths. */
    public LossScaling withInterval(int updates) {
        return new LossScaling(initial, growth, backoff, updates);
    }
}
