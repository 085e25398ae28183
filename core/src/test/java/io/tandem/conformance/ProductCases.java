package io.tandem.conformance;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Matrix products, convolutions with their adjoints, and pooling. */
final class ProductCases {
    /** What is also there in 16 bits: endings of names. */
    private static final List<String> NARROW = List.of(
            "[4, 17, 65] x [4, 65, 33]",
            "[4, 65, 17]T x [4, 65, 33]",
            "[4, 17, 65] x [4, 33, 65]T",
            "[4, 65, 17]T x [4, 33, 65]T",
            "[3, 0] x [0, 5]",
            "/1-d, stride and padding",
            "/2-d, same",
            "/2-d, stride with a rest",
            "/2-d, groups",
            "/2-d, many channels",
            "/3-d",
            "/3-d, strides, dilation and groups",
            ", 2-d, overlapping with padding",
            "pool-pick/2-d, overlapping with padding");

    private ProductCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        matMul(cases);
        convolutions(cases);
        pools(cases);
        List<OpCase> single = List.copyOf(cases);
        for (DType dtype : List.of(DType.F16, DType.BF16)) {
            single.stream()
                    .filter(row -> NARROW.stream().anyMatch(row.name()::endsWith))
                    .forEach(row -> cases.add(narrow(row, dtype)));
            mixed(cases, dtype);
        }
        return cases;
    }

    /** The case with 16-bit inputs. Sums are at least in float32, so the result is rounded about once. */
    private static OpCase narrow(OpCase row, DType dtype) {
        List<Draw> inputs = row.inputs().stream().map(draw -> draw.with(dtype)).toList();
        return new OpCase(
                row.name() + "/" + ElementwiseCases.lower(dtype), inputs, row.build(), new Tolerance(2, 1), false);
    }

    /** A type that is enough for sums of elements of x. */
    private static DType accumulator(Tensor x) {
        return x.dtype() == DType.F16 || x.dtype() == DType.BF16 ? DType.F32 : x.dtype();
    }

    /** Layers with float32 parameters that compute in 16 bits, and their gradients. */
    private static void mixed(List<OpCase> cases, DType dtype) {
        // Results are float32 numbers with the error of 16-bit ones.
        double units = Tolerance.unit(dtype) / Tolerance.unit(DType.F32);
        Tolerance tolerance = new Tolerance(4 * units, 2 * units);
        String name = ElementwiseCases.lower(dtype);
        cases.add(OpCase.of(
                "matmul/mixed with " + name,
                List.of(Draw.f32(9, 24), Draw.f32(24, 16), Draw.f32(16), Draw.f32(9, 16)),
                in -> {
                    Tensor y = in.get(0)
                            .cast(dtype)
                            .matmul(in.get(1).cast(dtype))
                            .cast(DType.F32)
                            .add(in.get(2))
                            .tanh();
                    return withGradients(y, in);
                })
                .within(tolerance)
                .valuesOnly());
        ConvolutionGeometry geometry = geometry(2).pad(1, 1).convolution();
        cases.add(OpCase.of(
                "convolution/mixed with " + name,
                List.of(Draw.f32(2, 4, 6, 5), Draw.f32(8, 4, 3, 3), Draw.f32(8, 1, 1), Draw.f32(2, 8, 6, 5)),
                in -> {
                    Tensor y = in.get(0)
                            .graph()
                            .add(
                                    new Op.Convolution(geometry, DType.F32),
                                    in.get(0).cast(dtype),
                                    in.get(1).cast(dtype));
                    return withGradients(y.cast(DType.F32).add(in.get(2)).relu(), in);
                })
                .within(tolerance.times(4))
                .valuesOnly());
    }

    private static List<Tensor> withGradients(Tensor y, List<Tensor> in) {
        List<Tensor> all = new ArrayList<>(List.of(y));
        all.addAll(Gradients.gradients(List.of(y), List.of(in.get(3)), in.subList(0, 3)));
        return all;
    }

    private static void matMul(List<OpCase> cases) {
        int[][] sizes = {{1, 1, 1}, {3, 7, 13}, {7, 1, 3}, {1, 100, 1}, {17, 33, 65}, {65, 100, 33}, {64, 64, 64},
            {100, 257, 13}};
        int[][] batches = {{}, {1}, {3}, {2, 3}};
        for (boolean a : new boolean[] {false, true}) {
            for (boolean b : new boolean[] {false, true}) {
                for (int[] size : sizes) {
                    cases.add(matMul(a, b, Shape.of(), size[0], size[1], size[2]));
                }
                for (int[] batch : batches) {
                    if (batch.length > 0) {
                        cases.add(matMul(a, b, Shape.of(batch), 5, 7, 3));
                    }
                }
                cases.add(matMul(a, b, Shape.of(4), 17, 65, 33));
                cases.add(matMul(a, b, Shape.of(), 3, 0, 5));
                cases.add(matMul(a, b, Shape.of(), 0, 3, 5));
                cases.add(matMul(a, b, Shape.of(0), 3, 2, 5));
            }
        }
        cases.add(OpCase.of(
                "matmul/broadcast batches",
                List.of(Draw.f32(2, 1, 3, 5), Draw.f32(4, 5, 7), Draw.f32(5, 7)),
                in -> List.of(in.get(0).matmul(in.get(1)), in.get(0).matmul(in.get(2))))
                .within(Tolerance.sum(5)));
        cases.add(OpCase.one(
                "matmul/with bias and relu",
                List.of(Draw.f32(13, 33), Draw.f32(33, 17), Draw.f32(17)),
                in -> in.get(0).matmul(in.get(1)).add(in.get(2)).relu())
                .within(Tolerance.sum(34)));
        cases.add(OpCase.one("matmul/of itself", List.of(Draw.f32(7, 13)), in -> in.get(0)
                .matmul(in.get(0), false, true))
                .within(Tolerance.sum(13)));
        for (DType dtype : List.of(DType.F16, DType.BF16)) {
            cases.add(OpCase.one(
                    "matmul/" + ElementwiseCases.lower(dtype),
                    List.of(Draw.f32(13, 33).with(dtype), Draw.f32(33, 17).with(dtype)),
                    in -> in.get(0).matmul(in.get(1)))
                    .within(new Tolerance(2, 1))
                    .valuesOnly());
        }
    }

    private static OpCase matMul(boolean transposeA, boolean transposeB, Shape batch, int m, int k, int n) {
        Shape a = batch.concat(transposeA ? Shape.of(k, m) : Shape.of(m, k));
        Shape b = batch.concat(transposeB ? Shape.of(n, k) : Shape.of(k, n));
        return OpCase.one(
                "matmul/%s%s x %s%s".formatted(a, transposeA ? "T" : "", b, transposeB ? "T" : ""),
                List.of(Draw.f32(a.toArray()), Draw.f32(b.toArray())),
                in -> in.get(0)
                        .graph()
                        .add(new Op.MatMul(transposeA, transposeB, accumulator(in.get(0))), in.get(0), in.get(1)))
                .within(Tolerance.sum(k));
    }

    private static void convolutions(List<OpCase> cases) {
        convolution(cases, "1-d", geometry(1).convolution(), Shape.of(2, 3, 17), Shape.of(5, 3, 3));
        convolution(cases, "1-d, stride and padding", geometry(1).stride(3).pad(2, 1).convolution(),
                Shape.of(2, 3, 17), Shape.of(5, 3, 5));
        convolution(cases, "1-d, causal and dilated", geometry(1).pad(4, 0).dilation(2).convolution(),
                Shape.of(1, 2, 13), Shape.of(3, 2, 3));
        convolution(cases, "2-d", geometry(2).convolution(), Shape.of(2, 3, 7, 9), Shape.of(5, 3, 3, 3));
        convolution(cases, "2-d, same", geometry(2).pad(1, 1).convolution(), Shape.of(2, 4, 8, 8),
                Shape.of(6, 4, 3, 3));
        convolution(cases, "2-d, 1x1", geometry(2).convolution(), Shape.of(3, 7, 5, 3), Shape.of(13, 7, 1, 1));
        convolution(cases, "2-d, 1x1 with stride", geometry(2).stride(2).convolution(), Shape.of(2, 3, 7, 8),
                Shape.of(5, 3, 1, 1));
        convolution(cases, "2-d, stride with a rest", geometry(2).stride(2).pad(0, 1).convolution(),
                Shape.of(2, 3, 8, 9), Shape.of(4, 3, 3, 2));
        convolution(cases, "2-d, uneven everything",
                new ConvolutionGeometry(List.of(2, 3), List.of(1, 0), List.of(2, 3), List.of(2, 1), 1),
                Shape.of(2, 3, 11, 13), Shape.of(4, 3, 3, 5));
        convolution(cases, "2-d, dilation", geometry(2).pad(2, 2).dilation(2).convolution(), Shape.of(1, 2, 9, 9),
                Shape.of(3, 2, 3, 3));
        convolution(cases, "2-d, groups", geometry(2).pad(1, 1).groups(2).convolution(), Shape.of(2, 6, 5, 7),
                Shape.of(4, 3, 3, 3));
        convolution(cases, "2-d, depthwise", geometry(2).pad(1, 1).groups(5).convolution(), Shape.of(2, 5, 7, 7),
                Shape.of(5, 1, 3, 3));
        convolution(cases, "2-d, depthwise with multiplier", geometry(2).stride(2).groups(3).convolution(),
                Shape.of(2, 3, 7, 7), Shape.of(6, 1, 3, 3));
        convolution(cases, "2-d, filter as large as the input", geometry(2).convolution(), Shape.of(3, 2, 5, 7),
                Shape.of(4, 2, 5, 7));
        convolution(cases, "2-d, padding wider than the filter", geometry(2).pad(3, 4).convolution(),
                Shape.of(1, 1, 3, 3), Shape.of(2, 1, 2, 2));
        convolution(cases, "2-d, stride wider than the filter", geometry(2).stride(4).convolution(),
                Shape.of(1, 2, 13, 9), Shape.of(3, 2, 2, 3));
        convolution(cases, "2-d, one pixel", geometry(2).pad(1, 1).convolution(), Shape.of(1, 1, 1, 1),
                Shape.of(1, 1, 3, 3));
        convolution(cases, "2-d, many channels", geometry(2).pad(1, 1).convolution(), Shape.of(2, 33, 6, 6),
                Shape.of(17, 33, 3, 3));
        convolution(cases, "2-d, blocks of channels", geometry(2).pad(1, 1).convolution(), Shape.of(3, 16, 12, 11),
                Shape.of(32, 16, 3, 3));
        convolution(cases, "2-d, blocks of channels without padding", geometry(2).convolution(),
                Shape.of(2, 32, 14, 10), Shape.of(16, 32, 3, 3));
        convolution(cases, "2-d, many blocks of few pixels", geometry(2).pad(1, 1).convolution(),
                Shape.of(2, 16, 8, 8), Shape.of(80, 16, 3, 3));
        convolution(cases, "2-d, stem", geometry(2).stride(2).pad(3, 3).convolution(), Shape.of(1, 3, 33, 33),
                Shape.of(8, 3, 7, 7));
        convolution(cases, "2-d, no images", geometry(2).convolution(), Shape.of(0, 3, 5, 5), Shape.of(4, 3, 3, 3));
        convolution(cases, "3-d", geometry(3).pad(1, 0).convolution(), Shape.of(2, 2, 5, 4, 6),
                Shape.of(3, 2, 3, 2, 3));
        convolution(cases, "3-d, strides, dilation and groups",
                new ConvolutionGeometry(List.of(1, 2, 3), List.of(0, 1, 2), List.of(1, 0, 2), List.of(1, 2, 1), 2),
                Shape.of(1, 4, 4, 7, 7), Shape.of(2, 2, 2, 3, 3));
        for (DType dtype : List.of(DType.F16, DType.BF16)) {
            cases.add(OpCase.one(
                    "convolution/" + ElementwiseCases.lower(dtype),
                    List.of(Draw.f32(2, 4, 7, 7).with(dtype), Draw.f32(6, 4, 3, 3).with(dtype)),
                    in -> in.get(0)
                            .graph()
                            .add(new Op.Convolution(geometry(2).pad(1, 1).convolution(), DType.F32),
                                    in.get(0), in.get(1)))
                    .within(new Tolerance(2, 1))
                    .valuesOnly());
        }
    }

    private static void convolution(
            List<OpCase> cases, String name, ConvolutionGeometry geometry, Shape input, Shape filter) {
        int axes = geometry.axes();
        int[] dims = new int[axes + 2];
        dims[0] = input.dim(0);
        dims[1] = filter.dim(0);
        for (int i = 0; i < axes; i++) {
            dims[i + 2] = geometry.outputSize(i, input.dim(i + 2), filter.dim(i + 2));
        }
        Draw x = Draw.f32(input.toArray());
        Draw w = Draw.f32(filter.toArray());
        Draw g = Draw.f32(dims);
        long taps = filter.size() / filter.dim(0);
        cases.add(OpCase.one(
                "convolution/" + name,
                List.of(x, w),
                in -> in.get(0)
                        .graph()
                        .add(new Op.Convolution(geometry, accumulator(in.get(0))), in.get(0), in.get(1)))
                .within(Tolerance.sum(taps)));
        cases.add(OpCase.one(
                "convolution-input-gradient/" + name,
                List.of(w, g),
                in -> in.get(0)
                        .graph()
                        .add(
                                new Op.ConvolutionInputGradient(geometry, input, accumulator(in.get(0))),
                                in.get(0),
                                in.get(1)))
                .within(Tolerance.sum(filter.size() / filter.dim(1))));
        cases.add(OpCase.one(
                "convolution-filter-gradient/" + name,
                List.of(x, g),
                in -> in.get(0)
                        .graph()
                        .add(
                                new Op.ConvolutionFilterGradient(geometry, filter, accumulator(in.get(0))),
                                in.get(0),
                                in.get(1)))
                .within(Tolerance.sum(Shape.of(dims).size() / Math.max(1, dims[1]))));
    }

    private static void pools(List<OpCase> cases) {
        pool(cases, "1-d", window(3).pool(), Shape.of(2, 3, 17));
        pool(cases, "2-d, 2x2", window(2, 2).stride(2).pool(), Shape.of(2, 3, 8, 6));
        pool(cases, "2-d, 2x2 with a rest", window(2, 2).stride(2).pool(), Shape.of(2, 3, 7, 9));
        pool(cases, "2-d, overlapping with padding", window(3, 3).stride(2).pad(1, 1).pool(), Shape.of(2, 3, 9, 8));
        pool(cases, "2-d, uneven",
                new PoolGeometry(List.of(3, 2), List.of(2, 1), List.of(1, 0), List.of(2, 1), List.of(1, 1), false),
                Shape.of(1, 2, 8, 7));
        pool(cases, "2-d, dilation", window(2, 3).pad(1, 1).dilation(2).pool(), Shape.of(1, 2, 9, 9));
        pool(cases, "2-d, ceil mode", window(2, 2).stride(2).ceil().pool(), Shape.of(2, 3, 7, 9));
        pool(cases, "2-d, ceil mode with padding", window(3, 3).stride(2).pad(1, 1).ceil().pool(),
                Shape.of(1, 2, 8, 6));
        pool(cases, "2-d, ceil mode, last window dropped", window(2, 2).stride(3).pad(1, 1).ceil().pool(),
                Shape.of(1, 2, 4, 7));
        pool(cases, "2-d, the whole plane", window(5, 7).pool(), Shape.of(3, 4, 5, 7));
        pool(cases, "2-d, 1x1", window(1, 1).pool(), Shape.of(1, 2, 3, 3));
        pool(cases, "2-d, no images", window(2, 2).stride(2).pool(), Shape.of(0, 3, 4, 4));
        pool(cases, "3-d", window(2, 3, 2).stride(2).pad(1, 0).pool(), Shape.of(1, 2, 4, 7, 5));
    }

    private static void pool(List<OpCase> cases, String name, PoolGeometry geometry, Shape input) {
        int[] dims = input.toArray();
        for (int i = 0; i < geometry.axes(); i++) {
            dims[i + 2] = geometry.outputSize(i, input.dim(i + 2));
        }
        Draw x = Draw.apart(input.toArray());
        Draw g = Draw.f32(dims);
        int taps = geometry.window().stream().reduce(1, (a, b) -> a * b);
        for (Pooling pooling : Pooling.values()) {
            String kind = ElementwiseCases.lower(pooling).replace('_', ' ');
            boolean max = pooling == Pooling.MAX;
            cases.add(OpCase.one(
                    "pool/%s, %s".formatted(kind, name),
                    List.of(x),
                    in -> in.get(0).graph().add(new Op.Pool(pooling, geometry), in.get(0)))
                    .within(max ? Tolerance.EXACT : Tolerance.sum(taps)));
            cases.add(OpCase.one(
                    "pool-gradient/%s, %s".formatted(kind, name),
                    max ? List.of(x, g) : List.of(g),
                    in -> in.get(0)
                            .graph()
                            .add(new Op.PoolGradient(pooling, geometry, input), in)
                            .getFirst())
                    .within(Tolerance.sum(taps)));
        }
        cases.add(OpCase.one(
                "pool-pick/" + name,
                List.of(x, Draw.f32(input.toArray())),
                in -> in.get(0).graph().add(new Op.PoolPick(geometry), in.get(0), in.get(1))));
    }

    static GeometryBuilder geometry(int axes) {
        return new GeometryBuilder(Collections.nCopies(axes, 1));
    }

    private static GeometryBuilder window(Integer... window) {
        return new GeometryBuilder(List.of(window));
    }

    /** Geometries whose axes are all alike. */
    static final class GeometryBuilder {
        private final List<Integer> window;
        private int stride = 1;
        private int low;
        private int high;
        private int dilation = 1;
        private int groups = 1;
        private boolean ceil;

        private GeometryBuilder(List<Integer> window) {
            this.window = window;
        }

        GeometryBuilder stride(int stride) {
            this.stride = stride;
            return this;
        }

        GeometryBuilder pad(int low, int high) {
            this.low = low;
            this.high = high;
            return this;
        }

        GeometryBuilder dilation(int dilation) {
            this.dilation = dilation;
            return this;
        }

        GeometryBuilder groups(int groups) {
            this.groups = groups;
            return this;
        }

        GeometryBuilder ceil() {
            this.ceil = true;
            return this;
        }

        ConvolutionGeometry convolution() {
            return new ConvolutionGeometry(all(stride), all(low), all(high), all(dilation), groups);
        }

        PoolGeometry pool() {
            return new PoolGeometry(window, all(stride), all(low), all(high), all(dilation), ceil);
        }

        private List<Integer> all(int value) {
            return Collections.nCopies(window.size(), value);
        }
    }
}
