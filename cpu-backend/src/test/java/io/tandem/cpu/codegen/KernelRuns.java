package io.tandem.cpu.codegen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.tandem.compile.Kernel;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Runs kernels in every form there is, and compares these with each other and with the interpreter. */
final class KernelRuns {
    /** Vector code from the first call on, if there is any. */
    static final KernelCompiler VECTOR =
            KernelCompiler.isVectorModulePresent() ? KernelCompiler.vector() : KernelCompiler.scalar();

    static final KernelCompiler SCALAR = KernelCompiler.scalar();

    /** Machine code if the processor runs it, or else vector code. */
    static final KernelCompiler FASTEST = KernelCompiler.machine().orElse(VECTOR);

    private KernelRuns() {}

    /** The number of elements that the accesses to an operand (or result) reach. */
    static long extent(Kernel kernel, int number, boolean result) {
        List<Kernel.Access> accesses = new ArrayList<>();
        for (Kernel.Instruction instruction : kernel.body()) {
            if (instruction instanceof Kernel.Load load && !result && load.operand() == number) {
                accesses.add(load.access());
            }
        }
        for (Kernel.Store store : kernel.stores()) {
            if (result && store.result() == number) {
                accesses.add(store.access());
            }
        }
        int[] dims = kernel.outer().concat(kernel.inner()).toArray();
        long extent = 0;
        for (Kernel.Access access : accesses) {
            long last = access.offset();
            for (int i = 0; i < dims.length; i++) {
                last += Math.max(0, access.strides().get(i)) * Math.max(0, dims[i] - 1);
            }
            extent = Math.max(extent, last + 1);
        }
        return extent;
    }

    /** Values of a type: mostly moderate ones, or with {@code special} all that a type has to offer. */
    static double value(DType dtype, Random random, boolean special) {
        if (!dtype.isFloating()) {
            return switch (dtype) {
                case BOOL -> random.nextInt(2);
                case U8 -> random.nextInt(256);
                default -> random.nextInt(41) - 20;
            };
        }
        if (special && random.nextInt(3) == 0) {
            double[] values = {
                0.0, -0.0, 1, -1, 0.5, 1.5, 2.5, -2.5, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN,
                1e-40, -1e-40, Float.MIN_VALUE, Float.MAX_VALUE, -Float.MAX_VALUE, 88.5, -103, 1e10, 3e9, -2.2e9, 1e19
            };
            return dtype.round(values[random.nextInt(values.length)]);
        }
        return dtype.round(random.nextGaussian() * (special ? 10 : 1));
    }

    /** Operands with random values. */
    static MemorySegment[] operands(Kernel kernel, Arena arena, Random random, boolean special) {
        MemorySegment[] operands = new MemorySegment[kernel.operands().size()];
        for (int i = 0; i < operands.length; i++) {
            DType dtype = kernel.operands().get(i);
            long extent = extent(kernel, i, false);
            operands[i] = arena.allocate(Math.max(1, extent * dtype.bytes()), 64);
            for (long k = 0; k < extent; k++) {
                NDArray.put(operands[i], dtype, k, value(dtype, random, special));
            }
        }
        return operands;
    }

    /** Results filled with a pattern, so that what is not written can be seen. */
    static MemorySegment[] results(Kernel kernel, Arena arena) {
        MemorySegment[] results = new MemorySegment[kernel.results().size()];
        for (int i = 0; i < results.length; i++) {
            long bytes = extent(kernel, i, true) * kernel.results().get(i).bytes();
            results[i] = arena.allocate(Math.max(1, bytes), 64);
            results[i].fill((byte) 0x41);
        }
        return results;
    }

    /**
     * Checks that all forms of a kernel give the same bits, and that these are within {@code ulps} units of the last
     * place of the interpreter's result, or within that times {@code scale} units of 1.
     */
    static void check(Kernel kernel, long seed, boolean special, double ulps, double scale) {
        try (Arena arena = Arena.ofShared()) {
            Random random = new Random(seed);
            MemorySegment[] operands = operands(kernel, arena, random, special);
            MemorySegment[] expected = results(kernel, arena);
            KernelInterpreter.run(kernel, operands, expected);

            CompiledKernel fastest = FASTEST.compile(kernel);
            MemorySegment[] whole = results(kernel, arena);
            fastest.run(operands, whole, 0, fastest.units());
            for (int i = 0; i < whole.length; i++) {
                close(kernel, i, expected[i], whole[i], ulps, scale);
            }

            MemorySegment[] split = results(kernel, arena);
            for (long unit = 0; unit < fastest.units();) {
                long to = Math.min(fastest.units(), unit + 1 + random.nextInt(3));
                fastest.run(operands, split, unit, to);
                unit = to;
            }
            same(kernel, "split into units", whole, split);

            MemorySegment[] threads = results(kernel, arena);
            fastest.run(operands, threads, KernelRuns::onThreads);
            same(kernel, "on threads", whole, threads);

            for (KernelCompiler compiler : List.of(VECTOR, SCALAR)) {
                CompiledKernel other = compiler.compile(kernel);
                MemorySegment[] plain = results(kernel, arena);
                other.run(operands, plain, 0, other.units());
                same(kernel, compiler.form() + " code", whole, plain);
            }
        }
    }

    static void check(Kernel kernel) {
        check(kernel, 1, false, 0, 0);
    }

    /** Three threads, each with every third item. */
    static void onThreads(long units, long grain, Parallel.RangeBody body) {
        Thread[] threads = new Thread[3];
        for (int t = 0; t < threads.length; t++) {
            int first = t;
            threads[t] = Thread.ofPlatform().start(() -> {
                for (long unit = first; unit < units; unit += threads.length) {
                    body.run(unit, unit + 1);
                }
            });
        }
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Equal bits, where one NaN is as good as another. */
    static void same(Kernel kernel, String how, MemorySegment[] expected, MemorySegment[] actual) {
        for (int i = 0; i < expected.length; i++) {
            long at = expected[i].mismatch(actual[i]);
            if (at >= 0) {
                DType dtype = kernel.results().get(i);
                for (long k = at / dtype.bytes(); k < expected[i].byteSize() / dtype.bytes(); k++) {
                    long x = bits(expected[i], dtype, k);
                    long y = bits(actual[i], dtype, k);
                    if (x != y) {
                        fail("%s: result %d differs at %d: %s instead of %s, in\n%s".formatted(
                                how,
                                i,
                                k,
                                NDArray.get(actual[i], dtype, k),
                                NDArray.get(expected[i], dtype, k),
                                kernel));
                    }
                }
            }
        }
    }

    private static long bits(MemorySegment memory, DType dtype, long k) {
        return switch (dtype) {
            case I64 -> memory.getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, k);
            case F64, F32, F16, BF16, I32, U8, BOOL -> Double.doubleToLongBits(NDArray.get(memory, dtype, k));
        };
    }

    private static void close(
            Kernel kernel, int result, MemorySegment expected, MemorySegment actual, double ulps, double scale) {
        DType dtype = kernel.results().get(result);
        for (long k = 0; k < expected.byteSize() / dtype.bytes(); k++) {
            if (!dtype.isFloating()) {
                assertEquals(bits(expected, dtype, k), bits(actual, dtype, k), () -> "integers of " + kernel);
                continue;
            }
            double x = NDArray.get(expected, dtype, k);
            double y = NDArray.get(actual, dtype, k);
            if (Double.compare(x, y) == 0 || x == 0 && y == 0 && ulps > 0) {
                continue;
            }
            double bound = ulps * Math.max(ulp(dtype, x), scale * ulp(dtype, 1));
            if (!(Math.abs(x - y) <= bound)) {
                fail("result %d at %d is %s, expected %s, operands %s, in\n%s".formatted(
                        result, k, y, x, Arrays.toString(new long[] {k}), kernel));
            }
        }
    }

    static double ulp(DType dtype, double x) {
        return switch (dtype) {
            case F64 -> Math.ulp(x);
            case F32 -> Math.ulp((float) x);
            case F16 -> Math.max(0x1p-24, Math.ulp((float) x) * 0x1p13);
            case BF16 -> Math.ulp((float) x) * 0x1p16;
            case I64, I32, U8, BOOL -> 1;
        };
    }
}
