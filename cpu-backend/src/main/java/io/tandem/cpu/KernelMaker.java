package io.tandem.cpu;

import io.tandem.compile.Kernel;
import io.tandem.compile.Plan;
import io.tandem.cpu.codegen.CompiledKernel;
import io.tandem.cpu.codegen.KernelCompiler;
import io.tandem.cpu.kernel.ArgReduceKernel;
import io.tandem.cpu.kernel.ConcatKernel;
import io.tandem.cpu.kernel.ConvolutionKernel;
import io.tandem.cpu.kernel.DefinitionKernel;
import io.tandem.cpu.kernel.Faults;
import io.tandem.cpu.kernel.GatherKernel;
import io.tandem.cpu.kernel.MatMulKernel;
import io.tandem.cpu.kernel.PadKernel;
import io.tandem.cpu.kernel.Place;
import io.tandem.cpu.kernel.PoolKernel;
import io.tandem.cpu.kernel.RandomKernel;
import io.tandem.cpu.kernel.ScatterAddKernel;
import io.tandem.cpu.kernel.StepKernel;
import io.tandem.cpu.kernel.StepPlaces;
import io.tandem.cpu.primitive.OneDnnKernels;
import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.tensor.DType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Chooses a kernel for each step: generated code, oneDNN where it is there and knows the case, or Java. */
final class KernelMaker implements Program.KernelFactory {
    private final Map<Kernel, CompletableFuture<CompiledKernel>> generated = new HashMap<>();
    private final Optional<OneDnnKernels> library;
    private final DeviceThreads threads;
    private final Faults faults;

    /**
     * Starts to generate the code of a plan's fused kernels; equal ones share it.
     *
     * @param plan whose kernels will be asked for
     */
    KernelMaker(
            Plan plan,
            KernelCompiler compiler,
            Optional<OneDnnKernels> library,
            DeviceThreads threads,
            Faults faults) {
        this.library = library;
        this.threads = threads;
        this.faults = faults;
        generate(plan, compiler);
    }

    /** On other threads, while the device's thread makes the library's primitives. */
    private void generate(Plan plan, KernelCompiler compiler) {
        for (Plan.Step step : plan.steps()) {
            switch (step.action()) {
                case Plan.RunKernel(Kernel kernel) -> generated.computeIfAbsent(
                        kernel, k -> CompletableFuture.supplyAsync(() -> compiler.compile(k)));
                case Plan.Loop loop -> generate(loop.body(), compiler);
                case Plan.Call call -> {}
                case Plan.Convert convert -> {}
            }
        }
    }

    private CompiledKernel code(Kernel kernel) {
        try {
            return generated.get(kernel).join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    @Override
    public StepKernel make(Plan.Step step, StepPlaces places, long end) {
        return switch (step.action()) {
            case Plan.RunKernel(Kernel kernel) -> new FusedKernel(code(kernel), places, threads);
            case Plan.Loop loop -> new LoopKernel(loop, places, new Program(loop.body(), end, this));
            case Plan.Convert convert -> library.orElseThrow().convert(places);
            case Plan.Call call ->
                library.flatMap(l -> l.make(call, places)).orElseGet(() -> inJava(step, call, places));
        };
    }

    private StepKernel inJava(Plan.Step step, Plan.Call call, StepPlaces places) {
        List<Place> in = places.operands();
        Place out = places.result();
        return switch (call.op()) {
            case Op.Random op -> new RandomKernel(op, in.get(0), in.get(1), out, threads);
            case Op.Pad op -> new PadKernel(op, in.getFirst(), out, threads);
            case Op.Concat(int axis) -> new ConcatKernel(axis, in, out, threads);
            case Op.ArgReduce(boolean largest, int axis) ->
                new ArgReduceKernel(largest, axis, in.getFirst(), out, threads);
            case Op.Gather(int axis) ->
                new GatherKernel(step.locate("gather"), axis, in.get(0), in.get(1), out, threads, faults);
            case Op.ScatterAdd(int axis, int size) ->
                new ScatterAddKernel(step.locate("scatter-add"), axis, in.get(0), in.get(1), out, threads, faults);
            case Op.MatMul op -> op.accumulator() == DType.F64 && out.type().dtype() != DType.F64
                    ? byDefinition(call, places)
                    : new MatMulKernel(op, call.epilogue(), in, out, threads);
            case Op.Convolution op -> single(out, op.accumulator())
                    ? ConvolutionKernel.forward(op, call.epilogue(), in, out, threads)
                    : byDefinition(call, places);
            case Op.ConvolutionInputGradient op -> single(out, op.accumulator())
                    ? ConvolutionKernel.inputGradient(op, in, out, threads)
                    : byDefinition(call, places);
            case Op.ConvolutionFilterGradient op -> single(out, op.accumulator())
                    ? ConvolutionKernel.filterGradient(op, in, out, threads)
                    : byDefinition(call, places);
            case Op.Pool(Pooling pooling, PoolGeometry geometry) -> single(out, DType.F32)
                    ? PoolKernel.pool(pooling, geometry, in.getFirst(), out, threads)
                    : byDefinition(call, places);
            case Op.PoolGradient op -> single(out, DType.F32)
                    ? PoolKernel.gradient(
                            op.pooling(),
                            op.geometry(),
                            call.residual() ? in.subList(0, in.size() - 1) : in,
                            out,
                            threads)
                    : byDefinition(call, places);
            case Op.PoolPick(PoolGeometry geometry) -> single(out, DType.F32)
                    ? PoolKernel.pick(geometry, in, out, threads)
                    : byDefinition(call, places);
            case Op.Iota op -> byDefinition(call, places);
            case Op.Reduce op -> byDefinition(call, places);
            case Op.Composite op -> byDefinition(call, places);
            case Op.Input op -> throw unexpected(call);
            case Op.Constant op -> throw unexpected(call);
            case Op.Unary op -> byDefinition(call, places);
            case Op.Binary op -> byDefinition(call, places);
            case Op.Compare op -> byDefinition(call, places);
            case Op.Select op -> byDefinition(call, places);
            case Op.Cast op -> byDefinition(call, places);
            case Op.Reshape op -> byDefinition(call, places);
            case Op.Permute op -> byDefinition(call, places);
            case Op.Broadcast op -> byDefinition(call, places);
            case Op.Slice op -> byDefinition(call, places);
            case Op.Flip op -> byDefinition(call, places);
            case Op.Scan op -> throw unexpected(call);
        };
    }

    /** Whether kernels that compute in float32 do. */
    private static boolean single(Place result, DType accumulator) {
        return result.type().dtype() != DType.F64 && accumulator != DType.F64;
    }

    private StepKernel byDefinition(Plan.Call call, StepPlaces places) {
        if (call.residual() || call.epilogue().isPresent()) {
            throw unexpected(call);
        }
        return new DefinitionKernel(call.op(), places.operands(), places.results(), faults);
    }

    private static IllegalStateException unexpected(Plan.Call call) {
        return new IllegalStateException("the CPU device never asks for a step " + call);
    }
}
