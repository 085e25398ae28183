package io.tandem.cpu.onednn;

import io.tandem.cpu.onednn.PrimitiveAttributes.BinaryPostOp;
import io.tandem.cpu.onednn.PrimitiveAttributes.Scratchpad;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Which memories each operation takes. */
final class OperationArguments {
    private static final List<Argument> LSTM = List.of(Argument.SRC_LAYER, Argument.SRC_ITER, Argument.SRC_ITER_C,
            Argument.WEIGHTS_LAYER, Argument.WEIGHTS_ITER, Argument.BIAS, Argument.DST_LAYER, Argument.DST_ITER,
            Argument.DST_ITER_C);
    private static final List<Argument> LSTM_GRADIENTS = List.of(Argument.DIFF_SRC_LAYER, Argument.DIFF_SRC_ITER,
            Argument.DIFF_SRC_ITER_C, Argument.DIFF_WEIGHTS_LAYER, Argument.DIFF_WEIGHTS_ITER, Argument.DIFF_BIAS,
            Argument.DIFF_DST_LAYER, Argument.DIFF_DST_ITER, Argument.DIFF_DST_ITER_C, Argument.WORKSPACE);
    private static final List<Argument> RECURRENT = List.of(Argument.SRC_LAYER, Argument.SRC_ITER,
            Argument.WEIGHTS_LAYER, Argument.WEIGHTS_ITER, Argument.BIAS, Argument.DST_LAYER, Argument.DST_ITER);
    private static final List<Argument> RECURRENT_GRADIENTS = List.of(Argument.DIFF_SRC_LAYER,
            Argument.DIFF_SRC_ITER, Argument.DIFF_WEIGHTS_LAYER, Argument.DIFF_WEIGHTS_ITER, Argument.DIFF_BIAS,
            Argument.DIFF_DST_LAYER, Argument.DIFF_DST_ITER, Argument.WORKSPACE);

    private OperationArguments() {}

    /** All arguments that a primitive can have; those without bytes are left out by the caller. */
    static List<Argument> of(PrimitiveDescriptor descriptor) {
        List<Argument> all = new ArrayList<>(of(descriptor.operation()));
        PrimitiveAttributes attributes = descriptor.attributes();
        for (int i = 0; i < attributes.postOps().size(); i++) {
            if (attributes.postOps().get(i) instanceof BinaryPostOp) {
                all.add(Argument.postOpSource(i));
            }
        }
        if (attributes.scratchpad() == Scratchpad.USER) {
            all.add(Argument.SCRATCHPAD);
        }
        return all;
    }

    private static List<Argument> of(Operation operation) {
        return switch (operation) {
            case MatMul op -> with(List.of(Argument.SRC, Argument.WEIGHTS, Argument.DST), op.bias().isPresent(),
                    Argument.BIAS);
            case Convolution.Forward op -> with(List.of(Argument.SRC, Argument.WEIGHTS, Argument.DST),
                    op.bias().isPresent(), Argument.BIAS);
            case Convolution.BackwardData op -> List.of(Argument.DIFF_DST, Argument.WEIGHTS, Argument.DIFF_SRC);
            case Convolution.BackwardWeights op -> with(
                    List.of(Argument.SRC, Argument.DIFF_DST, Argument.DIFF_WEIGHTS), op.diffBias().isPresent(),
                    Argument.DIFF_BIAS);
            case Pooling.Forward op -> with(List.of(Argument.SRC, Argument.DST),
                    op.propagation() == Propagation.TRAINING, Argument.WORKSPACE);
            case Pooling.Backward op -> List.of(Argument.DIFF_DST, Argument.DIFF_SRC, Argument.WORKSPACE);
            case BatchNormalization.Forward op -> normalization(op.propagation(),
                    op.flags().contains(BatchNormalization.Flag.GLOBAL_STATISTICS),
                    op.flags().contains(BatchNormalization.Flag.SCALE),
                    op.flags().contains(BatchNormalization.Flag.SHIFT));
            case BatchNormalization.Backward op -> normalizationGradient(
                    op.flags().contains(BatchNormalization.Flag.SCALE),
                    op.flags().contains(BatchNormalization.Flag.SHIFT));
            case LayerNormalization.Forward op -> normalization(op.propagation(),
                    op.flags().contains(LayerNormalization.Flag.GLOBAL_STATISTICS),
                    op.flags().contains(LayerNormalization.Flag.SCALE),
                    op.flags().contains(LayerNormalization.Flag.SHIFT));
            case LayerNormalization.Backward op -> normalizationGradient(
                    op.flags().contains(LayerNormalization.Flag.SCALE),
                    op.flags().contains(LayerNormalization.Flag.SHIFT));
            case Softmax.Forward op -> List.of(Argument.SRC, Argument.DST);
            case Softmax.Backward op -> List.of(Argument.DST, Argument.DIFF_DST, Argument.DIFF_SRC);
            case Lstm.Forward op -> with(LSTM, op.propagation() == Propagation.TRAINING, Argument.WORKSPACE);
            case Lstm.Backward op -> joined(LSTM, LSTM_GRADIENTS);
            case Gru.Forward op -> with(RECURRENT, op.propagation() == Propagation.TRAINING, Argument.WORKSPACE);
            case Gru.Backward op -> joined(RECURRENT, RECURRENT_GRADIENTS);
            case VanillaRnn.Forward op -> with(RECURRENT, op.propagation() == Propagation.TRAINING,
                    Argument.WORKSPACE);
            case VanillaRnn.Backward op -> joined(RECURRENT, RECURRENT_GRADIENTS);
            case Eltwise.Forward op -> List.of(Argument.SRC, Argument.DST);
            case Eltwise.Backward op -> List.of(Argument.SRC, Argument.DIFF_DST, Argument.DIFF_SRC);
            case Reorder op -> List.of(Argument.SRC, Argument.DST);
            case Sum op -> with(IntStream.range(0, op.terms().size()).mapToObj(Argument::source).toList(), true,
                    Argument.DST);
        };
    }

    private static List<Argument> normalization(Propagation propagation, boolean given, boolean scale,
            boolean shift) {
        List<Argument> all = new ArrayList<>(List.of(Argument.SRC, Argument.DST));
        if (given || propagation == Propagation.TRAINING) {
            all.add(Argument.MEAN);
            all.add(Argument.VARIANCE);
        }
        if (propagation == Propagation.TRAINING) {
            all.add(Argument.WORKSPACE);
        }
        return with(with(all, scale, Argument.SCALE), shift, Argument.SHIFT);
    }

    private static List<Argument> normalizationGradient(boolean scale, boolean shift) {
        List<Argument> all = new ArrayList<>(List.of(Argument.SRC, Argument.MEAN, Argument.VARIANCE,
                Argument.DIFF_DST, Argument.DIFF_SRC, Argument.WORKSPACE));
        if (scale) {
            all.add(Argument.SCALE);
            all.add(Argument.DIFF_SCALE);
        }
        return with(all, shift, Argument.DIFF_SHIFT);
    }

    private static List<Argument> with(List<Argument> arguments, boolean condition, Argument further) {
        return condition ? joined(arguments, List.of(further)) : arguments;
    }

    private static List<Argument> joined(List<Argument> first, List<Argument> second) {
        List<Argument> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }
}
