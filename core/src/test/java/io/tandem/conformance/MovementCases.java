package io.tandem.conformance;

import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;

/** Leaves and operations that move elements. */
final class MovementCases {
    private MovementCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        leaves(cases);
        views(cases);
        slices(cases);
        pads(cases);
        joins(cases);
        for (DType dtype : DType.values()) {
            ofType(cases, dtype);
        }
        return cases;
    }

    private static void leaves(List<OpCase> cases) {
        for (DType dtype : DType.values()) {
            NDArray value = NDArray.generate(TensorType.of(dtype, 3, 7), i -> i % 5);
            cases.add(OpCase.one("constant/" + ElementwiseCases.lower(dtype), List.of(Draw.f32()), in -> in.get(0)
                    .graph()
                    .constant(value))
                    .valuesOnly());
            if (dtype != DType.BOOL) {
                for (int axis = 0; axis < 3; axis++) {
                    TensorType type = TensorType.of(dtype, 3, 13, 7);
                    int along = axis;
                    cases.add(OpCase.one(
                            "iota/" + ElementwiseCases.lower(dtype) + " axis " + axis,
                            List.of(Draw.f32()),
                            in -> in.get(0).graph().iota(type, along))
                            .valuesOnly());
                }
            }
        }
        cases.add(OpCase.one("input", List.of(Draw.f32(3, 7)), in -> in.get(0)));
        cases.add(OpCase.one("iota/in an expression", List.of(Draw.f32(5, 17)), in -> in.get(0)
                .mul(in.get(0).graph().iota(in.get(0).type(), 1)))
                .within(Tolerance.ARITHMETIC));
    }

    private static OpCase one(String name, Op op, int... dims) {
        return OpCase.one(name, List.of(Draw.f32(dims)), in -> in.get(0).graph().add(op, in.get(0)));
    }

    private static void views(List<OpCase> cases) {
        cases.add(one("reshape/merge", new Op.Reshape(Shape.of(21, 5)), 3, 7, 5));
        cases.add(one("reshape/split", new Op.Reshape(Shape.of(5, 13, 1)), 65));
        cases.add(one("reshape/to a scalar", new Op.Reshape(Shape.of()), 1, 1));
        cases.add(one("reshape/from a scalar", new Op.Reshape(Shape.of(1))));
        cases.add(one("reshape/same shape", new Op.Reshape(Shape.of(3, 5)), 3, 5));
        cases.add(one("reshape/empty", new Op.Reshape(Shape.of(7, 0)), 0, 3));

        int[][] orders = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
        for (int[] order : orders) {
            List<Integer> axes = java.util.Arrays.stream(order).boxed().toList();
            cases.add(one("permute/" + axes, new Op.Permute(axes), 3, 7, 13));
        }
        cases.add(one("permute/matrix", new Op.Permute(List.of(1, 0)), 65, 33));
        cases.add(one("permute/large matrix", new Op.Permute(List.of(1, 0)), 100, 257));
        cases.add(one("permute/heads", new Op.Permute(List.of(0, 2, 1, 3)), 2, 17, 3, 5));
        cases.add(one("permute/five axes", new Op.Permute(List.of(4, 1, 3, 0, 2)), 2, 3, 1, 4, 5));
        cases.add(one("permute/scalar", new Op.Permute(List.of())));
        cases.add(one("permute/empty", new Op.Permute(List.of(1, 0)), 0, 3));
        cases.add(OpCase.one("permute/transposed sum", List.of(Draw.f32(33, 17), Draw.f32(17, 33)), in -> in.get(0)
                .transpose()
                .add(in.get(1)))
                .within(Tolerance.ARITHMETIC));

        cases.add(one("broadcast/scalar", new Op.Broadcast(Shape.of(3, 7))));
        cases.add(one("broadcast/rows", new Op.Broadcast(Shape.of(5, 13)), 13));
        cases.add(one("broadcast/columns", new Op.Broadcast(Shape.of(33, 17)), 33, 1));
        cases.add(one("broadcast/middle", new Op.Broadcast(Shape.of(3, 5, 7)), 3, 1, 7));
        cases.add(one("broadcast/outer and inner", new Op.Broadcast(Shape.of(2, 3, 5, 7)), 3, 1, 7));
        cases.add(one("broadcast/of ones", new Op.Broadcast(Shape.of(1, 1, 1)), 1, 1));
        cases.add(one("broadcast/to nothing", new Op.Broadcast(Shape.of(0, 3)), 1, 3));

        cases.add(one("flip/vector", new Op.Flip(List.of(0)), 17));
        cases.add(one("flip/rows", new Op.Flip(List.of(0)), 7, 13));
        cases.add(one("flip/columns", new Op.Flip(List.of(1)), 7, 13));
        cases.add(one("flip/both ends", new Op.Flip(List.of(0, 2)), 3, 5, 7));
        cases.add(one("flip/no axis", new Op.Flip(List.of()), 3, 5));
        cases.add(one("flip/empty", new Op.Flip(List.of(0)), 0, 5));
        cases.add(OpCase.one("flip/negative axis", List.of(Draw.f32(3, 7)), in -> in.get(0).flip(-1)));
    }

    private static Op slice(List<Integer> start, List<Integer> stop, List<Integer> step) {
        return new Op.Slice(start, stop, step);
    }

    private static void slices(List<OpCase> cases) {
        cases.add(one("slice/vector", slice(List.of(5), List.of(29), List.of(1)), 33));
        cases.add(one("slice/step that divides", slice(List.of(0), List.of(33), List.of(3)), 33));
        cases.add(one("slice/step with a rest", slice(List.of(2), List.of(32), List.of(4)), 33));
        cases.add(one("slice/step beyond", slice(List.of(2), List.of(5), List.of(7)), 13));
        cases.add(one("slice/matrix", slice(List.of(1, 3), List.of(6, 13), List.of(2, 3)), 7, 13));
        cases.add(one("slice/nothing", slice(List.of(3, 0), List.of(3, 5), List.of(1, 2)), 7, 5));
        cases.add(one("slice/of nothing", slice(List.of(0, 1), List.of(0, 4), List.of(1, 1)), 0, 5));
        cases.add(one("slice/scalar", slice(List.of(), List.of(), List.of())));
        cases.add(one(
                "slice/four axes",
                slice(List.of(0, 1, 2, 3), List.of(2, 3, 5, 7), List.of(1, 1, 2, 3)),
                2, 3, 5, 7));
        cases.add(OpCase.of("slice/split", List.of(Draw.f32(5, 21)), in -> in.get(0).split(-1, 3)));
        cases.add(OpCase.one("slice/at", List.of(Draw.f32(5, 7)), in -> in.get(0).at(1, -2)));
    }

    private static void pads(List<OpCase> cases) {
        cases.add(one("pad/vector", new Op.Pad(List.of(3), List.of(1), List.of(0), 0), 13));
        cases.add(one("pad/value", new Op.Pad(List.of(1, 0), List.of(2, 3), List.of(0, 0), -1.5), 3, 7));
        cases.add(one("pad/interior", new Op.Pad(List.of(0, 1), List.of(0, 2), List.of(2, 1), 0.5), 5, 3));
        cases.add(one("pad/infinity", new Op.Pad(List.of(1), List.of(1), List.of(1), Double.NEGATIVE_INFINITY), 3)
                .valuesOnly());
        cases.add(one("pad/none", new Op.Pad(List.of(0), List.of(0), List.of(0), 1), 7));
        cases.add(one("pad/of nothing", new Op.Pad(List.of(1, 2), List.of(2, 0), List.of(3, 1), 2), 0, 3));
        cases.add(one("pad/one element with interior", new Op.Pad(List.of(2), List.of(2), List.of(5), 1), 1));
        cases.add(one(
                "pad/four axes", new Op.Pad(List.of(0, 0, 1, 2), List.of(0, 0, 2, 1), List.of(0, 0, 0, 0), 0), 2, 3,
                5, 7));
    }

    private static OpCase concat(String name, int axis, Draw... parts) {
        return OpCase.one(name, List.of(parts), in -> in.get(0).graph().add(new Op.Concat(axis), in).getFirst());
    }

    private static void joins(List<OpCase> cases) {
        cases.add(concat("concat/vectors", 0, Draw.f32(3), Draw.f32(13), Draw.f32(1)));
        cases.add(concat("concat/rows", 0, Draw.f32(3, 7), Draw.f32(1, 7)));
        cases.add(concat("concat/columns", 1, Draw.f32(7, 3), Draw.f32(7, 1), Draw.f32(7, 13)));
        cases.add(concat("concat/middle", 1, Draw.f32(2, 3, 5), Draw.f32(2, 1, 5), Draw.f32(2, 4, 5)));
        cases.add(concat("concat/with an empty part", 1, Draw.f32(3, 0), Draw.f32(3, 5)));
        cases.add(concat("concat/one part", 0, Draw.f32(3, 5)));
        cases.add(OpCase.one("concat/twice the same", List.of(Draw.f32(3, 5)), in -> Tensor.concat(
                -1, in.get(0), in.get(0))));
        cases.add(OpCase.one(
                "concat/stack",
                List.of(Draw.f32(3, 5), Draw.f32(3, 5), Draw.f32(3, 5)),
                in -> Tensor.stack(1, in)));
    }

    /** One movement of each kind for each element type. */
    private static void ofType(List<OpCase> cases, DType dtype) {
        cases.add(OpCase.of(
                "movement/" + ElementwiseCases.lower(dtype),
                List.of(Draw.any(dtype, 5, 7), Draw.any(dtype, 1, 7)),
                in -> {
                    Tensor x = in.get(0);
                    return List.of(
                            x.reshape(7, 5),
                            x.transpose(),
                            in.get(1).broadcastTo(Shape.of(3, 5, 7)),
                            x.slice(1, 1, 6, 2),
                            x.pad(0, 1, 2, 1),
                            Tensor.concat(0, x, in.get(1)),
                            x.flip(0, 1),
                            x.graph().add(new Op.Pad(List.of(0, 1), List.of(1, 0), List.of(1, 1), 0), x));
                })
                .valuesOnly());
    }
}
