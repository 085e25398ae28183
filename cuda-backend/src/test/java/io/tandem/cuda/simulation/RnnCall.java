package io.tandem.cuda.simulation;

import io.tandem.cuda.lib.RnnDescriptor;
import io.tandem.cuda.lib.RnnMemory;
import io.tandem.cuda.lib.RnnParameter;
import io.tandem.cuda.lib.RnnSequence;
import io.tandem.cuda.lib.RnnStates;
import io.tandem.cuda.lib.DataType;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/** One call of the recurrent stand-in: moves operands between the device and {@link SimulatedRnn}. */
final class RnnCall {

    private final RnnDescriptor rnn;
    private final RnnSequence xForm;
    private final RnnSequence yForm;
    private final RnnMemory memory;
    private final SimulatedRnn network;
    private final List<RnnParameter> parameters;
    private final int stateSize;

    RnnCall(
            RnnDescriptor rnn,
            RnnSequence xForm,
            RnnSequence yForm,
            RnnMemory memory,
            DoubleUnaryOperator rounding) {
        this.rnn = rnn;
        this.xForm = xForm;
        this.yForm = yForm;
        this.memory = memory;
        network = new SimulatedRnn(rnn, xForm, rounding);
        parameters = new SimulatedRnnLayout(rnn).parameters();
        stateSize = rnn.layers() * rnn.directions() * xForm.batch() * rnn.hiddenSize();
    }

    void forward(Operands operands, boolean training, long x, long y, RnnStates states) {
        useWorkspace(operands);
        SimulatedRnn.Result result = network.forward(
                weights(operands),
                sequence(operands, "x", x, xForm),
                state(operands, "first hidden state", states.firstHidden()),
                state(operands, "first cell state", cell(states.firstCell())));
        writeSequence(operands, "y", y, yForm, result.y());
        writeState(operands, "last hidden state", states.lastHidden(), result.lastHidden());
        writeState(operands, "last cell state", cell(states.lastCell()), result.lastCell());
        if (training) {
            operands.write("reserve", memory.reserve().address(), DataType.F64, result.trace());
        }
    }

    void backwardData(Operands operands, long y, long dy, long dx, RnnStates states, RnnStates gradients) {
        useWorkspace(operands);
        sequence(operands, "y", y, yForm);
        double[] trace = trace(operands);
        SimulatedRnn.DataGradients result = network.backwardData(
                weights(operands),
                trace,
                state(operands, "first hidden state", states.firstHidden()),
                state(operands, "first cell state", cell(states.firstCell())),
                sequence(operands, "dy", dy, yForm),
                state(operands, "gradient of the last hidden state", gradients.lastHidden()),
                state(operands, "gradient of the last cell state", cell(gradients.lastCell())));
        writeSequence(operands, "dx", dx, xForm, result.dx());
        writeState(operands, "gradient of the first hidden state", gradients.firstHidden(), result.dFirstHidden());
        writeState(operands, "gradient of the first cell state", cell(gradients.firstCell()), result.dFirstCell());
        operands.write("reserve", memory.reserve().address(), DataType.F64, trace);
    }

    void backwardWeights(Operands operands, long x, long y, long dWeights, RnnStates states) {
        useWorkspace(operands);
        sequence(operands, "x", x, xForm);
        sequence(operands, "y", y, yForm);
        double[][] gradients =
                network.backwardWeights(trace(operands), state(operands, "first hidden state", states.firstHidden()));
        for (int i = 0; i < gradients.length; i++) {
            operands.blend(
                    "weight gradients", dWeights + parameters.get(i).offset(), rnn.type(), 1, gradients[i], 1);
        }
    }

    private void useWorkspace(Operands operands) {
        operands.useWorkspace(
                "workspace", memory.workspace().address(), memory.workspace().bytes());
    }

    private long cell(long address) {
        return rnn.cell() == RnnDescriptor.Cell.LSTM ? address : 0;
    }

    private double[] trace(Operands operands) {
        return operands.read("reserve", memory.reserve().address(), DataType.F64, network.traceSize());
    }

    private double[][] weights(Operands operands) {
        return parameters.stream()
                .map(p -> operands.read(
                        "weights", memory.weights().address() + p.offset(), rnn.type(), p.elements()))
                .toArray(double[][]::new);
    }

    private double[] state(Operands operands, String name, long address) {
        return address == 0 ? new double[stateSize] : operands.read(name, address, rnn.type(), stateSize);
    }

    private void writeState(Operands operands, String name, long address, double[] values) {
        if (address != 0) {
            operands.write(name, address, rnn.type(), values);
        }
    }

    /** A sequence as [batch, time, features]; steps behind a sequence's length are not read. */
    private static double[] sequence(Operands operands, String name, long address, RnnSequence form) {
        double[] packed = new double[form.batch() * form.time() * form.features()];
        for (int n = 0; n < form.batch(); n++) {
            for (int t = 0; t < form.lengths().get(n); t++) {
                double[] step = operands.read(
                        name, address + place(form, n, t) * form.type().bytes(), form.type(), form.features());
                System.arraycopy(step, 0, packed, (n * form.time() + t) * form.features(), form.features());
            }
        }
        return packed;
    }

    private static void writeSequence(Operands operands, String name, long address, RnnSequence form, double[] packed) {
        for (int n = 0; n < form.batch(); n++) {
            for (int t = 0; t < form.time(); t++) {
                double[] step = new double[form.features()];
                System.arraycopy(packed, (n * form.time() + t) * form.features(), step, 0, form.features());
                operands.write(name, address + place(form, n, t) * form.type().bytes(), form.type(), step);
            }
        }
    }

    private static long place(RnnSequence form, int n, int t) {
        long step = form.batchMajor() ? (long) n * form.time() + t : (long) t * form.batch() + n;
        return step * form.features();
    }
}
