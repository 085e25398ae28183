package io.tandem.cpu.codegen;

import io.tandem.compile.Kernel;
import io.tandem.graph.BinaryFunction;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Prints one number for the results of all kernels in the catalog: equal numbers mean equal bits. */
final class KernelDigest {
    private KernelDigest() {}

    public static void main(String[] args) {
        boolean tiered = args.length > 0 && args[0].equals("tiered");
        KernelCompiler compiler = tiered ? KernelCompiler.withoutMachineCode() : KernelRuns.VECTOR;
        System.out.println("form: " + compiler.form());
        System.out.println("digest: " + of(compiler));
    }

    static String of(KernelCompiler compiler) {
        long hash = 0;
        for (Kernel kernel : kernels()) {
            try (Arena arena = Arena.ofShared()) {
                MemorySegment[] operands = KernelRuns.operands(kernel, arena, new Random(21), true);
                MemorySegment[] results = KernelRuns.results(kernel, arena);
                compiler.compile(kernel).run(operands, results, Parallel.sequential());
                for (int i = 0; i < results.length; i++) {
                    DType dtype = kernel.results().get(i);
                    for (long k = 0; k < KernelRuns.extent(kernel, i, true); k++) {
                        // all NaN are alike
                        hash = 31 * hash + Double.doubleToLongBits(NDArray.get(results[i], dtype, k));
                    }
                }
            }
        }
        return Long.toHexString(hash);
    }

    private static List<Kernel> kernels() {
        List<Kernel> kernels = new ArrayList<>();
        List<KernelCatalog.Entry> entries = KernelCatalog.all();
        for (int i = 0; i < entries.size(); i += 3) {
            kernels.add(entries.get(i).kernel());
        }
        for (UnaryFunction function : UnaryFunction.values()) {
            for (DType dtype : KernelCatalog.floatings()) {
                if (function != UnaryFunction.NOT) {
                    KernelWriter w = new KernelWriter(501);
                    kernels.add(w.store(w.unary(function, w.load(dtype))).kernel());
                }
            }
        }
        for (BinaryFunction function : BinaryFunction.values()) {
            for (DType dtype : List.of(DType.F32, DType.F64, DType.I32, DType.I64, DType.U8)) {
                boolean bits = switch (function) {
                    case AND, OR, XOR -> true;
                    default -> false;
                };
                if (dtype.isFloating() ? !bits : function != BinaryFunction.POW) {
                    KernelWriter w = new KernelWriter(501);
                    kernels.add(w.store(w.binary(function, w.load(dtype), w.load(dtype))).kernel());
                }
            }
        }
        return kernels;
    }
}
