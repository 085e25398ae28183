package io.tandem.conformance;

import io.tandem.graph.Distribution;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Gathering and scattering by index, and random numbers. */
final class IndexingCases {
    private IndexingCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (DType index : List.of(DType.I32, DType.I64)) {
            String type = "/" + ElementwiseCases.lower(index);
            int[][] indexShapes = {{}, {1}, {5}, {2, 3}, {0}};
            for (int[] shape : indexShapes) {
                for (int axis = 0; axis < 3; axis++) {
                    Draw indices = Draw.integers(index, 0, new int[] {7, 5, 3}[axis], shape);
                    cases.add(gather(
                            "gather/indices %s axis %d%s".formatted(Arrays.toString(shape), axis, type),
                            axis,
                            Draw.f32(7, 5, 3),
                            indices));
                    cases.add(scatter(
                            "scatter-add/indices %s axis %d%s".formatted(Arrays.toString(shape), axis, type),
                            axis,
                            new int[] {7, 5, 3}[axis],
                            indices,
                            Draw.f32(updates(Shape.of(7, 5, 3), axis, Shape.of(shape)))));
                }
            }
        }
        cases.add(gather("gather/embedding", 0, Draw.f32(100, 33), Draw.integers(DType.I32, 0, 100, 3, 17)));
        cases.add(scatter("scatter-add/embedding", 0, 100, Draw.integers(DType.I32, 0, 100, 3, 17),
                Draw.f32(3, 17, 33)));
        cases.add(gather("gather/of few rows, many times", 0, Draw.f32(3, 5), Draw.integers(DType.I32, 0, 3, 100)));
        cases.add(scatter("scatter-add/to one place", 0, 1, Draw.integers(DType.I32, 0, 1, 1000), Draw.f32(1000)));
        cases.add(scatter("scatter-add/to few places", 0, 3, Draw.integers(DType.I32, 0, 3, 513), Draw.f32(513, 7)));
        cases.add(scatter("scatter-add/nothing to anywhere", 0, 5, Draw.integers(DType.I32, 0, 5, 0), Draw.f32(0, 3)));
        cases.add(scatter("scatter-add/last axis", 2, 13, Draw.integers(DType.I32, 0, 13, 4), Draw.f32(3, 5, 4)));
        for (DType dtype : DType.values()) {
            cases.add(gather(
                    "gather/of " + ElementwiseCases.lower(dtype),
                    1,
                    Draw.any(dtype, 3, 7),
                    Draw.integers(DType.I32, 0, 7, 5))
                    .valuesOnly());
            if (dtype.isInteger()) {
                cases.add(scatter(
                        "scatter-add/of " + ElementwiseCases.lower(dtype),
                        0,
                        7,
                        Draw.integers(DType.I32, 0, 7, 17),
                        Draw.integers(dtype, -1000, 1000, 17, 3))
                        .valuesOnly());
            }
        }
        random(cases);
        return cases;
    }

    /** Indices outside the axis: results are those of the nearest index, and the device must report the error. */
    static List<OpCase> outOfRange() {
        List<OpCase> cases = new ArrayList<>();
        Draw indices = Draw.exactly(NDArray.ofInts(Shape.of(5), 3, -1, 7, 2, Integer.MIN_VALUE));
        Draw large = Draw.exactly(NDArray.ofLongs(Shape.of(3), 1L << 40, -(1L << 40), 2));
        cases.add(gather("gather/out of range", 0, Draw.f32(7, 3), indices).valuesOnly());
        cases.add(gather("gather/far out of range", 1, Draw.f32(3, 7), large).valuesOnly());
        cases.add(scatter("scatter-add/out of range", 0, 7, indices, Draw.f32(5, 3)).valuesOnly());
        cases.add(scatter("scatter-add/far out of range", 1, 7, large, Draw.f32(2, 3)).valuesOnly());
        return cases;
    }

    private static int[] updates(Shape result, int axis, Shape indices) {
        return result.subShape(0, axis)
                .concat(indices)
                .concat(result.subShape(axis + 1, result.rank()))
                .toArray();
    }

    private static OpCase gather(String name, int axis, Draw x, Draw indices) {
        return OpCase.one(
                name,
                List.of(x, indices),
                in -> in.get(0).graph().add(new Op.Gather(axis), in.get(0), in.get(1)));
    }

    private static OpCase scatter(String name, int axis, int size, Draw indices, Draw updates) {
        long each = indices.type().shape().size();
        return OpCase.one(
                name,
                List.of(indices, updates),
                in -> in.get(0).graph().add(new Op.ScatterAdd(axis, size), in.get(0), in.get(1)))
                .within(updates.type().dtype().isFloating() ? Tolerance.sum(each) : Tolerance.EXACT);
    }

    private static void random(List<OpCase> cases) {
        int[][] shapes = {{}, {1}, {3}, {4}, {7}, {13, 17}, {3, 5, 7}, {1025}, {0}};
        for (Distribution distribution : Distribution.values()) {
            String name = "random/" + ElementwiseCases.lower(distribution);
            for (int[] shape : shapes) {
                cases.add(random(name + " " + Arrays.toString(shape), distribution, Shape.of(shape), 42, 0, 7));
            }
            cases.add(random(name + " other counter", distribution, Shape.of(33), 42, 1, 7));
            cases.add(random(name + " large counter", distribution, Shape.of(33), 42, 0x123456789abcdefL, 7));
            cases.add(random(name + " negative counter", distribution, Shape.of(33), 42, -1, 7));
            cases.add(random(name + " other seed", distribution, Shape.of(33), -0x123456789abcdefL, 0, 7));
            cases.add(random(name + " other site", distribution, Shape.of(33), 42, 0, -0x7fffffff12345678L));
        }
        cases.add(OpCase.one(
                "random/dropout",
                List.of(Draw.f32(17, 33), Draw.scalar(3), Draw.scalar(5)),
                in -> {
                    Tensor x = in.get(0);
                    Tensor bits = x.graph()
                            .add(new Op.Random(Distribution.BITS, x.shape(), 99), in.get(1), in.get(2));
                    return bits.lt(0).select(x.mul(2), x.like(0));
                })
                .within(Tolerance.ARITHMETIC));
    }

    private static OpCase random(
            String name, Distribution distribution, Shape shape, long seed, long counter, long site) {
        return OpCase.one(
                name,
                List.of(Draw.scalar(seed), Draw.scalar(counter)),
                in -> in.get(0)
                        .graph()
                        .add(new Op.Random(distribution, shape, site), in.get(0), in.get(1)))
                .within(distribution == Distribution.NORMAL ? new Tolerance(16, 4) : Tolerance.EXACT)
                .valuesOnly();
    }
}
