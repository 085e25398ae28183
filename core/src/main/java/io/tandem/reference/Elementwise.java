package io.tandem.reference;

import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.TensorType;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;

/**
 * Elementwise functions: in double or long arithmetic, then rounded or wrapped to the result's type. The scalar
 * functions are public for those who run fused kernels by their definition.
 */
public final class Elementwise {
    private Elementwise() {}

    static Value unary(UnaryFunction function, Value x, TensorType type) {
        if (function == UnaryFunction.STOP_GRADIENT) {
            return x;
        }
        int n = x.size();
        return switch (x) {
            case Value.Floating(_, double[] data) when function == UnaryFunction.IS_FINITE -> {
                long[] result = new long[n];
                for (int i = 0; i < n; i++) {
                    result[i] = Double.isFinite(data[i]) ? 1 : 0;
                }
                yield new Value.Integral(type, result);
            }
            case Value.Floating(_, double[] data) -> {
                DoubleUnaryOperator f = floating(function);
                double[] result = new double[n];
                for (int i = 0; i < n; i++) {
                    result[i] = f.applyAsDouble(data[i]);
                }
                yield Value.rounded(type, result);
            }
            case Value.Integral(_, long[] data) -> {
                LongUnaryOperator f = integral(function);
                long[] result = new long[n];
                for (int i = 0; i < n; i++) {
                    result[i] = f.applyAsLong(data[i]);
                }
                yield Value.wrapped(type, result);
            }
        };
    }

    static Value binary(BinaryFunction function, Value x, Value y) {
        int n = x.size();
        return switch (x) {
            case Value.Floating(TensorType type, double[] a) -> {
                double[] b = y.doubles();
                DoubleBinaryOperator f = floating(function);
                double[] result = new double[n];
                for (int i = 0; i < n; i++) {
                    result[i] = f.applyAsDouble(a[i], b[i]);
                }
                yield Value.rounded(type, result);
            }
            case Value.Integral(TensorType type, long[] a) -> {
                long[] b = y.longs();
                LongBinaryOperator f = integral(function);
                long[] result = new long[n];
                for (int i = 0; i < n; i++) {
                    result[i] = f.applyAsLong(a[i], b[i]);
                }
                yield Value.wrapped(type, result);
            }
        };
    }

    static Value compare(Comparison comparison, Value x, Value y, TensorType type) {
        long[] result = new long[x.size()];
        for (int i = 0; i < result.length; i++) {
            boolean holds = switch (x) {
                case Value.Floating(_, double[] a) -> holds(comparison, a[i], y.doubles()[i]);
                case Value.Integral(_, long[] a) -> holds(comparison, a[i], y.longs()[i]);
            };
            result[i] = holds ? 1 : 0;
        }
        return new Value.Integral(type, result);
    }

    static Value select(Value condition, Value whenTrue, Value whenFalse) {
        long[] c = condition.longs();
        return switch (whenTrue) {
            case Value.Floating(TensorType type, double[] a) -> {
                double[] b = whenFalse.doubles();
                double[] result = new double[c.length];
                for (int i = 0; i < c.length; i++) {
                    result[i] = c[i] != 0 ? a[i] : b[i];
                }
                yield new Value.Floating(type, result);
            }
            case Value.Integral(TensorType type, long[] a) -> {
                long[] b = whenFalse.longs();
                long[] result = new long[c.length];
                for (int i = 0; i < c.length; i++) {
                    result[i] = c[i] != 0 ? a[i] : b[i];
                }
                yield new Value.Integral(type, result);
            }
        };
    }

    static Value cast(Value x, TensorType type) {
        if (x.type().equals(type)) {
            return x;
        }
        DType dtype = type.dtype();
        return switch (x) {
            case Value.Floating(_, double[] data) when dtype.isFloating() ->
                Value.rounded(type, data.clone());
            case Value.Floating(_, double[] data) -> {
                long[] result = new long[data.length];
                for (int i = 0; i < data.length; i++) {
                    result[i] = truncate(dtype, data[i]);
                }
                yield new Value.Integral(type, result);
            }
            case Value.Integral(_, long[] data) when dtype.isFloating() -> {
                double[] result = new double[data.length];
                for (int i = 0; i < data.length; i++) {
                    // From long to float in one rounding; by way of double there would be two.
                    result[i] = dtype == DType.F64 ? (double) data[i] : (float) data[i];
                }
                yield Value.rounded(type, result);
            }
            case Value.Integral(_, long[] data) -> Value.wrapped(type, data.clone());
        };
    }

    /** As Java's casts: towards zero, NaN to 0, too large ones to the limits of int64, or of int32 for the others. */
    public static long truncate(DType dtype, double value) {
        return switch (dtype) {
            case I64 -> (long) value;
            case I32 -> (int) value;
            case U8 -> (int) value & 0xff;
            case BOOL -> value != 0 ? 1 : 0;
            case F64, F32, F16, BF16 -> throw new IllegalArgumentException(dtype + " is not an integer type");
        };
    }

    /** A function of a floating value, to be rounded to its type. */
    public static DoubleUnaryOperator floating(UnaryFunction function) {
        return switch (function) {
            case NEG -> x -> -x;
            case ABS -> Math::abs;
            case SIGN -> Math::signum;
            case FLOOR -> StrictMath::floor;
            case CEIL -> StrictMath::ceil;
            case ROUND -> StrictMath::rint;
            case EXP -> StrictMath::exp;
            case EXPM1 -> StrictMath::expm1;
            case LOG -> StrictMath::log;
            case LOG1P -> StrictMath::log1p;
            case SQRT -> StrictMath::sqrt;
            case RSQRT -> x -> 1 / StrictMath.sqrt(x);
            case RECIPROCAL -> x -> 1 / x;
            case SIN -> StrictMath::sin;
            case COS -> StrictMath::cos;
            case TANH -> StrictMath::tanh;
            case SIGMOID -> Elementwise::sigmoid;
            case ERF -> ErrorFunction::erf;
            case RELU -> x -> x > 0 || Double.isNaN(x) ? x : 0;
            case STOP_GRADIENT -> x -> x;
            case NOT, IS_FINITE -> throw new IllegalArgumentException(function + " does not give a floating value");
        };
    }

    /** The value that an integer type's bits hold after {@code value} is cut to them; truth values are 0 or 1. */
    public static long wrap(DType dtype, long value) {
        return Value.wrap(dtype, value);
    }

    /** Through the exponential that cannot overflow. */
    private static double sigmoid(double x) {
        if (x >= 0) {
            return 1 / (1 + StrictMath.exp(-x));
        }
        double e = StrictMath.exp(x);
        return e / (1 + e);
    }

    /** A function of an integer or truth value, to be wrapped to its type. */
    public static LongUnaryOperator integral(UnaryFunction function) {
        return switch (function) {
            case NEG -> x -> -x;
            case ABS -> Math::abs;
            case SIGN -> Long::signum;
            case NOT -> x -> 1 - x;
            case STOP_GRADIENT -> x -> x;
            case FLOOR, CEIL, ROUND, EXP, EXPM1, LOG, LOG1P, SQRT, RSQRT, RECIPROCAL, SIN, COS, TANH, SIGMOID, ERF,
                    RELU,
                    IS_FINITE ->
                throw new IllegalArgumentException(function + " is of floating values alone");
        };
    }

    /** A function of two floating values, to be rounded to their type. */
    public static DoubleBinaryOperator floating(BinaryFunction function) {
        return switch (function) {
            case ADD -> (x, y) -> x + y;
            case SUB -> (x, y) -> x - y;
            case MUL -> (x, y) -> x * y;
            case DIV -> (x, y) -> x / y;
            case POW -> Elementwise::power;
            case MAX -> Math::max;
            case MIN -> Math::min;
            case REMAINDER -> (x, y) -> x % y;
            case AND, OR, XOR -> throw new IllegalArgumentException(function + " is not of floating values");
        };
    }

    /** As IEEE 754 (2008) and C have it: Java alone gives NaN for 1^NaN, 1^∞ and (-1)^∞. */
    private static double power(double x, double y) {
        return x == 1 || x == -1 && Double.isInfinite(y) ? 1 : StrictMath.pow(x, y);
    }

    /** A function of two integers or truth values, to be wrapped to their type. */
    public static LongBinaryOperator integral(BinaryFunction function) {
        return switch (function) {
            case ADD -> (x, y) -> x + y;
            case SUB -> (x, y) -> x - y;
            case MUL -> (x, y) -> x * y;
            case DIV -> (x, y) -> y == 0 ? 0 : x / y;
            case MAX -> Math::max;
            case MIN -> Math::min;
            case REMAINDER -> (x, y) -> y == 0 ? 0 : x % y;
            case AND -> (x, y) -> x & y;
            case OR -> (x, y) -> x | y;
            case XOR -> (x, y) -> x ^ y;
            case POW -> throw new IllegalArgumentException(function + " is of floating values alone");
        };
    }

    /** Whether a comparison of floating values holds; with NaN only {@link Comparison#NE} does. */
    public static boolean holds(Comparison comparison, double x, double y) {
        return switch (comparison) {
            case EQ -> x == y;
            case NE -> x != y;
            case LT -> x < y;
            case LE -> x <= y;
            case GT -> x > y;
            case GE -> x >= y;
        };
    }

    /** Whether a comparison of integers or truth values holds. */
    public static boolean holds(Comparison comparison, long x, long y) {
        return switch (comparison) {
            case EQ -> x == y;
            case NE -> x != y;
            case LT -> x < y;
            case LE -> x <= y;
            case GT -> x > y;
            case GE -> x >= y;
        };
    }
}
