package io.tandem.cpu.primitive;

import io.tandem.compile.Kernel;
import io.tandem.cpu.codegen.CompiledKernel;
import java.lang.foreign.MemorySegment;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Generated code for what stands between a library's primitives.
 *
 * @param compiler makes code of a kernel
 * @param team the threads that run it
 */
public record FusedCode(Function<Kernel, CompiledKernel> compiler, Team team) {
    /** Adds a kernel of one operand and one result, by all threads. */
    void run(
            PrimitiveKernel.Builder builder,
            Kernel kernel,
            Supplier<MemorySegment> operand,
            Supplier<MemorySegment> result) {
        CompiledKernel compiled = compiler.apply(kernel);
        MemorySegment[] from = new MemorySegment[1];
        MemorySegment[] to = new MemorySegment[1];
        builder.whenBound(() -> {
            from[0] = operand.get();
            to[0] = result.get();
        });
        builder.then(() -> compiled.run(from, to, team));
    }
}
