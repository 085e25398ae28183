package io.tandem.conformance;

import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.graph.Reduction;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * NaN, infinities, zeros with either sign, ties, subnormal and extreme numbers, overflow and division by zero: what
 * each operation does at the borders. Derivatives are not checked here.
 */
final class SpecialCases {
    private static final double NAN = Double.NaN;
    private static final double INF = Double.POSITIVE_INFINITY;

    /** Numbers of float32 at which something may go wrong. */
    static final double[] FLOATS = {
        0.0, -0.0, 1, -1, 2, -2, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 3, -3, NAN, INF, -INF, Float.MAX_VALUE,
        -Float.MAX_VALUE, Float.MIN_NORMAL, -Float.MIN_NORMAL, Float.MIN_VALUE, -Float.MIN_VALUE, 1e-40, 8_388_609,
        -8_388_608.5,
        0.49999997, 1.0000001, 16_777_217
    };

    /** As {@link #FLOATS}, but without the huge numbers, whose sine takes a reduction by many digits of π. */
    private static final double[] MODEST =
            Arrays.stream(FLOATS).filter(x -> !(Math.abs(x) > 100) || Double.isInfinite(x)).toArray();

    private SpecialCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (UnaryFunction function : UnaryFunction.values()) {
            if (function == UnaryFunction.NOT) {
                cases.add(ElementwiseCases.unary(function, " of both", Draw.integers(DType.BOOL, new long[] {0, 1})));
                continue;
            }
            boolean periodic = function == UnaryFunction.SIN || function == UnaryFunction.COS;
            cases.add(ElementwiseCases.unary(
                    function, " of special numbers", Draw.numbers(DType.F32, periodic ? MODEST : FLOATS)));
        }
        for (BinaryFunction function : BinaryFunction.values()) {
            switch (function) {
                case AND, OR, XOR -> cases.add(ElementwiseCases.binary(
                        function,
                        " of truths",
                        Draw.integers(DType.BOOL, new long[] {0, 0, 1, 1}),
                        Draw.integers(DType.BOOL, new long[] {0, 1, 0, 1})));
                case ADD, SUB, MUL, DIV, POW, MAX, MIN, REMAINDER -> cases.add(ElementwiseCases.binary(
                        function, " of special numbers", left(FLOATS), right(FLOATS)));
            }
            if (function != BinaryFunction.POW) {
                integers(cases, function);
            }
        }
        for (Comparison comparison : Comparison.values()) {
            cases.add(ElementwiseCases.compare(comparison, " of special numbers", left(FLOATS), right(FLOATS)));
        }
        for (UnaryFunction function : List.of(UnaryFunction.NEG, UnaryFunction.ABS, UnaryFunction.SIGN)) {
            cases.add(ElementwiseCases.unary(function, " of extreme int32", extremes(DType.I32)));
            cases.add(ElementwiseCases.unary(function, " of extreme int64", extremes(DType.I64)));
        }
        casts(cases);
        reductions(cases);
        products(cases);
        return cases.stream().map(OpCase::valuesOnly).toList();
    }

    private static Draw left(double[] values) {
        int n = values.length;
        double[] pairs = new double[n * n];
        Arrays.setAll(pairs, i -> values[i / n]);
        return Draw.numbers(DType.F32, pairs);
    }

    private static Draw right(double[] values) {
        int n = values.length;
        double[] pairs = new double[n * n];
        Arrays.setAll(pairs, i -> values[i % n]);
        return Draw.numbers(DType.F32, pairs);
    }

    private static long[] extremeValues(DType dtype) {
        long low = dtype == DType.I64 ? Long.MIN_VALUE : dtype == DType.I32 ? Integer.MIN_VALUE : 0;
        long high = dtype == DType.I64 ? Long.MAX_VALUE : dtype == DType.I32 ? Integer.MAX_VALUE : 255;
        return new long[] {low, low + 1, high, high - 1, 0, 1, -1, 2, -2, 3, 7, -7, 100, 128, 65_537};
    }

    private static Draw extremes(DType dtype) {
        return Draw.integers(dtype, extremeValues(dtype));
    }

    private static void integers(List<OpCase> cases, BinaryFunction function) {
        for (DType dtype : List.of(DType.I64, DType.I32, DType.U8)) {
            long[] values = extremeValues(dtype);
            int n = values.length;
            long[] x = new long[n * n];
            long[] y = new long[n * n];
            Arrays.setAll(x, i -> values[i / n]);
            Arrays.setAll(y, i -> values[i % n]);
            cases.add(ElementwiseCases.binary(
                    function,
                    " of extreme " + ElementwiseCases.lower(dtype),
                    Draw.integers(dtype, x),
                    Draw.integers(dtype, y)));
        }
    }

    private static void casts(List<OpCase> cases) {
        double[] numbers = {
            0.0, -0.0, 0.9, -0.9, 1.5, -1.5, 255.9, NAN, INF, -INF, 3e9, -3e9, 1e19, -1e19, Integer.MAX_VALUE, 65_504,
            65_520, 65_519, 1e-8, 6e-8, 1.0009765625, 1.00390625, 1.01171875, 1e38, 3.3895e38, 3.4e38
        };
        for (DType from : List.of(DType.F64, DType.F32)) {
            for (DType to : List.of(DType.F64, DType.F32, DType.F16, DType.BF16, DType.I64, DType.I32, DType.BOOL)) {
                cases.add(cast(Draw.numbers(from, numbers), to));
            }
            cases.add(cast(Draw.numbers(from, 0, -0.0, 0.9, 1.5, 127.9, 128, 254.1, 255), DType.U8));
        }
        for (DType from : List.of(DType.I64, DType.I32, DType.U8)) {
            for (DType to : DType.values()) {
                cases.add(cast(extremes(from), to));
            }
        }
    }

    private static OpCase cast(Draw x, DType to) {
        return OpCase.one(
                "cast/special %s to %s".formatted(ElementwiseCases.lower(x.type().dtype()),
                        ElementwiseCases.lower(to)),
                List.of(x),
                in -> in.get(0).graph().add(new Op.Cast(to), in.get(0)))
                .within(Tolerance.ARITHMETIC);
    }

    private static void reductions(List<OpCase> cases) {
        Draw rows = Draw.exactly(NDArray.ofDoubles(
                Shape.of(8, 4),
                1, NAN, 2, 3, INF, 1, 2, 3, -INF, 1, 2, 3, INF, -INF, 0, 0, NAN, INF, -INF, 0, -INF, -INF, -INF,
                -INF, 0.0, -0.0, 0.0, -0.0, 5, 5, -5, -5)
                .cast(DType.F32));
        for (Reduction reduction : Reduction.values()) {
            for (int axis = 0; axis < 2; axis++) {
                Op op = new Op.Reduce(reduction, List.of(axis), DType.F32);
                cases.add(OpCase.one(
                        "reduce/%s of special numbers, axis %d".formatted(ElementwiseCases.lower(reduction),
                                axis),
                        List.of(rows),
                        in -> in.get(0).graph().add(op, in.get(0)))
                        .within(Tolerance.ARITHMETIC));
            }
        }
    }

    private static void products(List<OpCase> cases) {
        Draw a = Draw.exactly(
                NDArray.ofDoubles(Shape.of(4, 3), 1, NAN, 2, INF, 1, 2, 0, 0, 0, -INF, INF, 1).cast(DType.F32));
        Draw b = Draw.exactly(NDArray.ofDoubles(Shape.of(3, 3), 1, 0, INF, 2, 1, -1, 3, 0, 1).cast(DType.F32));
        cases.add(OpCase.one("matmul/of special numbers", List.of(a, b), in -> in.get(0).matmul(in.get(1)))
                .within(Tolerance.sum(3)));
        Draw plane = Draw.exactly(NDArray.ofDoubles(
                Shape.of(1, 1, 4, 4), 1, NAN, 5, 5, 2, 3, 5, 5, -INF, -INF, 0, -0.0, -INF, -INF, INF, 1)
                .cast(DType.F32));
        for (Pooling pooling : Pooling.values()) {
            Op op = new Op.Pool(
                    pooling,
                    new PoolGeometry(
                            List.of(2, 2), List.of(2, 2), List.of(0, 0), List.of(0, 0), List.of(1, 1), false));
            cases.add(OpCase.one(
                    "pool/%s of special numbers".formatted(ElementwiseCases.lower(pooling)),
                    List.of(plane),
                    in -> in.get(0).graph().add(op, in.get(0)))
                    .within(Tolerance.sum(4)));
        }
        cases.add(OpCase.one("select/hides what is not chosen", List.of(
                Draw.integers(DType.BOOL, new long[] {1, 0, 1}),
                Draw.numbers(DType.F32, 1, NAN, -0.0),
                Draw.numbers(DType.F32, NAN, 2, INF)), in -> in.get(0).select(in.get(1), in.get(2))));
    }
}
