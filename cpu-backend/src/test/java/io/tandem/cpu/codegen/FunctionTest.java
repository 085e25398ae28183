package io.tandem.cpu.codegen;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class FunctionTest {
    private static final int SIZE = 3003;

    static Stream<Arguments> unaries() {
        return Stream.of(UnaryFunction.values())
                .flatMap(function -> Stream.of(DType.values())
                        .filter(dtype -> accepts(function, dtype))
                        .map(dtype -> Arguments.of(function, dtype)));
    }

    private static boolean accepts(UnaryFunction function, DType dtype) {
        return switch (function) {
            case NEG, ABS, SIGN -> dtype != DType.BOOL;
            case NOT -> dtype == DType.BOOL;
            case STOP_GRADIENT -> true;
            case FLOOR, CEIL, ROUND, EXP, EXPM1, LOG, LOG1P, SQRT, RSQRT, RECIPROCAL, SIN, COS, TANH, SIGMOID, ERF,
                    RELU, IS_FINITE ->
                dtype.isFloating();
        };
    }

    /** Float functions are within their bounds; rounded to 16 bits, and in doubles, a unit more is rounding. */
    private static double ulps(UnaryFunction function, DType dtype) {
        double bound = FunctionAccuracy.BOUNDS.getOrDefault(function, 0.0);
        return bound <= 0.5 ? 0 : switch (dtype) {
            case F32 -> bound + 0.5;
            case F64 -> function == UnaryFunction.SIGMOID ? 2 : 0;
            case F16, BF16 -> 1;
            case I64, I32, U8, BOOL -> 0;
        };
    }

    @ParameterizedTest
    @MethodSource("unaries")
    void unary(UnaryFunction function, DType dtype) {
        KernelWriter w = new KernelWriter(SIZE);
        w.store(w.unary(function, w.load(dtype)));
        KernelRuns.check(w.kernel(), 11, true, ulps(function, dtype), 0);
    }

    static Stream<Arguments> binaries() {
        return Stream.of(BinaryFunction.values())
                .flatMap(function -> Stream.of(DType.values())
                        .filter(dtype -> switch (function) {
                            case ADD, SUB, MUL, DIV, MAX, MIN, REMAINDER -> dtype != DType.BOOL;
                            case POW -> dtype.isFloating();
                            case AND, OR, XOR -> !dtype.isFloating();
                        })
                        .map(dtype -> Arguments.of(function, dtype)));
    }

    @ParameterizedTest
    @MethodSource("binaries")
    void binary(BinaryFunction function, DType dtype) {
        KernelWriter w = new KernelWriter(SIZE);
        w.store(w.binary(function, w.load(dtype), w.load(dtype)));
        KernelRuns.check(w.kernel(), 12, true, function == BinaryFunction.POW ? 1 : 0, 0);
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void compareAndSelect(DType dtype) {
        KernelWriter w = new KernelWriter(SIZE);
        int x = w.load(dtype);
        int y = w.load(dtype);
        for (Comparison comparison : Comparison.values()) {
            int holds = w.compare(comparison, x, y);
            w.store(holds).store(w.select(holds, x, y));
        }
        KernelRuns.check(w.kernel(), 13, true, 0, 0);
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void casts(DType from) {
        for (DType to : DType.values()) {
            KernelWriter w = new KernelWriter(SIZE);
            w.store(w.cast(to, w.load(from)));
            KernelRuns.check(w.kernel(), 14, true, 0, 0);
        }
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void literals(DType dtype) {
        for (double value : new double[] {0, 1, -1, 2.6, 1e30, 300, Double.POSITIVE_INFINITY, Double.NaN}) {
            KernelWriter w = new KernelWriter(SIZE);
            int x = w.literal(dtype, value);
            int condition = w.load(DType.BOOL);
            w.store(w.select(condition, x, w.load(dtype))).store(x);
            KernelRuns.check(w.kernel(), 15, false, 0, 0);
        }
    }

    @ParameterizedTest
    @MethodSource("transcendentals")
    void errorsOverTheWholeDomain(UnaryFunction function) {
        double bound = FunctionAccuracy.BOUNDS.get(function);
        FunctionAccuracy.Worst worst = FunctionAccuracy.worst(KernelRuns.VECTOR, function, 50_021);
        assertTrue(worst.ulps() <= bound, () -> function + ": " + worst);
    }

    static Stream<UnaryFunction> transcendentals() {
        return FunctionAccuracy.BOUNDS.keySet().stream();
    }

    @Test
    void errorsOfPowers() {
        FunctionAccuracy.Worst worst = FunctionAccuracy.worstPow(KernelRuns.VECTOR, 50_000);
        assertTrue(worst.ulps() <= FunctionAccuracy.POW_BOUND, worst::toString);
    }
}
