package io.tandem.cuda.lowering;

import io.tandem.compile.Plan;
import io.tandem.graph.CompositeKind;
import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import java.util.List;

/** Makes the kernel of each step that is no loop. */
final class StepFactory {
    private final LoweringContext context;
    private final Region scratch;
    private final IndexingSteps indexing;
    private final LayoutSteps movements;
    private final PoolSteps pools;
    private final ConvolutionSteps convolutions;
    private final BatchNormSteps batchNorms;
    private final RecurrentSteps recurrent;

    StepFactory(LoweringContext context, Region scratch) {
        this.context = context;
        this.scratch = scratch;
        this.indexing = new IndexingSteps(context, scratch);
        this.movements = new LayoutSteps(context, scratch);
        this.pools = new PoolSteps(context);
        this.convolutions = new ConvolutionSteps(context, scratch, indexing, movements);
        this.batchNorms = new BatchNormSteps(context, scratch);
        this.recurrent = new RecurrentSteps(context, scratch);
    }

    LoweringContext context() {
        return context;
    }

    Region scratch() {
        return scratch;
    }

    /**
     * Makes a kernel.
     *
     * @param sharedResidual whether other steps read what the forward of this gradient has kept
     */
    StepKernel make(Plan.Step step, StepPlaces places, boolean sharedResidual) {
        if (places.results().stream().allMatch(Place::isEmpty)) {
            return new Sequence(List.of());
        }
        return switch (step.action()) {
            case Plan.RunKernel run ->
                new FusedStep(context, run.kernel(), places.operands(), places.results(), scratch);
            case Plan.Call call -> call(step, call, places, sharedResidual);
            case Plan.Convert convert -> movements.convert(places.operand(0), places.result(0));
            case Plan.Loop loop -> throw new IllegalArgumentException("a loop has a program of its own");
        };
    }

    private StepKernel call(Plan.Step step, Plan.Call call, StepPlaces places, boolean sharedResidual) {
        if (call.epilogue().isPresent()) {
            throw unsupported(call.op(), "with an epilogue");
        }
        return switch (call.op()) {
            case Op.Random random -> indexing.random(random, places);
            case Op.Pad pad -> indexing.pad(pad, places.operand(0), places.result(0));
            case Op.Concat concat -> indexing.concat(concat, places);
            case Op.ArgReduce reduce -> indexing.argReduce(reduce, places);
            case Op.MatMul matMul ->
                new MatMulStep(context, matMul, places.operand(0), places.operand(1), places.result(0));
            case Op.Convolution op -> convolutions.forward(op, places);
            case Op.ConvolutionInputGradient op -> convolutions.inputGradient(op, places);
            case Op.ConvolutionFilterGradient op -> convolutions.filterGradient(op, places);
            case Op.Pool pool -> pools.forward(pool, places, call.residual());
            case Op.PoolGradient gradient -> pools.gradient(gradient, places, call.residual());
            case Op.PoolPick pick -> pools.pick(pick, places);
            case Op.Gather gather -> indexing.gather(step.locate("gather"), gather, places);
            case Op.ScatterAdd scatter -> indexing.scatterAdd(step.locate("scatter-add"), scatter, places);
            case Op.Composite(CompositeKind kind, Graph body) ->
                composite(call.op(), kind, places, call, sharedResidual);
            case Op.Input _,Op.Constant _,Op.Scan _ -> throw unsupported(call.op(), "as a call");
            case Op.Iota _,Op.Unary _,Op.Binary _,Op.Compare _,Op.Select _,Op.Cast _,Op.Reshape _,Op.Permute _,Op.Broadcast _,Op.Slice _,Op.Flip _,Op.Reduce _ ->
                throw unsupported(call.op(), "outside of a kernel");
        };
    }

    private StepKernel composite(
            Op op, CompositeKind kind, StepPlaces places, Plan.Call call, boolean sharedResidual) {
        return switch (kind) {
            case CompositeKind.BatchNormTraining norm -> batchNorms.forward(norm, places, call.residual());
            case CompositeKind.Lstm lstm -> recurrent.forward(kind, places, call.residual());
            case CompositeKind.Gru gru -> recurrent.forward(kind, places, call.residual());
            case CompositeKind.Gradient gradient -> switch (gradient.of()) {
                case CompositeKind.BatchNormTraining norm -> batchNorms.gradient(gradient, norm.epsilon(), places);
                case CompositeKind.Lstm lstm -> recurrent.gradient(gradient, places, sharedResidual);
                case CompositeKind.Gru gru -> recurrent.gradient(gradient, places, sharedResidual);
                case CompositeKind.Softmax _,CompositeKind.LogSoftmax _,CompositeKind.CrossEntropy _,CompositeKind.LayerNorm _,CompositeKind.BatchNormInference _,CompositeKind.Gelu _,CompositeKind.Attention _,CompositeKind.Custom _,CompositeKind.Gradient _ ->
                    throw unsupported(op, "natively");
            };
            case CompositeKind.Softmax _,CompositeKind.LogSoftmax _,CompositeKind.CrossEntropy _,CompositeKind.LayerNorm _,CompositeKind.BatchNormInference _,CompositeKind.Gelu _,CompositeKind.Attention _,CompositeKind.Custom _ ->
                throw unsupported(op, "natively");
        };
    }

    private static IllegalArgumentException unsupported(Op op, String how) {
        return new IllegalArgumentException("CUDA devices do not run " + op.getClass().getSimpleName() + " " + how
                + ": the plan was made for another device");
    }
}
