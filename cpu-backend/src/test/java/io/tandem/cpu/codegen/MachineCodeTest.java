package io.tandem.cpu.codegen;

import static io.tandem.cpu.codegen.KernelWriter.access;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tandem.compile.Kernel;
import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.Reduction;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Machine code must give the bits of scalar code, whatever the shapes. Skipped where there is no machine code. */
class MachineCodeTest {
    private static final KernelCompiler MACHINE = KernelCompiler.machine().orElse(KernelRuns.SCALAR);

    @BeforeAll
    static void needsMachineCode() {
        assumeTrue(MACHINE.form() == KernelCompiler.Form.MACHINE, "this machine runs no AVX-512 code");
    }

    private static void check(Kernel kernel, long seed, boolean special) {
        try (Arena arena = Arena.ofShared()) {
            check(kernel, KernelRuns.operands(kernel, arena, new Random(seed), special), arena);
        }
    }

    private static void check(Kernel kernel, MemorySegment[] operands, Arena arena) {
        MemorySegment[] expected = KernelRuns.results(kernel, arena);
        KernelRuns.SCALAR.compile(kernel).run(operands, expected, Parallel.sequential());
        MemorySegment[] actual = KernelRuns.results(kernel, arena);
        MACHINE.compile(kernel).run(operands, actual, Parallel.sequential());
        KernelRuns.same(kernel, "machine code", expected, actual);
        MemorySegment[] threads = KernelRuns.results(kernel, arena);
        MACHINE.compile(kernel).run(operands, threads, KernelRuns::onThreads);
        KernelRuns.same(kernel, "machine code on threads", expected, threads);
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void linesOfAllLengths(DType dtype) {
        for (int columns = 0; columns <= 33; columns++) {
            // columns of unit stride, apart, shared, and backwards
            KernelWriter w = new KernelWriter(3, columns);
            int x = w.load(dtype);
            int apart = w.load(dtype, access(1, 3L * columns, 3));
            int back = w.load(dtype, access(Math.max(0, columns - 1), columns, -1));
            int y = w.select(w.compare(Comparison.LT, x, apart), back, w.load(dtype, access(0, 1, 0)));
            w.store(y).store(x, access(0, 3L * columns, 3)).store(w.compare(Comparison.EQ, x, y));
            check(w.kernel(), columns, true);
        }
    }

    @ParameterizedTest
    @EnumSource(Reduction.class)
    void foldsOfAllLengths(Reduction reduction) {
        for (DType dtype : List.of(DType.F32, DType.F64, DType.I32, DType.I64, DType.BF16)) {
            for (int n = 1; n <= 33; n++) {
                KernelWriter w = new KernelWriter(Shape.of(5), Shape.of(3, n));
                w.storeRows(w.fold(reduction, w.load(dtype)));
                check(w.kernel(), n, true);
                w = new KernelWriter(Shape.of(n), Shape.of(3, 7));
                w.storeRows(w.fold(reduction, w.load(dtype, access(0, 1, 7L * n, n))));
                check(w.kernel(), n, true);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void madeUpKernels(int part) {
        for (int seed = 1000 + 250 * part; seed < 1000 + 250 * (part + 1); seed++) {
            check(RandomKernels.of(seed, 5 + seed % 60), seed, seed % 2 == 1);
        }
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F32", "F64", "I64", "BOOL"})
    void moreValuesThanRegisters(DType dtype) {
        KernelWriter w = new KernelWriter(2, 53);
        List<Integer> values = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            int x = w.load(dtype, i % 3 == 0 ? access(0, 1, 0) : access(0, 53, 1));
            values.add(dtype == DType.BOOL ? w.unary(UnaryFunction.NOT, x) : w.unary(UnaryFunction.NEG, x));
        }
        BinaryFunction function = dtype == DType.BOOL ? BinaryFunction.XOR : BinaryFunction.ADD;
        int sum = values.getLast();
        for (int i = 0; i < 59; i++) {
            sum = w.binary(function, sum, values.get(i * 7 % 60));
        }
        w.store(sum);
        values.subList(0, 20).forEach(w::store);
        check(w.kernel(), 5, false);
    }

    @Test
    void manyFoldsOfOnePass() {
        for (int folds : new int[] {6, 12, 13}) {
            for (long[] strides : new long[][] {{40, 1}, {1, 21}}) {
                KernelWriter w = new KernelWriter(Shape.of(21), Shape.of(40));
                for (int i = 0; i < folds; i++) {
                    Reduction reduction = Reduction.values()[i % 3];
                    w.storeRows(w.fold(reduction, w.load(DType.F32, access(0, strides))));
                }
                check(w.kernel(), folds, true);
            }
        }
    }

    @Test
    void functionsThatJavaComputes() {
        try (Arena arena = Arena.ofShared()) {
            int n = 45;
            KernelWriter w = new KernelWriter(n);
            int x = w.load(DType.F32);
            int wide = w.load(DType.F64);
            w.store(w.plus(w.unary(UnaryFunction.SIN, x), x)).store(w.unary(UnaryFunction.COS, x));
            for (UnaryFunction function : UnaryFunction.values()) {
                if (function != UnaryFunction.NOT) {
                    w.store(w.unary(function, wide));
                }
            }
            w.store(w.binary(BinaryFunction.POW, wide, w.unary(UnaryFunction.ABS, wide)));
            MemorySegment[] operands = KernelRuns.operands(w.kernel(), arena, new Random(3), true);
            // large arguments of the sine, alone and in vectors with small ones
            for (int i = 0; i < n; i += 5) {
                operands[0].setAtIndex(ValueLayout.JAVA_FLOAT, i, (i % 2 == 0 ? 1 : -1) * 3e8f * (i + 1));
            }
            check(w.kernel(), operands, arena);
        }
    }

    @Test
    void transposesOfAllSizes() {
        for (int lines : new int[] {8, 15, 16, 17, 63, 64, 65, 130}) {
            for (int columns : new int[] {8, 16, 31, 64, 100}) {
                KernelWriter w = new KernelWriter(2, lines, columns);
                int x = w.load(DType.F32, access(3, (long) lines * columns, 1, lines));
                w.store(w.plus(x, w.load(DType.F32))).store(x, access(1, (long) lines * columns, 1, lines));
                check(w.kernel(), lines + columns, false);
            }
        }
    }

    @Test
    void columnsFarApart(@TempDir Path folder) throws IOException {
        long stride = 20_000_000;
        long bytes = 4 * (2 * stride + 9);
        try (Arena arena = Arena.ofShared();
                FileChannel file = FileChannel.open(
                        folder.resolve("sparse"),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.SPARSE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            MemorySegment memory = file.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
            for (int i = 0; i < 3; i++) {
                memory.setAtIndex(ValueLayout.JAVA_FLOAT, stride * i, i + 1);
            }
            KernelWriter w = new KernelWriter(3);
            w.store(w.unary(UnaryFunction.NEG, w.load(DType.F32, access(0, stride))));
            check(w.kernel(), new MemorySegment[] {memory}, arena);
            w = new KernelWriter(3);
            w.store(w.load(DType.F32), access(1, stride));
            MemorySegment[] operands = {arena.allocateFrom(ValueLayout.JAVA_FLOAT, 7, 8, 9)};
            MACHINE.compile(w.kernel()).run(operands, new MemorySegment[] {memory}, Parallel.sequential());
            for (int i = 0; i < 3; i++) {
                assertEquals(7 + i, memory.getAtIndex(ValueLayout.JAVA_FLOAT, 1 + stride * i));
            }
        }
    }

    @Test
    void memoryOfTheJavaHeap() {
        Kernel kernel = KernelBenchmark.adam(100);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment[] operands = KernelRuns.operands(kernel, arena, new Random(1), false);
            MemorySegment[] expected = KernelRuns.results(kernel, arena);
            CompiledKernel compiled = MACHINE.compile(kernel);
            compiled.run(operands, expected, Parallel.sequential());
            MemorySegment[] heap = new MemorySegment[operands.length];
            for (int i = 0; i < heap.length; i++) {
                heap[i] = MemorySegment.ofArray(operands[i].toArray(ValueLayout.JAVA_BYTE));
            }
            MemorySegment[] results = KernelRuns.results(kernel, arena);
            compiled.run(heap, results, Parallel.sequential());
            KernelRuns.same(kernel, "on the heap", expected, results);
        }
    }

    @Test
    void memoryThatIsTooSmallIsAnError() {
        KernelWriter w = new KernelWriter(Shape.of(8), Shape.of(100));
        w.storeRows(w.fold(Reduction.SUM, w.load(DType.F32)));
        try (Arena arena = Arena.ofShared()) {
            MemorySegment[] operands = {arena.allocate(3196)};
            MemorySegment[] results = KernelRuns.results(w.kernel(), arena);
            CompiledKernel compiled = MACHINE.compile(w.kernel());
            assertThrows(
                    IndexOutOfBoundsException.class,
                    () -> compiled.run(operands, results, Parallel.sequential()));
        }
    }
}
