package io.tandem.cuda.lowering;

import io.tandem.backend.DeviceOptions;
import io.tandem.cuda.lib.Dnn;
import io.tandem.cuda.lib.RnnDescriptor;
import io.tandem.cuda.lib.RnnMemorySizes;
import io.tandem.cuda.lib.RnnParameter;
import io.tandem.cuda.lib.RnnSequence;
import io.tandem.graph.CompositeKind;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;

/**
 * One LSTM or GRU composite in cuDNN's terms: one layer, one direction; sequences are time-major. The composite's
 * stacked weights are copied to where cuDNN wants each gate's.
 *
 * @param lstm whether it is an LSTM, else a GRU
 * @param reverse whether it runs from the last step to the first
 * @param rnn the network
 * @param x its input
 * @param y its output
 * @param weightBytes size of the weight space
 * @param pieces what is copied between the composite's weights and the weight space
 */
record RecurrentForm(
        boolean lstm,
        boolean reverse,
        RnnDescriptor rnn,
        RnnSequence x,
        RnnSequence y,
        long weightBytes,
        List<Piece> pieces) {

    /**
     * A run of weights.
     *
     * @param operand number of the composite's operand
     * @param offset bytes from its start
     * @param place bytes from the start of the weight space
     * @param bytes length
     */
    record Piece(int operand, long offset, long place, long bytes) {}

    /** Whether cuDNN runs such a composite. */
    static boolean supports(CompositeKind kind, List<TensorType> operands) {
        TensorType x = operands.getFirst();
        boolean recurrent = kind instanceof CompositeKind.Lstm || kind instanceof CompositeKind.Gru;
        return recurrent
                && (x.dtype() == DType.F32 || x.dtype() == DType.F64)
                && x.shape().size() > 0
                && operands.get(1).shape().size() > 0;
    }

    static RecurrentForm of(CompositeKind kind, List<TensorType> operands, Dnn dnn, DeviceOptions options) {
        boolean lstm = kind instanceof CompositeKind.Lstm;
        boolean reverse = kind instanceof CompositeKind.Lstm l && l.reverse()
                || kind instanceof CompositeKind.Gru g && g.reverse();
        Shape shape = operands.getFirst().shape();
        DType dtype = operands.getFirst().dtype();
        int time = shape.dim(0);
        int batch = shape.dim(1);
        int features = shape.dim(2);
        int hidden = operands.get(1).shape().dim(1);
        RnnDescriptor rnn = new RnnDescriptor(
                lstm ? RnnDescriptor.Cell.LSTM : RnnDescriptor.Cell.GRU,
                lstm ? RnnDescriptor.Biases.INPUT : RnnDescriptor.Biases.BOTH,
                false,
                features,
                hidden,
                1,
                DataTypes.of(dtype),
                DataTypes.accumulator(dtype),
                DataTypes.math(dtype, options));
        return new RecurrentForm(
                lstm,
                reverse,
                rnn,
                RnnSequence.of(rnn.type(), false, time, batch, features),
                RnnSequence.of(rnn.type(), false, time, batch, hidden),
                dnn.rnnWeightSpaceBytes(rnn),
                pieces(rnn, lstm ? 3 : 2, dnn));
    }

    /** Neighbours in both places are one piece. */
    private static List<Piece> pieces(RnnDescriptor rnn, int firstWeight, Dnn dnn) {
        int gates = rnn.cell().gates();
        int bytes = rnn.type().bytes();
        List<Piece> all = new ArrayList<>();
        for (RnnParameter parameter : dnn.rnnParameters(rnn)) {
            boolean recurrent = parameter.linearLayer() >= gates;
            int gate = parameter.linearLayer() % gates;
            long size = (long) parameter.elements() * bytes;
            int operand = firstWeight + (parameter.bias() ? 2 : 0) + (recurrent ? 1 : 0);
            if (size > 0) {
                all.add(new Piece(operand, gate * size, parameter.offset(), size));
            }
        }
        all.sort((a, b) -> Long.compare(a.place, b.place));
        List<Piece> merged = new ArrayList<>();
        for (Piece piece : all) {
            Piece last = merged.isEmpty() ? null : merged.getLast();
            if (last != null
                    && last.operand == piece.operand
                    && last.offset + last.bytes == piece.offset
                    && last.place + last.bytes == piece.place) {
                merged.set(merged.size() - 1,
                        new Piece(last.operand, last.offset, last.place, last.bytes + piece.bytes));
            } else {
                merged.add(piece);
            }
        }
        return List.copyOf(merged);
    }

    /** Memory for a run with or without a gradient after it. */
    RnnMemorySizes memory(Dnn dnn, boolean training) {
        return dnn.rnnMemorySizes(rnn, x, training);
    }

    /** Where the weight space starts in what the forward step keeps: behind the reserve. */
    static long weightOffset(RnnMemorySizes sizes) {
        return Math.ceilDiv(sizes.reserve(), 256L) * 256;
    }

    /** Bytes that the forward step keeps for its gradient: reserve and weight space. */
    long residualBytes(Dnn dnn) {
        return weightOffset(memory(dnn, true)) + weightBytes;
    }

    /** The number of results of the forward composite. */
    int results() {
        return lstm ? 3 : 2;
    }
}
