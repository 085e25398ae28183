package io.tandem.cpu.primitive;

import io.tandem.compile.Kernel;
import io.tandem.cpu.codegen.CompiledKernel;
import java.util.function.Function;

/**
 * Generated code for what stands between a library's primitives.
 *
 * @param compiler makes code of a kernel
 * @param team the threads that run it
 */
public record FusedCode(Function<Kernel, CompiledKernel> compiler, Team team) {}
