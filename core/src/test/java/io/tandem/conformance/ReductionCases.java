package io.tandem.conformance;

import io.tandem.graph.Op;
import io.tandem.graph.Reduction;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;

/** Reductions, also to indices. */
final class ReductionCases {
    private ReductionCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (Reduction reduction : Reduction.values()) {
            reduce(cases, reduction);
        }
        List<List<Integer>> axes = List.of(List.of(0), List.of(1), List.of());
        for (List<Integer> over : axes) {
            cases.add(reduce(Reduction.SUM, over, Draw.f32(0, 3)));
            cases.add(reduce(Reduction.SUM, over, Draw.f32(3, 0)));
        }
        cases.add(reduce(Reduction.MAX, List.of(1), Draw.f32(0, 3)));
        moments(cases);
        composed(cases);
        arg(cases);
        return cases;
    }

    /** What is made of other operations: their values and gradients. */
    private static void composed(List<OpCase> cases) {
        Tolerance several = new Tolerance(64, 16);
        Draw x = Draw.f32(3, 7, 5);
        cases.add(OpCase.one("reduce/logSumExp", List.of(x), in -> in.get(0).logSumExp(0, 2)).within(several));
        cases.add(OpCase.one("reduce/norm", List.of(x), in -> in.get(0).norm(1)).within(several));
        cases.add(OpCase.one("reduce/standardDeviation", List.of(x), in -> in.get(0).standardDeviation(1, 1, 2))
                .within(several));
        cases.add(OpCase.one("reduce/prod", List.of(x), in -> in.get(0).prod(0, 1)).within(several));
        cases.add(OpCase.one("reduce/cumSum", List.of(x), in -> in.get(0).cumSum(1)).within(several));
        cases.add(OpCase.one("reduce/cumProd", List.of(x), in -> in.get(0).cumProd(-1)).within(several));
    }

    private static OpCase reduce(Reduction reduction, List<Integer> axes, Draw x) {
        long terms = axes.stream().mapToLong(axis -> x.type().shape().dim(axis)).reduce(1, (a, b) -> a * b);
        DType dtype = x.type().dtype();
        return OpCase.one(
                "reduce/%s %s over %s".formatted(ElementwiseCases.lower(reduction), x.type(), axes),
                List.of(x),
                in -> {
                    DType type = in.get(0).dtype();
                    boolean half = type == DType.F16 || type == DType.BF16;
                    return in.get(0)
                            .graph()
                            .add(new Op.Reduce(reduction, axes, half ? DType.F32 : type), in.get(0));
                })
                .within(reduction == Reduction.SUM && dtype.isFloating() ? Tolerance.sum(terms) : Tolerance.EXACT);
    }

    private static Draw draw(Reduction reduction, int... dims) {
        return reduction == Reduction.SUM ? Draw.f32(dims) : Draw.apart(dims);
    }

    private static void reduce(List<OpCase> cases, Reduction reduction) {
        for (int subset = 0; subset < 8; subset++) {
            List<Integer> axes = new ArrayList<>();
            for (int axis = 0; axis < 3; axis++) {
                if ((subset >> axis & 1) != 0) {
                    axes.add(axis);
                }
            }
            cases.add(reduce(reduction, List.copyOf(axes), draw(reduction, 3, 7, 5)));
        }
        for (int size : new int[] {1, 3, 7, 13, 17, 33, 65, 100, 1000}) {
            cases.add(reduce(reduction, List.of(0), draw(reduction, size)));
            cases.add(reduce(reduction, List.of(1), draw(reduction, 3, size)));
            cases.add(reduce(reduction, List.of(0), draw(reduction, size, 5)));
        }
        cases.add(reduce(reduction, List.of(), draw(reduction)));
        cases.add(reduce(reduction, List.of(0), draw(reduction, 10_007)));
        cases.add(reduce(reduction, List.of(0), draw(reduction, 513, 33)));
        cases.add(reduce(reduction, List.of(1), draw(reduction, 33, 513)));
        cases.add(reduce(reduction, List.of(0, 2, 3), draw(reduction, 5, 3, 6, 7)));
        cases.add(reduce(reduction, List.of(1, 3), draw(reduction, 2, 3, 5, 7)));
        for (DType dtype : List.of(DType.I64, DType.I32, DType.U8)) {
            cases.add(reduce(reduction, List.of(0), Draw.integers(dtype, -100, 100, 17, 5)).valuesOnly());
            cases.add(reduce(reduction, List.of(1), Draw.integers(dtype, -100, 100, 5, 65)).valuesOnly());
        }
        for (DType dtype : List.of(DType.F16, DType.BF16)) {
            cases.add(reduce(reduction, List.of(1), draw(reduction, 5, 33).with(dtype)).valuesOnly());
        }
        cases.add(reduce(reduction, List.of(0), Draw.integers(DType.I32, Integer.MAX_VALUE - 5, Integer.MAX_VALUE, 7))
                .named("reduce/" + ElementwiseCases.lower(reduction) + " near the largest int")
                .valuesOnly());
    }

    private static void moments(List<OpCase> cases) {
        cases.add(OpCase.of("reduce/moments", List.of(Draw.f32(7, 13, 3)), in -> List.of(
                in.get(0).mean(),
                in.get(0).mean(-1, 0),
                in.get(0).variance(0, 1),
                in.get(0).variance(1, 0, 2)))
                .within(new Tolerance(16, 32)));
        cases.add(OpCase.of("reduce/all axes", List.of(Draw.apart(5, 7)), in -> List.of(
                in.get(0).sum(), in.get(0).max(), in.get(0).min()))
                .within(Tolerance.sum(70)));
        cases.add(OpCase.of("reduce/of sums and products", List.of(Draw.f32(33, 17), Draw.f32(33, 17)), in -> List.of(
                in.get(0).mul(in.get(1)).sum(1), in.get(0).add(in.get(1)).square().sum(0)))
                .within(Tolerance.sum(140)));
    }

    private static void arg(List<OpCase> cases) {
        for (boolean largest : new boolean[] {true, false}) {
            String name = "arg-reduce/" + (largest ? "largest" : "smallest");
            for (int size : new int[] {1, 3, 17, 65, 100, 1000}) {
                cases.add(arg(name + " of " + size, largest, 0, Draw.apart(size)));
            }
            for (int axis = 0; axis < 3; axis++) {
                cases.add(arg(name + " axis " + axis, largest, axis, Draw.apart(3, 7, 13)));
            }
            Draw ties = Draw.exactly(NDArray.of(Shape.of(2, 6), 1, 3, 3, -2, -2, 3, 0, -0.0f, 0, -0.0f, 0, 0));
            cases.add(arg(name + " with ties", largest, 1, ties));
            float nan = Float.NaN;
            float inf = Float.POSITIVE_INFINITY;
            Draw special = Draw.exactly(
                    NDArray.of(Shape.of(4, 4), 1, nan, 3, nan, inf, -inf, nan, 0, nan, nan, nan, nan, -inf, -inf, inf,
                            inf));
            cases.add(arg(name + " with NaN", largest, 1, special));
            for (DType dtype : List.of(DType.I64, DType.I32, DType.U8, DType.BOOL, DType.F64, DType.F16, DType.BF16)) {
                TensorType type = TensorType.of(dtype, 5, 17);
                cases.add(arg(
                        name + "/" + ElementwiseCases.lower(dtype),
                        largest,
                        1,
                        new Draw(type, Draw.any(dtype, 5, 17).generator())));
            }
            cases.add(arg(name + " of no rows", largest, 1, Draw.f32(0, 3)));
        }
    }

    private static OpCase arg(String name, boolean largest, int axis, Draw x) {
        return OpCase.one(name, List.of(x), in -> in.get(0).graph().add(new Op.ArgReduce(largest, axis), in.get(0)))
                .valuesOnly();
    }
}
