/**
 * Fused kernels as generated code: a {@link io.tandem.compile.Kernel} becomes loops in a hidden class.
 *
 * <p>A kernel is cut into <em>blocks</em>, straight-line programs in a loop over at most three axes ({@code
 * BlockProgram}), which are compiled to Vector API code, or to scalar code where the incubator module is missing. Both
 * forms come from the same program, and give the same bits. Plans ({@code MapPlan}, {@code FoldPlan}) choose axes, cut
 * the work into units, and move what is not contiguous through small tiles.
 */
package io.tandem.cpu.codegen;
