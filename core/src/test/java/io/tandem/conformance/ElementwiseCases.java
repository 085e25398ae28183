package io.tandem.conformance;

import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Elementwise operations, each function on values of its domain, away from kinks and poles. */
final class ElementwiseCases {
    private static final int[][] SHAPES = {{}, {0}, {1}, {3}, {7}, {13}, {17}, {33}, {65}, {100}, {3, 0, 2}, {5000},
        {2, 3, 5, 7}};
    private static final int[] SHAPE = {7, 13};
    private static final List<DType> HALVES = List.of(DType.F16, DType.BF16);
    private static final List<DType> INTEGERS = List.of(DType.I64, DType.I32, DType.U8);

    private ElementwiseCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        unary(cases);
        binary(cases);
        compareAndSelect(cases);
        cast(cases);
        return cases;
    }

    static OpCase unary(UnaryFunction function, String suffix, Draw x) {
        OpCase row = OpCase.one(
                "unary/" + lower(function) + suffix,
                List.of(x),
                in -> in.get(0).graph().add(new Op.Unary(function), in.get(0)))
                .within(tolerance(function));
        return switch (function) {
            // The slope is 0 by definition, whatever the difference quotient says; the others give truth values.
            case STOP_GRADIENT, NOT, IS_FINITE -> row.valuesOnly();
            case NEG, ABS, SIGN, FLOOR, CEIL, ROUND, EXP, EXPM1, LOG, LOG1P, SQRT, RSQRT, RECIPROCAL, SIN, COS, TANH,
                    SIGMOID, ERF, RELU ->
                row;
        };
    }

    static OpCase binary(BinaryFunction function, String suffix, Draw x, Draw y) {
        return OpCase.one(
                "binary/" + lower(function) + suffix,
                List.of(x, y),
                in -> in.get(0).graph().add(new Op.Binary(function), in.get(0), in.get(1)))
                .within(function == BinaryFunction.POW ? Tolerance.FUNCTION : Tolerance.ARITHMETIC);
    }

    static OpCase compare(Comparison comparison, String suffix, Draw x, Draw y) {
        return OpCase.one(
                "compare/" + lower(comparison) + suffix,
                List.of(x, y),
                in -> in.get(0).graph().add(new Op.Compare(comparison), in.get(0), in.get(1)))
                .valuesOnly();
    }

    static Tolerance tolerance(UnaryFunction function) {
        return switch (function) {
            case NEG, ABS, SIGN, FLOOR, CEIL, ROUND, RELU, NOT, IS_FINITE, STOP_GRADIENT -> Tolerance.EXACT;
            case SQRT, RECIPROCAL -> Tolerance.ARITHMETIC;
            // Near their zeros, after the reduction of the argument, these are exact to a fraction of 1 alone.
            case SIN, COS -> new Tolerance(16, 2);
            case EXP, EXPM1, LOG, LOG1P, RSQRT, TANH, SIGMOID, ERF -> Tolerance.FUNCTION;
        };
    }

    private static Draw domain(UnaryFunction function, int... dims) {
        return switch (function) {
            case NEG, STOP_GRADIENT, IS_FINITE -> Draw.uniform(-2, 2, dims);
            case ABS, SIGN, RELU -> Draw.signed(0.1, 2, dims);
            case FLOOR, CEIL -> Draw.betweenIntegers(-4, 4, dims);
            case ROUND -> new Draw(
                    Draw.f32(dims).type(),
                    (type, random) -> NDArray.generate(
                            type, i -> random.nextInt(-4, 4) - 0.4 + 0.8 * random.nextDouble()));
            case EXP, TANH, ERF -> Draw.uniform(-3, 3, dims);
            case EXPM1 -> Draw.signed(0.01, 1, dims);
            case LOG -> Draw.uniform(1.1, 5, dims);
            case SQRT, RSQRT -> Draw.uniform(0.3, 5, dims);
            case LOG1P -> Draw.uniform(0.1, 3, dims);
            case RECIPROCAL -> Draw.signed(0.5, 3, dims);
            case SIN, COS -> Draw.uniform(-7, 7, dims);
            case SIGMOID -> Draw.uniform(-6, 6, dims);
            case NOT -> Draw.truths(dims);
        };
    }

    private static void unary(List<OpCase> cases) {
        for (UnaryFunction function : UnaryFunction.values()) {
            cases.add(unary(function, "", domain(function, SHAPE)));
            if (function != UnaryFunction.NOT) {
                HALVES.forEach(
                        dtype -> cases.add(unary(function, "/" + lower(dtype), domain(function, SHAPE).with(dtype))
                                .valuesOnly()));
            }
        }
        for (UnaryFunction function : List.of(UnaryFunction.TANH, UnaryFunction.NEG)) {
            for (int[] shape : SHAPES) {
                cases.add(unary(function, Arrays.toString(shape), domain(function, shape)));
            }
        }
        for (UnaryFunction function : List.of(UnaryFunction.NEG, UnaryFunction.ABS, UnaryFunction.SIGN,
                UnaryFunction.STOP_GRADIENT)) {
            for (DType dtype : INTEGERS) {
                cases.add(unary(function, "/" + lower(dtype), Draw.integers(dtype, -100, 100, SHAPE)).valuesOnly());
            }
        }
        cases.add(unary(UnaryFunction.STOP_GRADIENT, "/bool", Draw.truths(SHAPE)).valuesOnly());

        // The functions over their whole range, and close to 0, where the error is relative to a small result.
        Draw small = Draw.magnitudes(-8, -1, true, 200);
        for (UnaryFunction function : List.of(
                UnaryFunction.EXPM1,
                UnaryFunction.LOG1P,
                UnaryFunction.TANH,
                UnaryFunction.ERF,
                UnaryFunction.SIN,
                UnaryFunction.SIGMOID)) {
            cases.add(unary(function, " near 0", small).valuesOnly());
        }
        cases.add(unary(UnaryFunction.EXP, " wide", Draw.uniform(-87, 88, 500)).valuesOnly());
        cases.add(unary(UnaryFunction.EXPM1, " wide", Draw.uniform(-20, 80, 500)).valuesOnly());
        cases.add(unary(UnaryFunction.LOG, " wide", Draw.magnitudes(-37, 38, false, 500)).valuesOnly());
        cases.add(unary(UnaryFunction.LOG, " near 1", Draw.uniform(0.9, 1.1, 500)).valuesOnly());
        cases.add(unary(UnaryFunction.LOG1P, " wide", Draw.magnitudes(-8, 30, false, 500)).valuesOnly());
        cases.add(unary(UnaryFunction.LOG1P, " near the pole", Draw.uniform(-0.9999, -0.5, 500)).valuesOnly());
        cases.add(unary(UnaryFunction.RSQRT, " wide", Draw.magnitudes(-37, 38, false, 500)).valuesOnly());
        cases.add(unary(UnaryFunction.SQRT, " wide", Draw.magnitudes(-37, 38, false, 500)).valuesOnly());
        cases.add(unary(UnaryFunction.TANH, " wide", Draw.uniform(-20, 20, 500)).valuesOnly());
        cases.add(unary(UnaryFunction.SIGMOID, " wide", Draw.uniform(-80, 80, 500)).valuesOnly());
        cases.add(unary(UnaryFunction.ERF, " wide", Draw.uniform(-8, 8, 500)).valuesOnly());
        cases.add(unary(UnaryFunction.SIN, " wide", Draw.uniform(-100, 100, 500)).valuesOnly());
        cases.add(unary(UnaryFunction.COS, " wide", Draw.uniform(-100, 100, 500)).valuesOnly());
    }

    private static void binary(List<OpCase> cases) {
        for (BinaryFunction function : BinaryFunction.values()) {
            switch (function) {
                case ADD, SUB, MUL -> {
                    floating(cases, function, "", Draw.f32(SHAPE), Draw.f32(SHAPE));
                    integers(cases, function);
                }
                case DIV -> {
                    floating(cases, function, "", Draw.f32(SHAPE), Draw.signed(0.5, 2, SHAPE));
                    integers(cases, function);
                }
                case MAX, MIN -> {
                    floating(cases, function, "", Draw.apart(SHAPE), Draw.apart(1 / 32.0, SHAPE));
                    integers(cases, function);
                }
                case REMAINDER -> {
                    Draw divisor = Draw.signed(0.99, 1.01, SHAPE);
                    floating(cases, function, "", Draw.uniform(2.1, 2.9, SHAPE), divisor);
                    floating(cases, function, " of negative", Draw.uniform(-2.9, -2.1, SHAPE), divisor);
                    integers(cases, function);
                }
                case POW -> {
                    floating(cases, function, "", Draw.uniform(0.3, 3, SHAPE), Draw.uniform(-2, 2, SHAPE));
                    cases.add(binary(
                            function,
                            " wide",
                            Draw.magnitudes(-6, 6, false, 500),
                            Draw.uniform(-6, 6, 500))
                            .valuesOnly());
                }
                case AND, OR, XOR -> {
                    integers(cases, function);
                    cases.add(binary(function, "/bool", Draw.truths(SHAPE), Draw.truths(SHAPE)).valuesOnly());
                }
            }
        }
        for (int[] shape : SHAPES) {
            cases.add(binary(BinaryFunction.ADD, Arrays.toString(shape), Draw.f32(shape), Draw.f32(shape)));
        }
        cases.add(OpCase.one(
                "binary/square of one operand",
                List.of(Draw.f32(SHAPE)),
                in -> in.get(0).mul(in.get(0)))
                .within(Tolerance.ARITHMETIC));
        cases.add(OpCase.one(
                "binary/integer powers of negative numbers",
                List.of(Draw.signed(0.5, 2, 17)),
                in -> in.get(0).pow(3).add(in.get(0).pow(2)).add(in.get(0).pow(-1)))
                .within(new Tolerance(32, 32)));
        cases.add(OpCase.one(
                "binary/broadcast operands",
                List.of(Draw.f32(3, 1, 7), Draw.f32(5, 1), Draw.f32()),
                in -> in.get(0).mul(in.get(1)).add(in.get(2)))
                .within(new Tolerance(2, 2)));
    }

    private static void floating(List<OpCase> cases, BinaryFunction function, String suffix, Draw x, Draw y) {
        cases.add(binary(function, suffix, x, y));
        HALVES.forEach(dtype -> cases.add(binary(function, suffix + "/" + lower(dtype), x.with(dtype), y.with(dtype))
                .valuesOnly()));
    }

    private static void integers(List<OpCase> cases, BinaryFunction function) {
        for (DType dtype : INTEGERS) {
            cases.add(binary(
                    function,
                    "/" + lower(dtype),
                    Draw.integers(dtype, -100, 100, SHAPE),
                    Draw.integers(dtype, -10, 10, SHAPE))
                    .valuesOnly());
        }
    }

    private static void compareAndSelect(List<OpCase> cases) {
        for (Comparison comparison : Comparison.values()) {
            // Few different values, so that there are ties.
            Draw few = new Draw(
                    Draw.f32(SHAPE).type(),
                    (type, random) -> NDArray.generate(type, i -> random.nextInt(-2, 3) / 2.0));
            cases.add(compare(comparison, "", few, few));
            for (DType dtype : List.of(DType.F64, DType.F16, DType.BF16)) {
                cases.add(compare(comparison, "/" + lower(dtype), few.with(dtype), few.with(dtype)));
            }
            INTEGERS.forEach(dtype -> cases.add(compare(
                    comparison,
                    "/" + lower(dtype),
                    Draw.integers(dtype, -2, 3, SHAPE),
                    Draw.integers(dtype, -2, 3, SHAPE))));
            cases.add(compare(comparison, "/bool", Draw.truths(SHAPE), Draw.truths(SHAPE)));
        }
        for (DType dtype : DType.values()) {
            cases.add(OpCase.one(
                    "select/" + lower(dtype),
                    List.of(Draw.truths(SHAPE), Draw.any(dtype, SHAPE), Draw.any(dtype, SHAPE)),
                    in -> in.get(0).select(in.get(1), in.get(2)))
                    .valuesOnly());
        }
        cases.add(OpCase.one(
                "select",
                List.of(Draw.truths(SHAPE), Draw.f32(SHAPE), Draw.f32(SHAPE)),
                in -> in.get(0).select(in.get(1), in.get(2))));
        cases.add(OpCase.one(
                "select/broadcast",
                List.of(Draw.truths(3, 1), Draw.f32(7), Draw.f32()),
                in -> in.get(0).select(in.get(1), in.get(2))));
    }

    private static void cast(List<OpCase> cases) {
        for (DType from : DType.values()) {
            for (DType to : DType.values()) {
                Draw x = from.isFloating()
                        ? Draw.uniform(TensorType.of(from, SHAPE), to == DType.U8 ? 0 : -100, 100)
                        : Draw.any(from, SHAPE);
                cases.add(OpCase.one(
                        "cast/" + lower(from) + " to " + lower(to),
                        List.of(x),
                        in -> in.get(0).graph().add(new Op.Cast(to), in.get(0)))
                        .within(HALVES.contains(to) ? Tolerance.ARITHMETIC : Tolerance.EXACT)
                        .valuesOnly());
            }
        }
        cases.add(OpCase.one("cast/there and back", List.of(Draw.f32(SHAPE)), in -> {
            Tensor wide = in.get(0).cast(DType.F64);
            return wide.mul(wide).cast(in.get(0).dtype());
        }).within(Tolerance.ARITHMETIC));
    }

    static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
