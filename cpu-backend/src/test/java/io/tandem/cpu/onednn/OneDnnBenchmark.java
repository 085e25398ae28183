package io.tandem.cpu.onednn;

import io.tandem.cpu.threads.Workers;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Times primitives in several layouts. Not a test: run it on an idle machine. The optional argument is the number of
 * threads; with one thread it counts processor time instead of time, so that other programs disturb less. Each line:
 * what, milliseconds of the best batch of runs, GFLOP/s or GB/s, layout of the weights, implementation.
 */
public final class OneDnnBenchmark implements AutoCloseable {
    private static final List<FormatTag> LAYOUTS =
            List.of(FormatTag.PLAIN, FormatTag.CHANNELS_LAST, FormatTag.BLOCKED_8, FormatTag.BLOCKED_16);

    private final Fixture fixture = new Fixture();
    private final LongSupplier clock;

    private OneDnnBenchmark(int threads) {
        ThreadMXBean bean = ManagementFactory.getThreadMXBean();
        clock = threads == 1 ? bean::getCurrentThreadCpuTime : System::nanoTime;
    }

    /** Runs all of it. */
    public static void main(String[] arguments) {
        int threads = arguments.length > 0 ? Integer.parseInt(arguments[0])
                : Runtime.getRuntime().availableProcessors();
        try (Workers workers = Workers.open(threads); OneDnnBenchmark benchmark = new OneDnnBenchmark(threads)) {
            print("%s, %s", OneDnn.explanation(), workers);
            benchmark.overhead(workers);
            benchmark.products();
            benchmark.convolutions();
            benchmark.poolings();
            benchmark.normalizations();
            benchmark.reorders();
            benchmark.recurrent();
            benchmark.rows();
        }
    }

    @Override
    public void close() {
        fixture.close();
    }

    private static void print(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }

    /** Seconds per run: the best of several batches; a slow run is done twice and no more. */
    private double seconds(Runnable run) {
        run.run();
        long start = clock.getAsLong();
        run.run();
        double best = (clock.getAsLong() - start) / 1e9;
        if (best > 0.2) {
            return best;
        }
        long count = Math.max(1, (long) (0.015 / Math.max(best, 1e-8)));
        for (int batch = 0; batch < 7; batch++) {
            start = clock.getAsLong();
            for (long i = 0; i < count; i++) {
                run.run();
            }
            double mean = (clock.getAsLong() - start) / 1e9 / count;
            count = Math.max(1, (long) (0.015 / Math.max(mean, 1e-8)));
            best = Math.min(best, mean);
        }
        return best;
    }

    private static final class Trivial {
        static final MethodHandle SIZE =
                Calls.function("dnnl_data_type_size", ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT);
    }

    private void overhead(Workers workers) {
        double call = seconds(() -> {
            for (int i = 0; i < 1000; i++) {
                try {
                    if ((long) Trivial.SIZE.invokeExact(3) != 4) {
                        throw new IllegalStateException("float32 has 4 bytes");
                    }
                } catch (Throwable e) {
                    throw new IllegalStateException(e);
                }
            }
        });
        print("trivial call %.1f ns", call * 1e6);
        MemoryDescriptor x = MemoryDescriptor.of(DataType.F32, 16);
        double tiny = time(new Eltwise.Forward(Propagation.INFERENCE, EltwiseFunction.RELU, x, x, 0, 0), Map.of());
        print("relu of 16 values %.0f ns", tiny * 1e9);
        double fork = seconds(() -> workers.parallel(2, 1, (part, from, to) -> {}));
        print("empty parallel loop %.2f us", fork * 1e6);
        long start = clock.getAsLong();
        int count = 20;
        for (int i = 0; i < count; i++) {
            MemoryDescriptor a = MemoryDescriptor.of(DataType.F32, 100 + i, 64);
            MemoryDescriptor b = MemoryDescriptor.of(DataType.F32, 64, 100 + i);
            MemoryDescriptor c = MemoryDescriptor.of(DataType.F32, 100 + i, 100 + i);
            try (PrimitiveDescriptor descriptor = fixture.engine().describe(MatMul.of(a, b, c));
                    Primitive primitive = descriptor.primitive()) {
                primitive.arguments();
            }
        }
        print("descriptor and primitive of a matmul %.3f ms", (clock.getAsLong() - start) / 1e6 / count);
    }

    private double time(Operation operation, Map<Argument, Memory> given) {
        return time(fixture.describe(operation), given);
    }

    private double time(PrimitiveDescriptor descriptor, Map<Argument, Memory> given) {
        Map<Argument, Memory> memories = new HashMap<>();
        try (Primitive primitive = descriptor.primitive()) {
            primitive.arguments().forEach((argument, layout) -> {
                Memory earlier = given.get(argument);
                Memory memory = earlier != null && earlier.descriptor().equals(layout) ? earlier : filled(layout);
                memories.put(argument, memory);
            });
            try (BoundPrimitive bound = primitive.bind(fixture.stream(), memories)) {
                return seconds(bound::execute);
            }
        }
    }

    /** A memory of small positive numbers. */
    private Memory filled(MemoryDescriptor layout) {
        Memory memory = fixture.memory(layout);
        for (long i = 0; i + 4 <= layout.size(); i += 4) {
            memory.segment().set(ValueLayout.JAVA_FLOAT, i, 0.01f + i % 61 * 0.001f);
        }
        return memory;
    }

    private void line(String what, double seconds, double work, String unit, String layout,
            PrimitiveDescriptor descriptor) {
        print("%-58s %9.3f ms %8.1f %-8s %-22s %s", what, seconds * 1e3, work / seconds / 1e9, unit, layout,
                descriptor.implementation());
    }

    private void product(String what, MatMul product, PrimitiveAttributes attributes) {
        PrimitiveDescriptor descriptor = fixture.describe(product, attributes);
        double batch = 1;
        for (int i = 0; i < product.dst().rank() - 2; i++) {
            batch *= product.dst().dim(i);
        }
        int rank = product.dst().rank();
        double work =
                2.0 * batch * product.dst().dim(rank - 2) * product.dst().dim(rank - 1) * product.src().dim(rank - 1);
        line(what, time(descriptor, Map.of()), work, "GFLOP/s", descriptor.layout(Argument.WEIGHTS).layout(),
                descriptor);
    }

    private void products() {
        PrimitiveAttributes strict = PrimitiveAttributes.DEFAULT;
        PrimitiveAttributes bf16 = strict.withFpMath(PrimitiveAttributes.FpMath.BF16);
        long n = 1024;
        MemoryDescriptor square = MemoryDescriptor.of(DataType.F32, n, n);
        MemoryDescriptor turned = MemoryDescriptor.permuted(DataType.F32, new long[] {n, n}, 1, 0);
        MemoryDescriptor open = square.withAnyLayout();
        product("matmul 1024 f32", MatMul.of(square, square, square), strict);
        product("matmul 1024 f32, src transposed", MatMul.of(turned, square, square), strict);
        product("matmul 1024 f32, weights transposed", MatMul.of(square, turned, square), strict);
        product("matmul 1024 f32, weights open", MatMul.of(square, open, square), strict);
        product("matmul 1024 bf16 math", MatMul.of(square, square, square), bf16);
        product("matmul 1024 bf16 math, src transposed", MatMul.of(turned, square, square), bf16);
        product("matmul 1024 bf16 math, weights transposed", MatMul.of(square, turned, square), bf16);
        product("matmul 1024 bf16 math, weights open", MatMul.of(square, open, square), bf16);
        MemoryDescriptor rows = MemoryDescriptor.of(DataType.F32, 128, 784);
        MemoryDescriptor dense = MemoryDescriptor.of(DataType.F32, 784, 128);
        MemoryDescriptor result = MemoryDescriptor.of(DataType.F32, 128, 128);
        product("matmul 128x784x128", MatMul.of(rows, dense, result), strict);
        product("matmul 128x784x128, bias and relu", new MatMul(rows, dense,
                Optional.of(MemoryDescriptor.of(DataType.F32, 1, 128)), result), strict.then(EltwiseFunction.RELU));
        product("matmul 784x128x128, src transposed", MatMul.of(
                MemoryDescriptor.permuted(DataType.F32, new long[] {784, 128}, 1, 0),
                MemoryDescriptor.of(DataType.F32, 128, 128), MemoryDescriptor.of(DataType.F32, 784, 128)), strict);
        product("attention 8x4x64x32 by transposed", MatMul.of(MemoryDescriptor.of(DataType.F32, 8, 4, 64, 32),
                MemoryDescriptor.permuted(DataType.F32, new long[] {8, 4, 32, 64}, 0, 1, 3, 2),
                MemoryDescriptor.of(DataType.F32, 8, 4, 64, 64)), strict);
        product("attention heads strided", MatMul.of(
                MemoryDescriptor.permuted(DataType.F32, new long[] {8, 4, 64, 32}, 0, 2, 1, 3),
                MemoryDescriptor.permuted(DataType.F32, new long[] {8, 4, 32, 64}, 0, 3, 1, 2),
                MemoryDescriptor.of(DataType.F32, 8, 4, 64, 64)), strict);
    }

    private void convolutions() {
        convolution("conv 3x3 32->64 [128,32,26,26]", 128, 32, 64, 26, 3, 0, 1, 1);
        convolution("conv 3x3 1->32 [128,1,28,28]", 128, 1, 32, 28, 3, 0, 1, 1);
        convolution("conv 3x3 64->64 [32,64,28,28] pad 1", 32, 64, 64, 28, 3, 1, 1, 1);
        convolution("conv 1x1 64->128 stride 2 [32,64,28,28]", 32, 64, 128, 28, 1, 0, 2, 1);
        convolution("conv 3x3 depthwise 64 [32,64,28,28] pad 1", 32, 1, 1, 28, 3, 1, 1, 64);
    }

    private void convolution(String what, long batch, long inputs, long outputs, long size, long window, int pad,
            int stride, long groups) {
        WindowGeometry geometry = WindowGeometry.of(2, stride, pad);
        long out = geometry.outputSize(0, size, window);
        double work = 2.0 * batch * groups * outputs * inputs * out * out * window * window;
        MemoryDescriptor weights = groups == 1 ? MemoryDescriptor.any(DataType.F32, outputs, inputs, window, window)
                : MemoryDescriptor.any(DataType.F32, groups, outputs, inputs, window, window);
        MemoryDescriptor bias = MemoryDescriptor.of(DataType.F32, groups * outputs);
        List<FormatTag[]> pairs = new ArrayList<>();
        LAYOUTS.forEach(tag -> pairs.add(new FormatTag[] {tag, tag}));
        if (inputs <= 3) {
            pairs.add(new FormatTag[] {FormatTag.PLAIN, FormatTag.BLOCKED_16});
        }
        pairs.add(new FormatTag[] {FormatTag.ANY, FormatTag.ANY});
        for (FormatTag[] pair : pairs) {
            MemoryDescriptor src = MemoryDescriptor.of(DataType.F32, pair[0], batch, groups * inputs, size, size);
            MemoryDescriptor dst = MemoryDescriptor.of(DataType.F32, pair[1], batch, groups * outputs, out, out);
            String tag = pair[0] == pair[1] ? pair[0].name() : pair[0] + " to " + pair[1];
            PrimitiveDescriptor forward = fixture.describe(new Convolution.Forward(Propagation.TRAINING, src, weights,
                    Optional.of(bias), dst, geometry));
            PrimitiveDescriptor data =
                    fixture.describe(new Convolution.BackwardData(src, weights, dst, geometry, forward));
            PrimitiveDescriptor gradient = fixture.describe(
                    new Convolution.BackwardWeights(src, weights, Optional.of(bias), dst, geometry, forward));
            if (pair[0] == FormatTag.ANY) {
                print("%s: chosen %s to %s; bwd data %s to %s; bwd weights %s and %s", what,
                        forward.layout(Argument.SRC).layout(), forward.layout(Argument.DST).layout(),
                        data.layout(Argument.DIFF_DST).layout(), data.layout(Argument.DIFF_SRC).layout(),
                        gradient.layout(Argument.SRC).layout(), gradient.layout(Argument.DIFF_DST).layout());
            }
            convolutionLine(what + " fwd " + tag, forward, work, Argument.WEIGHTS);
            convolutionLine(what + " bwd data " + tag, data, work, Argument.WEIGHTS);
            convolutionLine(what + " bwd weights " + tag, gradient, work, Argument.DIFF_WEIGHTS);
        }
    }

    private void convolutionLine(String what, PrimitiveDescriptor descriptor, double work, Argument weights) {
        if (descriptor.isReference()) {
            print("%-58s not timed: plain loops, %s", what, descriptor.implementation());
        } else {
            line(what, time(descriptor, Map.of()), work, "GFLOP/s", descriptor.layout(weights).layout(), descriptor);
        }
    }

    private void poolings() {
        WindowGeometry geometry = WindowGeometry.of(2, 2, 0);
        List<Integer> window = List.of(2, 2);
        for (Pooling.Kind kind : List.of(Pooling.Kind.MAX, Pooling.Kind.AVERAGE_EXCLUDE_PADDING)) {
            for (FormatTag tag : LAYOUTS) {
                MemoryDescriptor src = MemoryDescriptor.of(DataType.F32, tag, 128, 64, 24, 24);
                MemoryDescriptor dst = MemoryDescriptor.of(DataType.F32, tag, 128, 64, 12, 12);
                double bytes = src.size() + dst.size();
                PrimitiveDescriptor forward = fixture.describe(
                        new Pooling.Forward(Propagation.TRAINING, kind, src, dst, window, geometry));
                PrimitiveDescriptor backward = fixture.describe(
                        new Pooling.Backward(kind, src, dst, window, geometry, forward));
                Map<Argument, Memory> workspace = new HashMap<>();
                forward.workspace().ifPresent(w -> {
                    Memory memory = fixture.memory(w);
                    memory.segment().fill((byte) 0);
                    workspace.put(Argument.WORKSPACE, memory);
                });
                line(kind + " pool 2x2 [128,64,24,24] fwd " + tag, time(forward, workspace), bytes, "GB/s", "",
                        forward);
                line(kind + " pool 2x2 [128,64,24,24] bwd " + tag, time(backward, workspace), bytes, "GB/s", "",
                        backward);
            }
        }
    }

    private void normalizations() {
        Set<BatchNormalization.Flag> flags =
                Set.of(BatchNormalization.Flag.SCALE, BatchNormalization.Flag.SHIFT);
        for (FormatTag tag : LAYOUTS) {
            MemoryDescriptor x = MemoryDescriptor.of(DataType.F32, tag, 128, 64, 24, 24);
            PrimitiveDescriptor forward = fixture.describe(
                    new BatchNormalization.Forward(Propagation.TRAINING, x, x, 1e-5f, flags));
            PrimitiveDescriptor backward = fixture.describe(
                    new BatchNormalization.Backward(x, x, x, 1e-5f, flags, forward));
            line("batch norm [128,64,24,24] fwd " + tag, time(forward, Map.of()), 2.0 * x.size(), "GB/s", "", forward);
            line("batch norm [128,64,24,24] bwd " + tag, time(backward, Map.of()), 3.0 * x.size(), "GB/s", "",
                    backward);
        }
    }

    private void reorders() {
        MemoryDescriptor plain = MemoryDescriptor.of(DataType.F32, 128, 32, 26, 26);
        for (FormatTag tag : LAYOUTS.subList(1, LAYOUTS.size())) {
            MemoryDescriptor other = MemoryDescriptor.of(DataType.F32, tag, 128, 32, 26, 26);
            PrimitiveDescriptor there = fixture.describe(new Reorder(plain, other));
            PrimitiveDescriptor back = fixture.describe(new Reorder(other, plain));
            line("reorder [128,32,26,26] to " + tag, time(there, Map.of()), 2.0 * plain.size(), "GB/s", "", there);
            line("reorder [128,32,26,26] from " + tag, time(back, Map.of()), 2.0 * plain.size(), "GB/s", "", back);
        }
        MemoryDescriptor matrix = MemoryDescriptor.of(DataType.F32, 1024, 1024);
        MemoryDescriptor turned = MemoryDescriptor.permuted(DataType.F32, new long[] {1024, 1024}, 1, 0);
        PrimitiveDescriptor transpose = fixture.describe(new Reorder(matrix, turned));
        line("transpose 1024x1024", time(transpose, Map.of()), 2.0 * matrix.size(), "GB/s", "", transpose);
    }

    private void recurrent() {
        long steps = 96;
        long batch = 64;
        long units = 128;
        Lstm.Tensors tensors = Lstm.Tensors.of(steps, batch, units, units);
        double work = 2.0 * steps * batch * 4 * units * (units + units);
        for (PrimitiveAttributes.FpMath mode : List.of(PrimitiveAttributes.FpMath.STRICT,
                PrimitiveAttributes.FpMath.BF16)) {
            PrimitiveAttributes attributes = PrimitiveAttributes.DEFAULT.withFpMath(mode);
            PrimitiveDescriptor forward = fixture.describe(
                    new Lstm.Forward(Propagation.TRAINING, Direction.FORWARD, tensors), attributes);
            PrimitiveDescriptor backward = fixture.describe(
                    new Lstm.Backward(Direction.FORWARD, tensors, tensors, forward), attributes);
            line("lstm 128 units 96 steps batch 64 fwd " + mode, time(forward, Map.of()), work, "GFLOP/s",
                    forward.layout(Argument.WEIGHTS_LAYER).layout(), forward);
            line("lstm 128 units 96 steps batch 64 bwd " + mode, time(backward, Map.of()), 2 * work, "GFLOP/s",
                    backward.layout(Argument.WEIGHTS_LAYER).layout() + " "
                            + backward.layout(Argument.DIFF_WEIGHTS_LAYER).layout(),
                    backward);
        }
        RecurrentTensors gru = Gru.tensors(steps, batch, units, units);
        PrimitiveDescriptor forward =
                fixture.describe(new Gru.Forward(Propagation.TRAINING, Direction.FORWARD, gru));
        PrimitiveDescriptor backward = fixture.describe(new Gru.Backward(Direction.FORWARD, gru, gru, forward));
        line("gru 128 units 96 steps batch 64 fwd", time(forward, Map.of()), work * 3 / 4, "GFLOP/s",
                forward.layout(Argument.WEIGHTS_LAYER).layout(), forward);
        line("gru 128 units 96 steps batch 64 bwd", time(backward, Map.of()), work * 3 / 2, "GFLOP/s",
                backward.layout(Argument.WEIGHTS_LAYER).layout(), backward);
    }

    private void rows() {
        for (long width : new long[] {10, 64, 512, 1000}) {
            MemoryDescriptor x = MemoryDescriptor.of(DataType.F32, 1 << 20 >> 6, width);
            PrimitiveDescriptor softmax = fixture.describe(
                    new Softmax.Forward(Propagation.TRAINING, Softmax.Kind.SOFTMAX, x, x, 1));
            line("softmax [16384," + width + "] fwd", time(softmax, Map.of()), 2.0 * x.size(), "GB/s", "", softmax);
            PrimitiveDescriptor gradient = fixture.describe(
                    new Softmax.Backward(Softmax.Kind.SOFTMAX, x, x, x, 1, softmax));
            line("softmax [16384," + width + "] bwd", time(gradient, Map.of()), 3.0 * x.size(), "GB/s", "", gradient);
            Set<LayerNormalization.Flag> flags =
                    Set.of(LayerNormalization.Flag.SCALE, LayerNormalization.Flag.SHIFT);
            MemoryDescriptor statistics = MemoryDescriptor.of(DataType.F32, x.dim(0));
            PrimitiveDescriptor forward = fixture.describe(
                    new LayerNormalization.Forward(Propagation.TRAINING, x, x, statistics, 1e-5f, flags));
            PrimitiveDescriptor backward = fixture.describe(
                    new LayerNormalization.Backward(x, x, x, statistics, 1e-5f, flags, forward));
            line("layer norm [16384," + width + "] fwd", time(forward, Map.of()), 2.0 * x.size(), "GB/s", "", forward);
            line("layer norm [16384," + width + "] bwd", time(backward, Map.of()), 3.0 * x.size(), "GB/s", "",
                    backward);
        }
    }
}
