/**
 * Fused kernels as generated code: a {@link io.tandem.compile.Kernel} becomes loops of machine code, or of Java code in
 * a hidden class.
 *
 * <p>A kernel is cut into <em>blocks</em>, straight-line programs in a loop over at most three axes ({@code
 * BlockProgram}). On processors with AVX-512 they become machine code ({@code MachineGenerator}), which is as fast at its
 * first call as at any other. Elsewhere they are Vector API code, or scalar code where the incubator module is missing.
 * All forms come from the same program, and give the same bits. Plans ({@code MapPlan}, {@code FoldPlan}) choose axes and
 * cut the work into units.
 */
package io.tandem.cpu.codegen;
