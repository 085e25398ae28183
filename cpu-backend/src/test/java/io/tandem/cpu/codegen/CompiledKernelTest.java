package io.tandem.cpu.codegen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.compile.Kernel;
import io.tandem.graph.BinaryFunction;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompiledKernelTest {
    static Stream<KernelCatalog.Entry> entries() {
        return KernelCatalog.all().stream();
    }

    @ParameterizedTest
    @MethodSource("entries")
    void allFormsAgree(KernelCatalog.Entry entry) {
        KernelRuns.check(entry.kernel(), 7, false, entry.ulps(), entry.scale());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void madeUpKernelsAgree(int part) {
        for (int seed = 60 * part; seed < 60 * (part + 1); seed++) {
            KernelRuns.check(RandomKernels.of(seed, 5 + seed % 20), seed, seed % 2 == 1, 0, 0);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {150, 500, 1500})
    void largeKernelsAgree(int instructions) {
        KernelRuns.check(RandomKernels.of(instructions, instructions), 1, false, 0, 0);
    }

    @Test
    void firstCallEqualsTheTwentyThousandth() {
        List<Kernel> kernels = List.of(
                KernelWriter.softmax(DType.F32, Shape.of(3), Shape.of(45)),
                KernelWriter.layerNorm(DType.F32, Shape.of(4), Shape.of(37)),
                functions());
        for (Kernel kernel : kernels) {
            try (Arena arena = Arena.ofShared()) {
                MemorySegment[] operands = KernelRuns.operands(kernel, arena, new Random(3), true);
                MemorySegment[] first = KernelRuns.results(kernel, arena);
                MemorySegment[] later = KernelRuns.results(kernel, arena);
                CompiledKernel compiled = KernelCompiler.vector().compile(kernel);
                compiled.run(operands, first, 0, compiled.units());
                for (int i = 2; i <= 20_000; i++) {
                    compiled.run(operands, later, 0, compiled.units());
                }
                KernelRuns.same(kernel, "20,000th call", first, later);
            }
        }
    }

    /** All functions of floats, so that each is seen by the JIT compiler. */
    private static Kernel functions() {
        KernelWriter w = new KernelWriter(77);
        int x = w.load(DType.F32);
        for (UnaryFunction function : UnaryFunction.values()) {
            switch (function) {
                case NOT, IS_FINITE -> {}
                default -> w.store(w.unary(function, x));
            }
        }
        return w.store(w.binary(BinaryFunction.POW, x, w.load(DType.F32))).kernel();
    }

    @Test
    void takingOverFromScalarCodeChangesNothing() {
        Kernel kernel = KernelWriter.layerNorm(DType.F32, Shape.of(64), Shape.of(333));
        try (Arena arena = Arena.ofShared()) {
            MemorySegment[] operands = KernelRuns.operands(kernel, arena, new Random(3), false);
            MemorySegment[] first = KernelRuns.results(kernel, arena);
            CompiledKernel compiled = KernelCompiler.withoutMachineCode().compile(kernel);
            compiled.run(operands, first, 0, compiled.units());
            for (int i = 0; i < 2000; i++) {
                MemorySegment[] later = {first[0].asSlice(0), first[1].asSlice(0), first[2].asSlice(0)};
                if (i % 100 == 0) {
                    later = KernelRuns.results(kernel, arena);
                }
                compiled.run(operands, later, Parallel.sequential());
                KernelRuns.same(kernel, "call " + i, first, later);
            }
        }
    }

    @Test
    void kernelsOfOneStructureShareCode() {
        KernelCompiler compiler = KernelCompiler.vector();
        for (int n : new int[] {10, 1000, 12_345, 7}) {
            try (Arena arena = Arena.ofShared()) {
                Kernel kernel = KernelBenchmark.adam(n);
                CompiledKernel compiled = compiler.compile(kernel);
                compiled.run(
                        KernelRuns.operands(kernel, arena, new Random(1), false),
                        KernelRuns.results(kernel, arena),
                        Parallel.sequential());
            }
        }
        assertEquals(1, compiler.codeCount());
    }

    @Test
    void resultsMayReplaceOperands() {
        Kernel kernel = KernelBenchmark.adam(1003);
        for (KernelCompiler compiler : List.of(KernelRuns.FASTEST, KernelRuns.VECTOR, KernelRuns.SCALAR)) {
            try (Arena arena = Arena.ofShared()) {
                MemorySegment[] operands = KernelRuns.operands(kernel, arena, new Random(5), false);
                MemorySegment[] results = KernelRuns.results(kernel, arena);
                CompiledKernel compiled = compiler.compile(kernel);
                compiled.run(operands, results, Parallel.sequential());
                MemorySegment[] inPlace = {operands[0], operands[2], operands[3]};
                compiled.run(operands, inPlace, Parallel.sequential());
                KernelRuns.same(kernel, "in place", results, inPlace);
            }
        }
    }

    @Test
    void memoryThatIsTooSmallIsNotOverrun() {
        Kernel kernel = KernelBenchmark.adam(1000);
        for (KernelCompiler compiler : List.of(KernelRuns.FASTEST, KernelRuns.VECTOR, KernelRuns.SCALAR)) {
            try (Arena arena = Arena.ofShared()) {
                MemorySegment[] operands = KernelRuns.operands(kernel, arena, new Random(5), false);
                MemorySegment[] results = KernelRuns.results(kernel, arena);
                operands[1] = operands[1].asSlice(0, 3996);
                CompiledKernel compiled = compiler.compile(kernel);
                assertThrows(
                        IndexOutOfBoundsException.class,
                        () -> compiled.run(operands, results, Parallel.sequential()));
            }
        }
    }

    @Test
    void contradictionsAreNamed() {
        Kernel.Access access = KernelWriter.access(0, 1);
        Kernel kernel = new Kernel(
                Shape.of(4),
                Shape.of(),
                List.of(DType.F32),
                List.of(DType.F64),
                List.of(new Kernel.Load(DType.F32, 0, access), new Kernel.Cast(DType.F64, 3)),
                List.of(new Kernel.Store(0, 1, access)));
        IllegalArgumentException error =
                assertThrows(IllegalArgumentException.class, () -> KernelRuns.SCALAR.compile(kernel));
        assertTrue(error.getMessage().contains("v1: there is no value 3 yet"), error.getMessage());
    }
}
