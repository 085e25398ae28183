package io.tandem.cpu.codegen;

import io.tandem.compile.Kernel;
import io.tandem.graph.BinaryFunction;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;

/** Errors of float functions over their whole domain, in units in the last place. Run it by hand for a table. */
final class FunctionAccuracy {
    /** Largest errors that are allowed: 0.5 would be perfect. */
    static final Map<UnaryFunction, Double> BOUNDS = new EnumMap<>(Map.ofEntries(
            Map.entry(UnaryFunction.EXP, 1.1),
            Map.entry(UnaryFunction.EXPM1, 1.5),
            Map.entry(UnaryFunction.LOG, 1.0),
            Map.entry(UnaryFunction.LOG1P, 1.5),
            Map.entry(UnaryFunction.SIN, 0.51),
            Map.entry(UnaryFunction.COS, 0.51),
            Map.entry(UnaryFunction.TANH, 1.5),
            Map.entry(UnaryFunction.SIGMOID, 2.5),
            Map.entry(UnaryFunction.ERF, 1.1),
            Map.entry(UnaryFunction.SQRT, 0.5),
            Map.entry(UnaryFunction.RSQRT, 1.5),
            Map.entry(UnaryFunction.RECIPROCAL, 0.5)));

    static final double POW_BOUND = 0.51;

    private FunctionAccuracy() {}

    /** Where the largest error is, and how large. */
    record Worst(double ulps, float argument, float result, double expected, double mean) {
        @Override
        public String toString() {
            return "%.3f ulp (mean %.3f) at %s: %s instead of %s"
                    .formatted(ulps, mean, argument, result, expected);
        }
    }

    public static void main(String[] args) {
        BOUNDS.forEach((function, bound) -> System.out.printf(
                Locale.ROOT, "%-10s bound %.2f: %s%n", function, bound, worst(KernelRuns.VECTOR, function, 211)));
        Worst pow = worstPow(KernelRuns.VECTOR, 1_000_000);
        System.out.printf(Locale.ROOT, "%-10s bound %.2f: %s%n", "POW", POW_BOUND, pow);
    }

    static double exact(UnaryFunction function, double x) {
        DoubleUnaryOperator f = switch (function) {
            case EXP -> StrictMath::exp;
            case EXPM1 -> StrictMath::expm1;
            case LOG -> StrictMath::log;
            case LOG1P -> StrictMath::log1p;
            case SIN -> StrictMath::sin;
            case COS -> StrictMath::cos;
            case TANH -> StrictMath::tanh;
            case SIGMOID -> v -> v >= 0 ? 1 / (1 + StrictMath.exp(-v)) : StrictMath.exp(v) / (1 + StrictMath.exp(v));
            case ERF -> ScalarFunctions::erf;
            case SQRT -> Math::sqrt;
            case RSQRT -> v -> 1 / Math.sqrt(v);
            case RECIPROCAL -> v -> 1 / v;
            case NEG, ABS, SIGN, FLOOR, CEIL, ROUND, RELU, NOT, IS_FINITE, STOP_GRADIENT ->
                throw new IllegalArgumentException(function + " is exact");
        };
        return f.applyAsDouble(x);
    }

    /** The error in units in the last place; 0 for equal special values, infinite for different ones. */
    static double error(float actual, double expected) {
        float rounded = (float) expected;
        if (Float.compare(actual, rounded) == 0) {
            return Math.abs(rounded) > 0 && Float.isFinite(rounded)
                    ? Math.abs(actual - expected) / Math.ulp(rounded)
                    : 0;
        }
        if (Float.isNaN(actual) || Float.isNaN(rounded)) {
            return Double.POSITIVE_INFINITY;
        }
        if (Float.isInfinite(rounded) || Float.isInfinite(actual)) {
            // rounding up from the largest float is an error of one unit
            float finite = Float.isInfinite(rounded) ? actual : rounded;
            return Math.abs(finite) >= Float.MAX_VALUE * 0.999999f ? 1 : Double.POSITIVE_INFINITY;
        }
        return Math.abs(actual - expected) / Math.ulp(rounded);
    }

    /** The worst of every {@code step}-th float. */
    static Worst worst(KernelCompiler compiler, UnaryFunction function, int step) {
        int n = (int) (0xffffffffL / step);
        KernelWriter w = new KernelWriter(n);
        Kernel kernel = w.store(w.unary(function, w.load(DType.F32))).kernel();
        try (Arena arena = Arena.ofShared()) {
            MemorySegment x = arena.allocate(4L * n, 64);
            MemorySegment y = arena.allocate(4L * n, 64);
            for (int i = 0; i < n; i++) {
                x.setAtIndex(ValueLayout.JAVA_INT, i, (int) ((long) i * step));
            }
            compiler.compile(kernel).run(new MemorySegment[] {x}, new MemorySegment[] {y}, Parallel.sequential());
            return worst(x, y, n, i -> exact(function, x.getAtIndex(ValueLayout.JAVA_FLOAT, (long) i)));
        }
    }

    static Worst worstPow(KernelCompiler compiler, int n) {
        KernelWriter w = new KernelWriter(n);
        Kernel kernel = w.store(w.binary(BinaryFunction.POW, w.load(DType.F32), w.load(DType.F32))).kernel();
        float[] special = {
            0f, -0f, 1f, -1f, 2f, -2f, 3f, -3f, 0.5f, -0.5f, 2.5f, Float.NaN, Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY, Float.MIN_VALUE, Float.MAX_VALUE, -Float.MAX_VALUE, 16777217f, 1e30f, -7f
        };
        try (Arena arena = Arena.ofShared()) {
            MemorySegment x = arena.allocate(4L * n, 64);
            MemorySegment y = arena.allocate(4L * n, 64);
            MemorySegment z = arena.allocate(4L * n, 64);
            Random random = new Random(9);
            for (int i = 0; i < n; i++) {
                boolean pair = i < special.length * special.length;
                float base = (float) Math.exp(random.nextGaussian() * 20) * (random.nextInt(4) == 0 ? -1 : 1);
                float exponent = (float) (random.nextGaussian() * 5);
                exponent = base < 0 || random.nextInt(8) == 0 ? Math.round(exponent) : exponent;
                x.setAtIndex(ValueLayout.JAVA_FLOAT, i, pair ? special[i / special.length] : base);
                y.setAtIndex(ValueLayout.JAVA_FLOAT, i, pair ? special[i % special.length] : exponent);
            }
            compiler.compile(kernel).run(new MemorySegment[] {x, y}, new MemorySegment[] {z}, Parallel.sequential());
            return worst(x, z, n, i -> power(
                    x.getAtIndex(ValueLayout.JAVA_FLOAT, (long) i), y.getAtIndex(ValueLayout.JAVA_FLOAT, (long) i)));
        }
    }

    /** As IEEE 754 has it: 1^NaN and an infinite power of -1 are 1, where Java has NaN. */
    private static double power(double base, double exponent) {
        return base == 1 || base == -1 && Double.isInfinite(exponent) ? 1 : StrictMath.pow(base, exponent);
    }

    private static Worst worst(MemorySegment x, MemorySegment y, int n, DoubleUnaryOperator expected) {
        Worst worst = new Worst(-1, 0, 0, 0, 0);
        double sum = 0;
        for (int i = 0; i < n; i++) {
            float actual = y.getAtIndex(ValueLayout.JAVA_FLOAT, i);
            double exact = expected.applyAsDouble(i);
            double error = error(actual, exact);
            sum += error;
            if (error > worst.ulps) {
                worst = new Worst(error, x.getAtIndex(ValueLayout.JAVA_FLOAT, i), actual, exact, 0);
            }
        }
        return new Worst(worst.ulps, worst.argument, worst.result, worst.expected, sum / n);
    }
}
