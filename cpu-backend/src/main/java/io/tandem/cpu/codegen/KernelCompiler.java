package io.tandem.cpu.codegen;

import io.tandem.compile.Kernel;
import io.tandem.cpu.codegen.machine.ExecutableMemoryException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compiles kernels to code for this machine. Code is shared by kernels that differ in sizes, strides and literals
 * alone, so a compiler is best kept for as long as kernels are compiled. Safe for use by several threads.
 */
public final class KernelCompiler {
    private static final Logger log = LoggerFactory.getLogger(KernelCompiler.class);

    /** For kernels that have no machine code. */
    private final TieredRunner.Compilers compilers;

    private final Optional<MachineCompiler> machine;
    private volatile boolean refused;

    private KernelCompiler(TieredRunner.Compilers compilers, Optional<MachineCompiler> machine) {
        this.compilers = compilers;
        this.machine = machine;
    }

    /**
     * A compiler that makes the fastest code: machine code where the processor has AVX-512; else vector code if the
     * module {@code jdk.incubator.vector} is there, which takes over from scalar code as soon as the JIT compiler has
     * made it the faster one; or else scalar code.
     */
    public static KernelCompiler best() {
        return machine().orElseGet(KernelCompiler::withoutMachineCode);
    }

    /** A compiler that makes the fastest code that Java itself can run. */
    public static KernelCompiler withoutMachineCode() {
        return isVectorModulePresent()
                ? new KernelCompiler(compilers(true, true), Optional.empty())
                : scalar();
    }

    /**
     * A compiler to machine code, if this machine runs it. Its results have the same bits as those of scalar code,
     * which it makes of the few functions that have no machine code.
     */
    public static Optional<KernelCompiler> machine() {
        return MachineCompiler.find().map(found -> new KernelCompiler(compilers(true, false), Optional.of(found)));
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
        return new KernelCompiler(compilers(false, true), Optional.empty());
    }

    /** A compiler to scalar code, which needs no module. Its results have the same bits as those of vector code. */
    public static KernelCompiler scalar() {
        return new KernelCompiler(compilers(true, false), Optional.empty());
    }

    /** Kinds of code. */
    public enum Form {
        /** AVX-512 code. */
        MACHINE,
        /** Code with the Vector API. */
        VECTOR,
        /** Plain Java code. */
        SCALAR
    }

    /** The fastest kind of code that this compiler makes. */
    public Form form() {
        return machine.isPresent() ? Form.MACHINE : compilers.vector().isPresent() ? Form.VECTOR : Form.SCALAR;
    }

    /** The number of different pieces of code made so far. */
    public int codeCount() {
        return Stream.of(compilers.scalar(), compilers.vector())
                .flatMap(Optional::stream)
                .mapToInt(BlockCompiler::size)
                .sum()
                + machine.map(MachineCompiler::size).orElse(0);
    }

    /**
     * Compiles a kernel.
     *
     * @throws IllegalArgumentException if the kernel contradicts itself
     */
    public CompiledKernel compile(Kernel kernel) {
        KernelChecks.check(kernel);
        if (machine.isPresent() && !refused && MachineCompiler.accepts(kernel)) {
            try {
                CompiledKernel compiled = compile(kernel, machine.get());
                return new MachineKernel(compiled, () -> compile(kernel, compilers));
            } catch (ExecutableMemoryException e) {
                refused = true;
                log.warn("fused kernels run as Java code, slower: {}", e.getMessage());
            }
        }
        return compile(kernel, compilers);
    }

    private static CompiledKernel compile(Kernel kernel, KernelBlock.Maker maker) {
        boolean elementwise = kernel.inner().rank() == 0;
        if (!elementwise && kernel.folds()) {
            return new FoldPlan(kernel, maker, IndexSpace.of(kernel, false));
        }
        List<Integer> all = IntStream.range(0, kernel.stores().size()).boxed().toList();
        if (elementwise) {
            return new MapPlan(kernel, maker, IndexSpace.of(kernel, false), all);
        }
        // no folds: per-row values over rows, the others over all indices
        boolean[] perRow = kernel.perRow();
        List<CompiledKernel> parts = new ArrayList<>();
        for (boolean rows : new boolean[] {true, false}) {
            List<Integer> stores = all.stream()
                    .filter(store -> perRow[kernel.stores().get(store).value()] == rows)
                    .toList();
            if (!stores.isEmpty()) {
                parts.add(new MapPlan(kernel, maker, IndexSpace.of(kernel, !rows), stores));
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
