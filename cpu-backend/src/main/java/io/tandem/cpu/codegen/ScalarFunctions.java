package io.tandem.cpu.codegen;

/** The scalar functions that generated code calls, see {@link LaneFunction}. */
final class ScalarFunctions {
    private ScalarFunctions() {}

    /** A function of one double. */
    static double apply(LaneFunction function, double x) {
        return switch (function) {
            case EXP -> exp(x);
            case EXPM1 -> expm1(x);
            case LOG -> log(x);
            case LOG1P -> log1p(x);
            case SIN -> sin(x);
            case COS -> cos(x);
            case TANH -> tanh(x);
            case ERF -> erf(x);
            case ROUND_TO_HALF, POW, REMAINDER, DIVIDE -> throw unknown(function);
        };
    }

    /** A function of two doubles. */
    static double apply(LaneFunction function, double x, double y) {
        return switch (function) {
            case POW -> pow(x, y);
            case REMAINDER -> remainder(x, y);
            case EXP, EXPM1, LOG, LOG1P, SIN, COS, TANH, ERF, ROUND_TO_HALF, DIVIDE -> throw unknown(function);
        };
    }

    private static IllegalArgumentException unknown(LaneFunction function) {
        return new IllegalArgumentException(function + " is not defined for doubles; this is a bug in the compiler");
    }

    static double exp(double x) {
        return StrictMath.exp(x);
    }

    static double expm1(double x) {
        return StrictMath.expm1(x);
    }

    static double log(double x) {
        return StrictMath.log(x);
    }

    static double log1p(double x) {
        return StrictMath.log1p(x);
    }

    static double sin(double x) {
        return StrictMath.sin(x);
    }

    static double cos(double x) {
        return StrictMath.cos(x);
    }

    static double tanh(double x) {
        return StrictMath.tanh(x);
    }

    static double pow(double x, double y) {
        // IEEE 754 has 1 where Java has NaN.
        return x == 1 || x == -1 && Double.isInfinite(y) ? 1 : StrictMath.pow(x, y);
    }

    static double remainder(double x, double y) {
        return x % y;
    }

    static float remainder(float x, float y) {
        return x % y;
    }

    static int remainder(int x, int y) {
        return y == 0 ? 0 : x % y;
    }

    static long remainder(long x, long y) {
        return y == 0 ? 0 : x % y;
    }

    static int divide(int x, int y) {
        return y == 0 ? 0 : x / y;
    }

    static long divide(long x, long y) {
        return y == 0 ? 0 : x / y;
    }

    static float roundToHalf(float x) {
        return Float.float16ToFloat(Float.floatToFloat16(x));
    }

    /**
     * The error function. Near 0 by the series 2/sqrt(pi) e^(-x^2) sum 2^n x^(2n+1) / (2n+1)!!, whose terms are all of
     * one sign; beyond by the continued fraction of its complement (Abramowitz and Stegun 1964, 7.1.6 and 7.1.14).
     */
    static double erf(double x) {
        double magnitude = Math.abs(x);
        if (!(magnitude < 6)) {
            return Double.isNaN(x) ? x : Math.copySign(1, x);
        }
        double square = magnitude * magnitude;
        // e^(-x^2) with the part of x^2 that rounding lost
        double decay = StrictMath.exp(-square) * (1 - Math.fma(magnitude, magnitude, -square));
        double value = magnitude < 2.5 ? erfSeries(magnitude, square, decay) : 1 - erfcFraction(magnitude, decay);
        return Math.copySign(value, x);
    }

    private static double erfSeries(double x, double square, double decay) {
        double term = x;
        double sum = x;
        for (int n = 1; term > sum * 0x1p-56; n++) {
            term *= 2 * square / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * decay * sum;
    }

    private static double erfcFraction(double x, double decay) {
        double tail = x;
        for (int k = 60; k >= 1; k--) {
            tail = x + k / 2.0 / tail;
        }
        return decay / (tail * Math.sqrt(Math.PI));
    }
}
