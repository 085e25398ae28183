package io.tandem.cpu.codegen;

import io.tandem.cpu.codegen.LaneOp.Code;

/**
 * Float functions as arithmetic on lanes. Polynomials are minimax fits in the relative error of the function; every
 * multiplication that feeds an addition is an explicit fma, so results do not depend on how code was compiled.
 *
 * <p>Reductions are the usual ones (Cody and Waite 1980; Muller, Elementary Functions, 2016): e^x by x = n ln 2 + r,
 * log x by x = 2^e m. Where float arithmetic would lose too much (sine, cosine, powers), lanes are doubles.
 */
final class FloatFunctions {
    /** 1.5 * 2^23: adding it rounds to an integer, which is then in the low bits. */
    private static final float ROUNDER = 12582912f;
    /** 1.5 * 2^52, for doubles. */
    private static final double WIDE_ROUNDER = 6755399441055744.0;

    private static final float LOG2_E = 1.44269504f;
    /** The upper bits of ln 2: its product with exponents is exact. */
    private static final float LN2_HIGH = 0.693359375f;

    private static final float LN2_LOW = -2.12194440e-4f;

    private static final float[] EXP = {0.49999997f, 0.16666545f, 0.041667443f, 0.008366451f, 0.0013870207f};
    private static final float[] EXPM1 = {
        0.5f, 0.16666666f, 0.041666493f, 0.008333544f, 0.0013932385f, 0.00019763602f
    };
    private static final float[] LOG = {
        0.33333313f, -0.2500001f, 0.20002073f, -0.16667993f, 0.14220315f, -0.12406087f, 0.11883792f, -0.11671285f,
        0.067501776f
    };
    private static final float[] TANH = {
        -0.3333333f, 0.13333212f, -0.05394638f, 0.021694591f, -0.008155273f, 0.0021179342f
    };
    private static final float[] ERF = {
        0.12837917f, -0.3761263f, 0.11283626f, -0.026855733f, 0.005192415f, -0.00080499303f, 7.9974925e-05f
    };
    /** Of the logarithm of the complementary error function, from 0.92 to 4. */
    private static final float[] LOG_ERFC = {
        0.00017469126f, -1.1295149f, -0.633347f, -0.10827992f, 0.02511925f, -0.0041709677f, 0.0004344369f,
        -2.1092314e-05f
    };

    private static final double[] SIN = {
        -0.16666666666628482, 0.00833333332473914, -0.00019841263541674385, 2.7555299561142914e-06,
        -2.475752350311399e-08
    };
    private static final double[] COS = {
        0.04166666666659288, -0.0013888888877145312, 2.4801580504309825e-05, -2.7555486527044165e-07,
        2.0642779190672464e-09
    };
    private static final double[] LOG2 = {
        2.8853900817779268, 0.9617966939259756, 0.5770780163556567, 0.4121985830814081, 0.3205989036686895,
        0.2623076005513842, 0.22198802902415737, 0.19117073544403654, 0.1911057424937447
    };
    private static final double[] EXP2 = {
        0.9999999999997619, 0.693147180546493, 0.24022650698885503, 0.055504109394279355, 0.0096181285420983,
        0.0013333451978357039, 0.00015403852065508678, 1.5309760006081105e-05, 1.31758296393695e-06
    };

    private final LaneBuilder b;

    FloatFunctions(LaneBuilder builder) {
        this.b = builder;
    }

    private int c(float value) {
        return b.constant(value);
    }

    /** e^x. */
    int exp(int x) {
        int shifted = b.fma(x, c(LOG2_E), c(ROUNDER));
        int r = remainder(x, shifted);
        int p = b.add(b.fma(b.polynomial(r, EXP), b.mul(r, r), r), c(1));
        // 2^n in two factors, since n may be beyond the exponents of normal numbers
        int n = b.sub(b.reinterpret(shifted), b.constant(Float.floatToRawIntBits(ROUNDER)));
        int half = b.shiftRight(n, 1);
        int scaled = b.mul(b.mul(p, power(half)), power(b.sub(n, half)));
        int belowMaximum = b.select(b.lt(c(88.72284f), x), c(Float.POSITIVE_INFINITY), scaled);
        return b.select(b.lt(x, c(-103.98f)), c(0), belowMaximum);
    }

    /** e^x for -87 < x < 88, or NaN. */
    private int expInside(int x) {
        int shifted = b.fma(x, c(LOG2_E), c(ROUNDER));
        int r = remainder(x, shifted);
        int p = b.add(b.fma(b.polynomial(r, EXP), b.mul(r, r), r), c(1));
        int scale = b.reinterpret(b.add(b.shiftLeft(b.reinterpret(shifted), 23), b.constant(0x3f800000)));
        return b.mul(p, scale);
    }

    private int remainder(int x, int shifted) {
        int n = b.sub(shifted, c(ROUNDER));
        return b.fma(n, c(-LN2_LOW), b.fma(n, c(-LN2_HIGH), x));
    }

    /** 2^n of ints in -126 .. 127. */
    private int power(int n) {
        return b.reinterpret(b.shiftLeft(b.add(n, b.constant(127)), 23));
    }

    /** e^x - 1. */
    int expm1(int x) {
        int shifted = b.fma(x, c(LOG2_E), c(ROUNDER));
        int r = remainder(x, shifted);
        int p = b.fma(b.polynomial(r, EXPM1), b.mul(r, r), r);
        // half of the result, so that 2^128 does not overflow
        int half = power(b.sub(b.reinterpret(shifted), b.constant(Float.floatToRawIntBits(ROUNDER) + 1)));
        int scaled = b.fma(half, p, b.sub(half, c(0.5f)));
        int inside = b.add(scaled, scaled);
        int aboveMinimum = b.select(b.lt(x, c(-17.4f)), c(-1), inside);
        int finite = b.select(b.lt(c(88.72284f), x), c(Float.POSITIVE_INFINITY), aboveMinimum);
        return b.select(b.lt(b.abs(x), c(0x1p-25f)), x, finite);
    }

    /** Natural logarithm. */
    int log(int x) {
        int subnormal = b.lt(x, c(Float.MIN_NORMAL));
        int normal = b.select(subnormal, b.mul(x, c(0x1p23f)), x);
        int bias = b.select(subnormal, c(-23), c(0));
        int result = logOfNormal(normal, bias, -1);
        return logOfSpecial(x, result);
    }

    /** ln(1 + x). */
    int log1p(int x) {
        int u = b.add(x, c(1));
        // what the addition lost; exact, since the larger one is subtracted first
        int large = b.le(c(1), x);
        int lost = b.sub(b.select(large, c(1), x), b.sub(u, b.select(large, x, c(1))));
        int result = logOfSpecial(u, logOfNormal(u, c(0), lost));
        return b.select(b.lt(b.abs(x), c(0x1p-25f)), x, result);
    }

    /**
     * @param x a normal positive number
     * @param bias float to add to its exponent
     * @param lost what is to be added to x, or -1 for nothing
     */
    private int logOfNormal(int x, int bias, int lost) {
        int bits = b.reinterpret(x);
        // the exponent that leaves a mantissa from sqrt(1/2) to sqrt(2)
        int exponent = b.shiftRight(b.sub(bits, b.constant(0x3f3504f3)), 23);
        int shift = b.shiftLeft(exponent, 23);
        int f = b.sub(b.reinterpret(b.sub(bits, shift)), c(1));
        if (lost >= 0) {
            // 2^-exponent, or 0 for the largest, where nothing of weight was lost
            int inverse = b.binary(Code.MAX, b.sub(b.constant(0x3f800000), shift), b.constant(0));
            f = b.fma(lost, b.reinterpret(inverse), f);
        }
        int e = b.add(b.convert(LaneType.F32, exponent), bias);
        int square = b.mul(f, f);
        int tail = b.fma(b.mul(b.polynomial(f, LOG), f), square, b.mul(square, c(-0.5f)));
        int low = b.fma(e, c(LN2_LOW), tail);
        return b.fma(e, c(LN2_HIGH), b.add(f, low));
    }

    private int logOfSpecial(int x, int result) {
        int finite = b.select(b.lt(x, c(Float.POSITIVE_INFINITY)), result, x);
        int positive = b.select(b.lt(x, c(0)), c(Float.NaN), finite);
        return b.select(b.eq(x, c(0)), c(Float.NEGATIVE_INFINITY), positive);
    }

    /** 1 / (1 + e^-x). */
    int sigmoid(int x) {
        int t = exp(b.neg(b.abs(x)));
        return b.div(b.select(b.lt(x, c(0)), t, c(1)), b.add(t, c(1)));
    }

    /** Hyperbolic tangent. */
    int tanh(int x) {
        int magnitude = b.abs(x);
        int square = b.mul(x, x);
        int small = b.fma(b.mul(b.polynomial(square, TANH), square), magnitude, magnitude);
        // 1 - 2 / (e^2|x| + 1); 1 to the last bit from 9.02 on
        int bounded = b.select(b.lt(c(10), magnitude), c(10), magnitude);
        int e = expInside(b.add(bounded, bounded));
        int large = b.sub(c(1), b.div(c(2), b.add(e, c(1))));
        return b.copySign(b.select(b.lt(magnitude, c(0.64f)), small, large), x);
    }

    /** The error function. */
    int erf(int x) {
        int magnitude = b.abs(x);
        int small = b.fma(b.polynomial(b.mul(x, x), ERF), magnitude, magnitude);
        // 1 - e^p, with p close to ln(1 - erf x); 1 to the last bit from 3.92 on
        int bounded = b.select(b.lt(c(4), magnitude), c(4), magnitude);
        int large = b.sub(c(1), expInside(b.polynomial(bounded, LOG_ERFC)));
        return b.copySign(b.select(b.lt(magnitude, c(0.925f)), small, large), x);
    }

    /** Sine. */
    int sin(int x) {
        return trigonometric(x, 0, LaneFunction.SIN);
    }

    /** Cosine. */
    int cos(int x) {
        return trigonometric(x, 1, LaneFunction.COS);
    }

    private int trigonometric(int x, int quarterTurns, LaneFunction exact) {
        int wide = b.convert(LaneType.F64, x);
        int shifted = b.fma(wide, b.constant(2 / Math.PI), b.constant(WIDE_ROUNDER));
        int n = b.sub(shifted, b.constant(WIDE_ROUNDER));
        // pi/2 in two doubles: exact to 2^-80 for the arguments below
        int r = b.fma(n, b.constant(-6.123233995736766e-17), b.fma(n, b.constant(-Math.PI / 2), wide));
        int square = b.mul(r, r);
        int sine = b.mul(b.fma(b.polynomial(square, SIN), square, b.constant(1.0)), r);
        int cosine = b.fma(
                b.mul(b.polynomial(square, COS), square), square, b.fma(square, b.constant(-0.5), b.constant(1.0)));
        int quadrant = b.add(b.reinterpret(shifted), b.constant((long) quarterTurns));
        int odd = b.eq(b.and(quadrant, b.constant(1L)), b.constant(1L));
        int sign = b.shiftLeft(b.and(quadrant, b.constant(2L)), 62);
        int value = b.reinterpret(b.xor(b.reinterpret(b.select(odd, cosine, sine)), sign));
        int near = b.lt(b.abs(wide), b.constant(0x1p28));
        return b.convert(LaneType.F32, b.callWhere(b.not(near), exact, wide, value));
    }

    /** x^y with the special cases of IEEE 754: those of Math.pow, but 1 for 1^NaN and for -1 to an infinite power. */
    int pow(int x, int y) {
        int base = b.convert(LaneType.F64, x);
        int exponent = b.convert(LaneType.F64, y);
        int magnitude = b.abs(base);
        int power = exp2(b.mul(exponent, log2(magnitude)));
        // of a negative base: the sign of an odd power, NaN for a fraction
        int halved = b.mul(exponent, b.constant(0.5));
        int integer = b.eq(wideRound(exponent), exponent);
        int odd = b.and(integer, b.ne(wideRound(halved), halved));
        int negative = b.lt(b.reinterpret(base), b.constant(0L));
        int signed = b.select(b.and(odd, negative), b.neg(power), power);
        int finiteNegative = b.and(b.lt(base, b.constant(0.0)), b.lt(magnitude, b.constant(Double.POSITIVE_INFINITY)));
        int fraction = b.and(b.not(integer), finiteNegative);
        int ordered = b.select(fraction, b.constant(Double.NaN), signed);
        int endless = b.eq(b.abs(exponent), b.constant(Double.POSITIVE_INFINITY));
        int unit = b.or(b.eq(base, b.constant(1.0)), b.and(b.eq(base, b.constant(-1.0)), endless));
        int result = b.select(b.or(b.eq(exponent, b.constant(0.0)), unit), b.constant(1.0), ordered);
        return b.convert(LaneType.F32, result);
    }

    /** Binary logarithm of a double that is no subnormal and not negative: 0 and infinity give infinities. */
    private int log2(int x) {
        int bits = b.reinterpret(x);
        int exponent = b.shiftRight(b.sub(bits, b.constant(0x3fe6a09e667f3bcdL)), 52);
        int f = b.sub(b.reinterpret(b.sub(bits, b.shiftLeft(exponent, 52))), b.constant(1.0));
        int s = b.div(f, b.add(f, b.constant(2.0)));
        int value = b.fma(s, b.polynomial(b.mul(s, s), LOG2), b.convert(LaneType.F64, exponent));
        int finite = b.select(b.lt(x, b.constant(Double.POSITIVE_INFINITY)), value, x);
        return b.select(b.eq(x, b.constant(0.0)), b.constant(Double.NEGATIVE_INFINITY), finite);
    }

    /** 2^x of a double, within the exponents of floats. */
    private int exp2(int x) {
        int lower = b.select(b.lt(x, b.constant(-200.0)), b.constant(-200.0), x);
        int bounded = b.select(b.lt(b.constant(200.0), lower), b.constant(200.0), lower);
        int shifted = b.add(bounded, b.constant(WIDE_ROUNDER));
        int r = b.sub(bounded, b.sub(shifted, b.constant(WIDE_ROUNDER)));
        int scale = b.add(b.shiftLeft(b.reinterpret(shifted), 52), b.constant(0x3ff0000000000000L));
        return b.mul(b.polynomial(r, EXP2), b.reinterpret(scale));
    }

    /** To the nearest integer. */
    private int wideRound(int x) {
        int magnitude = b.abs(x);
        int rounded = b.sub(b.add(magnitude, b.constant(0x1p52)), b.constant(0x1p52));
        int large = b.le(b.constant(0x1p52), magnitude);
        return b.copySign(b.select(large, magnitude, rounded), x);
    }

    /** Rounds to a bfloat16 value, to nearest even. */
    int roundToBfloat16(int x) {
        int bits = b.reinterpret(x);
        int even = b.and(b.shiftRightUnsigned(bits, 16), b.constant(1));
        int rounded = b.add(b.add(bits, b.constant(0x7fff)), even);
        int quiet = b.or(bits, b.constant(0x400000));
        int nan = b.binary(Code.NE, x, x);
        return b.reinterpret(b.and(b.select(nan, quiet, rounded), b.constant(0xffff0000)));
    }
}
