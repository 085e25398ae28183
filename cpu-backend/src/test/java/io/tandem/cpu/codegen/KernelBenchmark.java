package io.tandem.cpu.codegen;

import static io.tandem.cpu.codegen.KernelWriter.access;

import io.tandem.compile.Kernel;
import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.Reduction;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * Measures kernels on one thread, beside a copy of as many bytes. Run it by hand: {@code KernelBenchmark [scalar] [name
 * part]}.
 */
final class KernelBenchmark {
    /** Nanoseconds per kernel. */
    private static final long BUDGET = Long.getLong("nanos", 2_500_000_000L);

    private KernelBenchmark() {}

    public static void main(String[] args) {
        boolean scalar = args.length > 0 && args[0].equals("scalar");
        String part = args.length == 0 || scalar && args.length == 1 ? "" : args[args.length - 1];
        boolean vector = args.length > 0 && args[0].equals("vector");
        KernelCompiler compiler =
                scalar ? KernelCompiler.scalar() : vector ? KernelCompiler.vector() : KernelCompiler.best();
        System.out.printf("%-28s %9s %9s %9s %9s%n", "kernel", "us", "ns/elem", "GB/s", "x copy");
        kernels().forEach((name, kernel) -> {
            if (name.contains(part)) {
                measure(compiler, name, kernel);
            }
        });
    }

    private static void measure(KernelCompiler compiler, String name, Kernel kernel) {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment[] operands = KernelRuns.operands(kernel, arena, new Random(1), false);
            MemorySegment[] results = KernelRuns.results(kernel, arena);
            long bytes = 0;
            for (MemorySegment memory : operands) {
                bytes += memory.byteSize();
            }
            for (MemorySegment memory : results) {
                bytes += memory.byteSize();
            }
            CompiledKernel compiled = compiler.compile(kernel);
            double time = best(() -> compiled.run(operands, results, 0, compiled.units()));
            MemorySegment from = arena.allocate(bytes / 2 + 64, 64);
            MemorySegment to = arena.allocate(bytes / 2 + 64, 64);
            long half = bytes / 2;
            double copy = best(() -> MemorySegment.copy(from, 0, to, 0, half));
            System.out.printf(
                    Locale.ROOT,
                    "%-28s %9.1f %9.3f %9.1f %9.2f%n",
                    name,
                    time / 1e3,
                    time / kernel.size(),
                    bytes / time,
                    time / copy);
        }
    }

    private static double best(Runnable body) {
        long begin = System.nanoTime();
        double best = Double.MAX_VALUE;
        for (int i = 0; i < 20 || System.nanoTime() - begin < BUDGET; i++) {
            long start = System.nanoTime();
            body.run();
            best = Math.min(best, System.nanoTime() - start);
        }
        return best;
    }

    private static Map<String, Kernel> kernels() {
        Map<String, Kernel> kernels = new LinkedHashMap<>();
        for (int n : new int[] {100_000, 4_000_000}) {
            KernelWriter w = new KernelWriter(n);
            kernels.put("relu " + n, w.store(w.unary(UnaryFunction.RELU, w.load(DType.F32))).kernel());
            w = new KernelWriter(n);
            kernels.put("add " + n, w.store(w.plus(w.load(DType.F32), w.load(DType.F32))).kernel());
            kernels.put("adam " + n, adam(n));
            kernels.put("gelu " + n, gelu(n));
            for (UnaryFunction function : new UnaryFunction[] {
                UnaryFunction.EXP, UnaryFunction.LOG, UnaryFunction.TANH, UnaryFunction.SIGMOID, UnaryFunction.SIN
            }) {
                w = new KernelWriter(n);
                kernels.put(
                        function.name().toLowerCase(Locale.ROOT) + " " + n,
                        w.store(w.unary(function, w.load(DType.F32))).kernel());
            }
        }
        kernels.put("softmax [1024, 1000]", KernelWriter.softmax(DType.F32, Shape.of(1024), Shape.of(1000)));
        kernels.put("softmax [64, 10]", KernelWriter.softmax(DType.F32, Shape.of(64), Shape.of(10)));
        kernels.put("layer norm [4096, 512]", KernelWriter.layerNorm(DType.F32, Shape.of(4096), Shape.of(512)));
        KernelWriter w = new KernelWriter(Shape.of(4096), Shape.of(1024));
        kernels.put("sum axis 1 [4096, 1024]", w.storeRows(w.fold(Reduction.SUM, w.load(DType.F32))).kernel());
        w = new KernelWriter(Shape.of(1024), Shape.of(4096));
        kernels.put(
                "sum axis 0 [4096, 1024]",
                w.storeRows(w.fold(Reduction.SUM, w.load(DType.F32, access(0, 1, 1024)))).kernel());
        w = new KernelWriter(Shape.of(256), Shape.of(128));
        kernels.put(
                "sum axis 0 [128, 256]",
                w.storeRows(w.fold(Reduction.SUM, w.load(DType.F32, access(0, 1, 256)))).kernel());
        w = new KernelWriter(Shape.of(), Shape.of(4_000_000));
        kernels.put("sum [4000000]", w.storeRows(w.fold(Reduction.SUM, w.load(DType.F32))).kernel());
        w = new KernelWriter(2048, 2048);
        kernels.put("transpose [2048, 2048]", w.store(w.load(DType.F32, access(0, 1, 2048))).kernel());
        w = new KernelWriter(256, 256);
        kernels.put("transpose [256, 256]", w.store(w.load(DType.F32, access(0, 1, 256))).kernel());
        w = new KernelWriter(32, 64, 3136);
        int bias = w.load(DType.F32, access(0, 0, 1, 0));
        kernels.put(
                "bias + relu [32, 64, 3136]",
                w.store(w.unary(UnaryFunction.RELU, w.plus(w.load(DType.F32), bias))).kernel());
        for (int columns : new int[] {96, 100, 1000}) {
            w = new KernelWriter(4096, columns);
            int row = w.load(DType.F32, access(0, 0, 1));
            kernels.put("bias [4096, " + columns + "]", w.store(w.plus(w.load(DType.F32), row)).kernel());
        }
        kernels.put("max pooling [32, 4, 24, 24, 16]", maxPooling(32, 4, 24, 16));
        w = new KernelWriter(Shape.of(4, 16), Shape.of(128, 24, 24));
        kernels.put(
                "bias gradient [128, 4, 24, 24, 16]",
                w.storeRows(w.fold(Reduction.SUM, w.load(DType.F32, access(0, 9216, 1, 36864, 384, 16)))).kernel());
        w = new KernelWriter(16, 8, 128, 64);
        kernels.put("heads [16, 128, 8, 64]", w.store(w.load(DType.F32, access(0, 65536, 64, 512, 1))).kernel());
        w = new KernelWriter(1_000_000);
        int x = w.load(DType.F32);
        int positive = w.compare(Comparison.GT, x, w.literal(DType.F32, 0));
        kernels.put("mask [1000000]", w.store(positive).kernel());
        w = new KernelWriter(1_000_000);
        int chosen = w.select(w.load(DType.BOOL), w.load(DType.F32), w.literal(DType.F32, 0));
        kernels.put("select [1000000]", w.store(chosen).kernel());
        return kernels;
    }

    /** Maxima of 2 x 2 windows, where channels are in blocks. */
    private static Kernel maxPooling(int images, int blocks, int size, int block) {
        int half = size / 2;
        KernelWriter w = new KernelWriter(images, blocks, half, half, block);
        long[] strides = {
            (long) blocks * size * size * block, (long) size * size * block, 2L * size * block, 2L * block, 1
        };
        int first = w.load(DType.F32, access(0, strides));
        int most = first;
        for (int i = 1; i < 4; i++) {
            long offset = (i / 2 * size + i % 2) * (long) block;
            most = w.binary(BinaryFunction.MAX, most, w.loadAgain(0, access(offset, strides)));
        }
        return w.store(most).kernel();
    }

    private static Kernel gelu(int n) {
        KernelWriter w = new KernelWriter(n);
        int x = w.load(DType.F32);
        int erf = w.unary(UnaryFunction.ERF, w.times(x, w.literal(DType.F32, Math.sqrt(0.5))));
        int half = w.times(x, w.literal(DType.F32, 0.5));
        return w.store(w.times(half, w.plus(erf, w.literal(DType.F32, 1)))).kernel();
    }

    /** One Adam update (Kingma and Ba 2015): four loads, three stores. */
    static Kernel adam(int n) {
        KernelWriter w = new KernelWriter(n);
        int p = w.load(DType.F32);
        int g = w.load(DType.F32);
        int m = w.load(DType.F32);
        int v = w.load(DType.F32);
        int m1 = w.plus(w.times(m, w.literal(DType.F32, 0.9)), w.times(g, w.literal(DType.F32, 0.1)));
        int squared = w.times(w.times(g, g), w.literal(DType.F32, 0.001));
        int v1 = w.plus(w.times(v, w.literal(DType.F32, 0.999)), squared);
        int deviation = w.plus(w.unary(UnaryFunction.SQRT, w.unary(UnaryFunction.ABS, v1)), w.literal(DType.F32, 1e-8));
        int p1 = w.minus(p, w.over(w.times(m1, w.literal(DType.F32, 1e-3)), deviation));
        return w.store(p1).store(m1).store(v1).kernel();
    }
}
