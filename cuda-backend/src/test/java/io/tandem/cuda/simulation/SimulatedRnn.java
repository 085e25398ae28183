package io.tandem.cuda.simulation;

import io.tandem.cuda.lib.RnnDescriptor;
import io.tandem.cuda.lib.RnnSequence;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * A recurrent network step by step, over sequences packed as [batch, time, features]. What the gradients need is kept
 * in one array, the trace, which the stand-in stores in the reserve space of the device.
 *
 * <p>The trace holds, per layer, its input; and per layer and direction: gates behind their activations, cell state,
 * hidden state, the recurrent part of the GRU's new memory, and the gates' gradients on the input's and on the state's
 * side.
 */
final class SimulatedRnn {

    private final RnnDescriptor rnn;
    private final RnnSequence form;
    private final SimulatedRnnLayout layout;
    private final int batch;
    private final int time;
    private final int hidden;
    private final int gates;
    private final int directions;
    private final DoubleUnaryOperator rounding;

    /** @param rounding what products see of their factors */
    SimulatedRnn(RnnDescriptor rnn, RnnSequence form, DoubleUnaryOperator rounding) {
        this.rounding = rounding;
        this.rnn = rnn;
        this.form = form;
        layout = new SimulatedRnnLayout(rnn);
        batch = form.batch();
        time = form.time();
        hidden = rnn.hiddenSize();
        gates = rnn.cell().gates();
        directions = rnn.directions();
    }

    int traceSize() {
        return Math.toIntExact(start(rnn.layers(), 0));
    }

    private long start(int layer, int direction) {
        long steps = (long) batch * time;
        long at = 0;
        for (int l = 0; l < layer; l++) {
            at += steps * rnn.layerInputSize(l) + directions * directionSize();
        }
        return direction == 0 ? at : at + steps * rnn.layerInputSize(layer) + (direction - 1) * directionSize();
    }

    private long directionSize() {
        return (long) batch * time * hidden * (3L * gates + 3);
    }

    /** Where the parts of one layer and direction lie in the trace. */
    private final class Part {
        final int gate;
        final int cell;
        final int state;
        final int memory;
        final int inputGradient;
        final int stateGradient;

        Part(int layer, int direction) {
            int block = batch * time * hidden;
            gate = (int) start(layer, direction + 1);
            cell = gate + gates * block;
            state = cell + block;
            memory = state + block;
            inputGradient = memory + block;
            stateGradient = inputGradient + gates * block;
        }

        int gate(int n, int t, int g) {
            return gate + ((n * time + t) * gates + g) * hidden;
        }

        int inputGradient(int n, int t, int g) {
            return inputGradient + ((n * time + t) * gates + g) * hidden;
        }

        int stateGradient(int n, int t, int g) {
            return stateGradient + ((n * time + t) * gates + g) * hidden;
        }

        int step(int base, int n, int t) {
            return base + (n * time + t) * hidden;
        }
    }

    private int previous(int n, int t, int direction) {
        if (direction == 0) {
            return t - 1;
        }
        return t + 1 < form.lengths().get(n) ? t + 1 : -1;
    }

    private int stateIndex(int layer, int direction, int n) {
        return ((layer * directions + direction) * batch + n) * hidden;
    }

    /** Results of a forward run; states are [layers * directions, batch, hidden]. */
    record Result(double[] y, double[] lastHidden, double[] lastCell, double[] trace) {}

    Result forward(double[][] weights, double[] x, double[] firstHidden, double[] firstCell) {
        double[] trace = new double[traceSize()];
        double[] lastHidden = new double[rnn.layers() * directions * batch * hidden];
        double[] lastCell = new double[lastHidden.length];
        double[] input = x;
        for (int layer = 0; layer < rnn.layers(); layer++) {
            int features = rnn.layerInputSize(layer);
            System.arraycopy(input, 0, trace, (int) start(layer, 0), input.length);
            double[] output = new double[batch * time * hidden * directions];
            for (int d = 0; d < directions; d++) {
                Part part = new Part(layer, d);
                for (int n = 0; n < batch; n++) {
                    int length = form.lengths().get(n);
                    int at = stateIndex(layer, d, n);
                    double[] h = Arrays.copyOfRange(firstHidden, at, at + hidden);
                    double[] c = Arrays.copyOfRange(firstCell, at, at + hidden);
                    for (int s = 0; s < length; s++) {
                        int t = d == 0 ? s : length - 1 - s;
                        double[] in = Arrays.copyOfRange(
                                input, (n * time + t) * features, (n * time + t + 1) * features);
                        step(weights, layer, d, in, h, c, trace, part, n, t);
                        System.arraycopy(h, 0, output, ((n * time + t) * directions + d) * hidden, hidden);
                    }
                    System.arraycopy(h, 0, lastHidden, at, hidden);
                    System.arraycopy(c, 0, lastCell, at, hidden);
                }
            }
            input = output;
        }
        return new Result(input, lastHidden, lastCell, trace);
    }

    private double seen(double factor) {
        return rounding.applyAsDouble(factor);
    }

    /** {@code matrix * vector + bias} of one gate. */
    private double[] linear(double[][] weights, int layer, int direction, int linearLayer, double[] vector) {
        double[] matrix = weights[layout.index(layer, direction, linearLayer, false)];
        int bias = layout.index(layer, direction, linearLayer, true);
        double[] result = bias < 0 ? new double[hidden] : weights[bias].clone();
        for (int j = 0; j < hidden; j++) {
            double sum = 0;
            for (int k = 0; k < vector.length; k++) {
                sum += seen(matrix[j * vector.length + k]) * seen(vector[k]);
            }
            result[j] += sum;
        }
        return result;
    }

    private static double sigmoid(double v) {
        return 1 / (1 + Math.exp(-v));
    }

    private void step(
            double[][] weights,
            int layer,
            int direction,
            double[] in,
            double[] h,
            double[] c,
            double[] trace,
            Part part,
            int n,
            int t) {
        double[][] fromInput = new double[gates][];
        double[][] fromState = new double[gates][];
        for (int g = 0; g < gates; g++) {
            fromInput[g] = linear(weights, layer, direction, g, in);
            fromState[g] = linear(weights, layer, direction, gates + g, h);
        }
        for (int j = 0; j < hidden; j++) {
            double[] a = new double[gates];
            switch (rnn.cell()) {
                case RELU -> {
                    a[0] = Math.max(0, fromInput[0][j] + fromState[0][j]);
                    h[j] = a[0];
                }
                case TANH -> {
                    a[0] = Math.tanh(fromInput[0][j] + fromState[0][j]);
                    h[j] = a[0];
                }
                case LSTM -> {
                    for (int g = 0; g < 4; g++) {
                        double z = fromInput[g][j] + fromState[g][j];
                        a[g] = g == 2 ? Math.tanh(z) : sigmoid(z);
                    }
                    c[j] = a[1] * c[j] + a[0] * a[2];
                    h[j] = a[3] * Math.tanh(c[j]);
                }
                case GRU -> {
                    a[0] = sigmoid(fromInput[0][j] + fromState[0][j]);
                    a[1] = sigmoid(fromInput[1][j] + fromState[1][j]);
                    a[2] = Math.tanh(fromInput[2][j] + a[0] * fromState[2][j]);
                    trace[part.step(part.memory, n, t) + j] = fromState[2][j];
                    h[j] = (1 - a[1]) * a[2] + a[1] * h[j];
                }
            }
            for (int g = 0; g < gates; g++) {
                trace[part.gate(n, t, g) + j] = a[g];
            }
            trace[part.step(part.cell, n, t) + j] = c[j];
            trace[part.step(part.state, n, t) + j] = h[j];
        }
    }

    /** Gradients with respect to input and first states. */
    record DataGradients(double[] dx, double[] dFirstHidden, double[] dFirstCell) {}

    DataGradients backwardData(
            double[][] weights,
            double[] trace,
            double[] firstHidden,
            double[] firstCell,
            double[] dy,
            double[] dLastHidden,
            double[] dLastCell) {
        double[] dFirstHidden = new double[firstHidden.length];
        double[] dFirstCell = new double[firstHidden.length];
        double[] above = dy;
        for (int layer = rnn.layers() - 1; layer >= 0; layer--) {
            int features = rnn.layerInputSize(layer);
            double[] below = new double[batch * time * features];
            for (int d = 0; d < directions; d++) {
                Part part = new Part(layer, d);
                for (int n = 0; n < batch; n++) {
                    int length = form.lengths().get(n);
                    int at = stateIndex(layer, d, n);
                    double[] dh = Arrays.copyOfRange(dLastHidden, at, at + hidden);
                    double[] dc = Arrays.copyOfRange(dLastCell, at, at + hidden);
                    for (int s = length - 1; s >= 0; s--) {
                        int t = d == 0 ? s : length - 1 - s;
                        for (int j = 0; j < hidden; j++) {
                            dh[j] += above[((n * time + t) * directions + d) * hidden + j];
                        }
                        int before = previous(n, t, d);
                        double[] oldHidden = before < 0
                                ? Arrays.copyOfRange(firstHidden, at, at + hidden)
                                : slice(trace, part.step(part.state, n, before));
                        double[] oldCell = before < 0
                                ? Arrays.copyOfRange(firstCell, at, at + hidden)
                                : slice(trace, part.step(part.cell, n, before));
                        gateGradients(trace, part, n, t, oldHidden, oldCell, dh, dc);
                        for (int g = 0; g < gates; g++) {
                            double[] matrix = weights[layout.index(layer, d, g, false)];
                            addTransposed(
                                    matrix, trace, part.inputGradient(n, t, g), below, (n * time + t) * features,
                                    features);
                            double[] recurrent = weights[layout.index(layer, d, gates + g, false)];
                            addTransposed(recurrent, trace, part.stateGradient(n, t, g), dh, 0, hidden);
                        }
                    }
                    System.arraycopy(dh, 0, dFirstHidden, at, hidden);
                    System.arraycopy(dc, 0, dFirstCell, at, hidden);
                }
            }
            above = below;
        }
        return new DataGradients(above, dFirstHidden, dFirstCell);
    }

    private double[] slice(double[] trace, int at) {
        return Arrays.copyOfRange(trace, at, at + hidden);
    }

    /** {@code target += matrix^T * gradient}. */
    private void addTransposed(
            double[] matrix, double[] trace, int gradient, double[] target, int at, int columns) {
        for (int j = 0; j < hidden; j++) {
            double factor = seen(trace[gradient + j]);
            for (int k = 0; k < columns; k++) {
                target[at + k] += seen(matrix[j * columns + k]) * factor;
            }
        }
    }

    /** Fills the gates' gradients of one step; leaves in dh and dc what reaches the step before past the gates. */
    private void gateGradients(
            double[] trace, Part part, int n, int t, double[] oldHidden, double[] oldCell, double[] dh, double[] dc) {
        for (int j = 0; j < hidden; j++) {
            double[] a = new double[gates];
            for (int g = 0; g < gates; g++) {
                a[g] = trace[part.gate(n, t, g) + j];
            }
            double[] onInput = new double[gates];
            double memoryFactor = 1;
            double past = 0;
            switch (rnn.cell()) {
                case RELU -> onInput[0] = a[0] > 0 ? dh[j] : 0;
                case TANH -> onInput[0] = dh[j] * (1 - a[0] * a[0]);
                case LSTM -> {
                    double squashed = Math.tanh(trace[part.step(part.cell, n, t) + j]);
                    double cell = dc[j] + dh[j] * a[3] * (1 - squashed * squashed);
                    onInput[0] = cell * a[2] * a[0] * (1 - a[0]);
                    onInput[1] = cell * oldCell[j] * a[1] * (1 - a[1]);
                    onInput[2] = cell * a[0] * (1 - a[2] * a[2]);
                    onInput[3] = dh[j] * squashed * a[3] * (1 - a[3]);
                    dc[j] = cell * a[1];
                }
                case GRU -> {
                    onInput[1] = dh[j] * (oldHidden[j] - a[2]) * a[1] * (1 - a[1]);
                    onInput[2] = dh[j] * (1 - a[1]) * (1 - a[2] * a[2]);
                    onInput[0] = onInput[2] * trace[part.step(part.memory, n, t) + j] * a[0] * (1 - a[0]);
                    memoryFactor = a[0];
                    past = dh[j] * a[1];
                }
            }
            dh[j] = past;
            for (int g = 0; g < gates; g++) {
                trace[part.inputGradient(n, t, g) + j] = onInput[g];
                trace[part.stateGradient(n, t, g) + j] = g == 2 ? onInput[g] * memoryFactor : onInput[g];
            }
        }
    }

    /** Gradients of all parameters, in the order of the layout, from a trace that holds the gates' gradients. */
    double[][] backwardWeights(double[] trace, double[] firstHidden) {
        double[][] gradients = layout.parameters().stream()
                .map(p -> new double[p.elements()])
                .toArray(double[][]::new);
        for (int layer = 0; layer < rnn.layers(); layer++) {
            int features = rnn.layerInputSize(layer);
            int input = (int) start(layer, 0);
            for (int d = 0; d < directions; d++) {
                Part part = new Part(layer, d);
                for (int n = 0; n < batch; n++) {
                    for (int t = 0; t < form.lengths().get(n); t++) {
                        int x = input + (n * time + t) * features;
                        double[] in = Arrays.copyOfRange(trace, x, x + features);
                        int before = previous(n, t, d);
                        int at = stateIndex(layer, d, n);
                        double[] old = before < 0
                                ? Arrays.copyOfRange(firstHidden, at, at + hidden)
                                : slice(trace, part.step(part.state, n, before));
                        for (int g = 0; g < gates; g++) {
                            accumulate(gradients, layer, d, g, trace, part.inputGradient(n, t, g), in);
                            accumulate(gradients, layer, d, gates + g, trace, part.stateGradient(n, t, g), old);
                        }
                    }
                }
            }
        }
        return gradients;
    }

    private void accumulate(
            double[][] gradients, int layer, int direction, int linear, double[] trace, int at, double[] vector) {
        double[] matrix = gradients[layout.index(layer, direction, linear, false)];
        int bias = layout.index(layer, direction, linear, true);
        for (int j = 0; j < hidden; j++) {
            double g = trace[at + j];
            for (int k = 0; k < vector.length; k++) {
                matrix[j * vector.length + k] += seen(g) * seen(vector[k]);
            }
            if (bias >= 0) {
                gradients[bias][j] += g;
            }
        }
    }
}
