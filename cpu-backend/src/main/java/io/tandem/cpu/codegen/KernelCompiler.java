package io.tandem.cpu.codegen;

import io.tandem.compile.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Compiles kernels to code for this machine. Code is shared by kernels that differ in sizes, strides and literals
 * alone, so a compiler is best kept for as long as kernels are compiled. Safe for use by several threads.
 */
public final class KernelCompiler {
    private final TieredRunner.Compilers compilers;

    private KernelCompiler(TieredRunner.Compilers compilers) {
        this.compilers = compilers;
    }

    /**
     * A compiler that makes the fastest code: vector code if the module {@code jdk.incubator.vector} is there, which
     * takes over from scalar code as soon as the JIT compiler has made it the faster one; or else scalar code.
     */
    public static KernelCompiler best() {
        return isVectorModulePresent()
                ? new KernelCompiler(compilers(true, true))
                : scalar();
    }

    private static TieredRunner.Compilers compilers(boolean scalar, boolean vector) {
        return new TieredRunner.Compilers(
                scalar ? Optional.of(new BlockCompiler(0)) : Optional.empty(),
                vector ? Optional.of(new BlockCompiler(VectorLanes.preferredBits())) : Optional.empty());
    }

    /** Whether this Java machine was started with {@code --add-modules jdk.incubator.vector}. */
    public static boolean isVectorModulePresent() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    }

    /**
     * A compiler to vector code from the first call on: slow at first, then as fast as any.
     *
     * @throws IllegalStateException if the module {@code jdk.incubator.vector} is not there
     */
    public static KernelCompiler vector() {
        if (!isVectorModulePresent()) {
            throw new IllegalStateException("vector code needs the module jdk.incubator.vector: start Java with"
                    + " --add-modules jdk.incubator.vector");
        }
        return new KernelCompiler(compilers(false, true));
    }

    /** A compiler to scalar code, which needs no module. Its results have the same bits as those of vector code. */
    public static KernelCompiler scalar() {
        return new KernelCompiler(compilers(true, false));
    }

    /** Whether this compiler makes vector code. */
    public boolean vectorises() {
        return compilers.vector().isPresent();
    }

    /** The number of different pieces of code made so far. */
    public int codeCount() {
        return Stream.of(compilers.scalar(), compilers.vector())
                .flatMap(Optional::stream)
                .mapToInt(BlockCompiler::size)
                .sum();
    }

    /**
     * Compiles a kernel.
     *
     * @throws IllegalArgumentException if the kernel contradicts itself
     */
    public CompiledKernel compile(Kernel kernel) {
        KernelChecks.check(kernel);
        boolean elementwise = kernel.inner().rank() == 0;
        if (!elementwise && kernel.folds()) {
            return new FoldPlan(kernel, compilers, IndexSpace.of(kernel, false));
        }
        List<Integer> all = IntStream.range(0, kernel.stores().size()).boxed().toList();
        if (elementwise) {
            return new MapPlan(kernel, compilers, IndexSpace.of(kernel, false), all);
        }
        // no folds: per-row values over rows, the others over all indices
        boolean[] perRow = kernel.perRow();
        List<CompiledKernel> parts = new ArrayList<>();
        for (boolean rows : new boolean[] {true, false}) {
            List<Integer> stores = all.stream()
                    .filter(store -> perRow[kernel.stores().get(store).value()] == rows)
                    .toList();
            if (!stores.isEmpty()) {
                parts.add(new MapPlan(kernel, compilers, IndexSpace.of(kernel, !rows), stores));
            }
        }
        return parts.size() == 1 ? parts.getFirst() : new Sequence(List.copyOf(parts));
    }

    /** Kernels that do not depend on each other, as one. */
    private record Sequence(List<CompiledKernel> parts) implements CompiledKernel {
        @Override
        public long units() {
            return parts.stream().mapToLong(CompiledKernel::units).sum();
        }

        @Override
        public long grain() {
            return 1;
        }

        @Override
        public void run(MemorySegment[] operands, MemorySegment[] results, long fromUnit, long toUnit) {
            long before = 0;
            for (CompiledKernel part : parts) {
                long from = Math.max(0, fromUnit - before);
                long to = Math.min(part.units(), toUnit - before);
                if (from < to) {
                    part.run(operands, results, from, to);
                }
                before += part.units();
            }
        }

        @Override
        public void run(MemorySegment[] operands, MemorySegment[] results, Parallel parallel) {
            parts.forEach(part -> part.run(operands, results, parallel));
        }
    }
}
