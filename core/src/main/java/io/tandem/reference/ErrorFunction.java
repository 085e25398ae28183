package io.tandem.reference;

/** The error function to double precision. */
final class ErrorFunction {
    private static final double TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

    /** From here on 1 - erf is small, so that its rounding errors hardly matter. */
    private static final double SERIES_BELOW = 1.25;

    /** Above this the distance to 1 is below half a unit in the last place. */
    private static final double ONE_FROM = 6;

    private ErrorFunction() {}

    static double erf(double x) {
        double a = Math.abs(x);
        if (Double.isNaN(x) || a >= ONE_FROM) {
            return Math.signum(x);
        }
        return Math.copySign(a < SERIES_BELOW ? series(a) : 1 - complement(a), x);
    }

    /** Abramowitz and Stegun (1964), 7.1.6: 2/√π e^(-x²) Σ 2ⁿ x^(2n+1) / (1·3···(2n+1)); all terms are positive. */
    private static double series(double x) {
        double square = x * x;
        double term = x;
        double sum = 0;
        for (int n = 0; term > sum * 0x1p-55; n++) {
            sum += term;
            term *= 2 * square / (2 * n + 3);
        }
        return TWO_OVER_SQRT_PI * gauss(x) * sum;
    }

    /** Abramowitz and Stegun (1964), 7.1.14: e^(-x²)/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))), from its end. */
    private static double complement(double x) {
        // The error of n terms falls as e^(-2x √(2n)), here below 2^-53.
        double fraction = x;
        for (int n = (int) (200 / (x * x)) + 10; n > 0; n--) {
            fraction = x + 0.5 * n / fraction;
        }
        return TWO_OVER_SQRT_PI / 2 * gauss(x) / fraction;
    }

    /** e^(-x²), with the rounding error of x² put right. */
    private static double gauss(double x) {
        double square = x * x;
        return StrictMath.exp(-square) * (1 - Math.fma(x, x, -square));
    }
}
