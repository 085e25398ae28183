package io.tandem.cuda.lib;

import java.util.List;

/**
 * A recurrent network by its equations, for comparison: sequences are [batch][time][features], states
 * [layer * directions + direction][batch][hidden], weights a flat space as {@link Dnn#rnnParameters} describes it.
 */
final class RnnReference {

    private final RnnDescriptor rnn;
    private final List<RnnParameter> parameters;

    RnnReference(RnnDescriptor rnn, List<RnnParameter> parameters) {
        this.rnn = rnn;
        this.parameters = parameters;
    }

    /** Outputs and last states. */
    record Result(double[][][] y, double[][][] hidden, double[][][] cell) {}

    Result run(double[] space, double[][][] x, int[] lengths, double[][][] firstHidden, double[][][] firstCell) {
        int batch = x.length;
        int time = x[0].length;
        int size = rnn.hiddenSize();
        int directions = rnn.directions();
        double[][][] hidden = new double[rnn.layers() * directions][batch][];
        double[][][] cell = new double[rnn.layers() * directions][batch][];
        double[][][] input = x;
        for (int layer = 0; layer < rnn.layers(); layer++) {
            double[][][] output = new double[batch][time][size * directions];
            for (int d = 0; d < directions; d++) {
                int state = layer * directions + d;
                for (int n = 0; n < batch; n++) {
                    double[] h = firstHidden[state][n].clone();
                    double[] c = firstCell[state][n].clone();
                    for (int s = 0; s < lengths[n]; s++) {
                        int t = d == 0 ? s : lengths[n] - 1 - s;
                        double[][] next = cell(space, layer, d == 1, input[n][t], h, c);
                        h = next[0];
                        c = next[1];
                        System.arraycopy(h, 0, output[n][t], d * size, size);
                    }
                    hidden[state][n] = h;
                    cell[state][n] = c;
                }
            }
            input = output;
        }
        return new Result(input, hidden, cell);
    }

    private double[] linear(double[] space, int layer, boolean reverse, int id, double[] v) {
        double[] result = new double[rnn.hiddenSize()];
        for (RnnParameter p : parameters) {
            if (p.layer() != layer || p.reverse() != reverse || p.linearLayer() != id) {
                continue;
            }
            int at = (int) (p.offset() / rnn.type().bytes());
            for (int j = 0; j < result.length; j++) {
                for (int k = 0; k < p.columns(); k++) {
                    result[j] += space[at + j * p.columns() + k] * (p.bias() ? 1 : v[k]);
                }
            }
        }
        return result;
    }

    private static double sigmoid(double v) {
        return 1 / (1 + Math.exp(-v));
    }

    private double[][] cell(double[] space, int layer, boolean reverse, double[] x, double[] h, double[] c) {
        int gates = rnn.cell().gates();
        double[][] w = new double[gates][];
        double[][] r = new double[gates][];
        for (int g = 0; g < gates; g++) {
            w[g] = linear(space, layer, reverse, g, x);
            r[g] = linear(space, layer, reverse, gates + g, h);
        }
        double[] nextHidden = new double[h.length];
        double[] nextCell = new double[h.length];
        for (int j = 0; j < h.length; j++) {
            switch (rnn.cell()) {
                case RELU -> nextHidden[j] = Math.max(0, w[0][j] + r[0][j]);
                case TANH -> nextHidden[j] = Math.tanh(w[0][j] + r[0][j]);
                case LSTM -> {
                    double in = sigmoid(w[0][j] + r[0][j]);
                    double forget = sigmoid(w[1][j] + r[1][j]);
                    double fresh = Math.tanh(w[2][j] + r[2][j]);
                    double out = sigmoid(w[3][j] + r[3][j]);
                    nextCell[j] = forget * c[j] + in * fresh;
                    nextHidden[j] = out * Math.tanh(nextCell[j]);
                }
                case GRU -> {
                    double reset = sigmoid(w[0][j] + r[0][j]);
                    double keep = sigmoid(w[1][j] + r[1][j]);
                    double fresh = Math.tanh(w[2][j] + reset * r[2][j]);
                    nextHidden[j] = (1 - keep) * fresh + keep * h[j];
                }
            }
        }
        return new double[][] {nextHidden, nextCell};
    }
}
