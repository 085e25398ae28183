package io.tandem.cpu.onednn;

/** Recurrent layers and all their gradients by loops in float64: the definition that oneDNN is compared with. */
final class RecurrentLoops {
    private RecurrentLoops() {}

    /** What the cells share: operands, cotangents, results and gradients. */
    abstract static class Layer {
        final int steps;
        final int batch;
        final int inputs;
        final int units;
        final int gates;
        final boolean reverse;
        /** Inputs [T, N, I]. */
        final float[] x;
        /** First hidden state [N, H]. */
        final float[] h0;
        /** Input weights [gates H, I]. */
        final float[] w;
        /** Recurrent weights [gates H, H]. */
        final float[] u;
        /** Bias [biases, H]. */
        final float[] b;
        /** Cotangent of the outputs [T, N, H]. */
        final float[] dy;
        /** Cotangent of the last hidden state [N, H]. */
        final float[] dh;
        /** Outputs [T, N, H]. */
        final double[] y;
        /** Last hidden state. */
        double[] h;
        final double[] dx;
        double[] dh0;
        final double[] dw;
        final double[] du;
        final double[] db;

        Layer(int steps, int batch, int inputs, int units, int gates, int biases, boolean reverse) {
            this.steps = steps;
            this.batch = batch;
            this.inputs = inputs;
            this.units = units;
            this.gates = gates;
            this.reverse = reverse;
            x = Fixture.random(1, steps, batch, inputs);
            h0 = Fixture.random(2, batch, units);
            w = Fixture.random(3, gates * units, inputs);
            u = Fixture.random(4, gates * units, units);
            b = Fixture.random(5, biases, units);
            dy = Fixture.random(6, steps, batch, units);
            dh = Fixture.random(7, batch, units);
            y = new double[dy.length];
            h = widen(h0);
            dx = new double[x.length];
            dh0 = widen(dh);
            dw = new double[w.length];
            du = new double[u.length];
            db = new double[b.length];
        }

        /** The position that is visited as number {@code visit}. */
        final int position(int visit) {
            return reverse ? steps - 1 - visit : visit;
        }

        final double inputProduct(int t, int n, int row) {
            double sum = 0;
            for (int i = 0; i < inputs; i++) {
                sum += (double) x[(t * batch + n) * inputs + i] * w[row * inputs + i];
            }
            return sum;
        }

        final double recurrentProduct(double[] state, int n, int row) {
            double sum = 0;
            for (int i = 0; i < units; i++) {
                sum += state[n * units + i] * u[row * units + i];
            }
            return sum;
        }

        final void inputGradient(int t, int n, int row, double d) {
            for (int i = 0; i < inputs; i++) {
                dx[(t * batch + n) * inputs + i] += d * w[row * inputs + i];
                dw[row * inputs + i] += d * x[(t * batch + n) * inputs + i];
            }
        }

        final void recurrentGradient(double[] state, double[] dState, int n, int row, double d) {
            for (int i = 0; i < units; i++) {
                dState[n * units + i] += d * u[row * units + i];
                du[row * units + i] += d * state[n * units + i];
            }
        }
    }

    static double[] widen(float[] values) {
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = values[i];
        }
        return wide;
    }

    static double logistic(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /** Gates in the order i, f, g, o. */
    static final class Lstm extends Layer {
        final float[] c0;
        final float[] dc;
        double[] c;
        double[] dc0;

        Lstm(int steps, int batch, int inputs, int units, boolean reverse) {
            super(steps, batch, inputs, units, 4, 4, reverse);
            c0 = Fixture.random(8, batch, units);
            dc = Fixture.random(9, batch, units);
            c = widen(c0);
            dc0 = widen(dc);
            double[][][] gate = new double[steps][4][batch * units];
            double[][] hs = new double[steps + 1][];
            double[][] cs = new double[steps + 1][];
            hs[0] = h;
            cs[0] = c;
            for (int visit = 0; visit < steps; visit++) {
                int t = position(visit);
                hs[visit + 1] = new double[batch * units];
                cs[visit + 1] = new double[batch * units];
                for (int n = 0; n < batch; n++) {
                    for (int j = 0; j < units; j++) {
                        int at = n * units + j;
                        for (int g = 0; g < 4; g++) {
                            int row = g * units + j;
                            double a = inputProduct(t, n, row) + recurrentProduct(hs[visit], n, row) + b[row];
                            gate[visit][g][at] = g == 2 ? Math.tanh(a) : logistic(a);
                        }
                        double[][] v = gate[visit];
                        cs[visit + 1][at] = v[1][at] * cs[visit][at] + v[0][at] * v[2][at];
                        hs[visit + 1][at] = v[3][at] * Math.tanh(cs[visit + 1][at]);
                        y[(t * batch + n) * units + j] = hs[visit + 1][at];
                    }
                }
            }
            h = hs[steps];
            c = cs[steps];
            for (int visit = steps - 1; visit >= 0; visit--) {
                int t = position(visit);
                double[] dhBefore = new double[batch * units];
                double[] dcBefore = new double[batch * units];
                for (int n = 0; n < batch; n++) {
                    for (int j = 0; j < units; j++) {
                        int at = n * units + j;
                        double[][] v = gate[visit];
                        double dhNow = dh0[at] + dy[(t * batch + n) * units + j];
                        double tanh = Math.tanh(cs[visit + 1][at]);
                        double dcNow = dc0[at] + dhNow * v[3][at] * (1 - tanh * tanh);
                        dcBefore[at] = dcNow * v[1][at];
                        double[] da = {dcNow * v[2][at] * v[0][at] * (1 - v[0][at]),
                            dcNow * cs[visit][at] * v[1][at] * (1 - v[1][at]),
                            dcNow * v[0][at] * (1 - v[2][at] * v[2][at]),
                            dhNow * tanh * v[3][at] * (1 - v[3][at])};
                        for (int g = 0; g < 4; g++) {
                            int row = g * units + j;
                            inputGradient(t, n, row, da[g]);
                            recurrentGradient(hs[visit], dhBefore, n, row, da[g]);
                            db[row] += da[g];
                        }
                    }
                }
                dh0 = dhBefore;
                dc0 = dcBefore;
            }
        }
    }

    /** Gates in the order u, r, n; biases bu, br, bn, bh. */
    static final class Gru extends Layer {
        Gru(int steps, int batch, int inputs, int units, boolean reverse) {
            super(steps, batch, inputs, units, 3, 4, reverse);
            double[][][] gate = new double[steps][4][batch * units];
            double[][] hs = new double[steps + 1][];
            hs[0] = h;
            for (int visit = 0; visit < steps; visit++) {
                int t = position(visit);
                hs[visit + 1] = new double[batch * units];
                for (int n = 0; n < batch; n++) {
                    for (int j = 0; j < units; j++) {
                        int at = n * units + j;
                        double update = logistic(
                                inputProduct(t, n, j) + recurrentProduct(hs[visit], n, j) + b[j]);
                        double reset = logistic(inputProduct(t, n, units + j)
                                + recurrentProduct(hs[visit], n, units + j) + b[units + j]);
                        double linear = recurrentProduct(hs[visit], n, 2 * units + j) + b[3 * units + j];
                        double fresh = Math.tanh(inputProduct(t, n, 2 * units + j) + b[2 * units + j] + reset * linear);
                        hs[visit + 1][at] = update * hs[visit][at] + (1 - update) * fresh;
                        y[(t * batch + n) * units + j] = hs[visit + 1][at];
                        gate[visit][0][at] = update;
                        gate[visit][1][at] = reset;
                        gate[visit][2][at] = fresh;
                        gate[visit][3][at] = linear;
                    }
                }
            }
            h = hs[steps];
            for (int visit = steps - 1; visit >= 0; visit--) {
                int t = position(visit);
                double[] before = new double[batch * units];
                for (int n = 0; n < batch; n++) {
                    for (int j = 0; j < units; j++) {
                        int at = n * units + j;
                        double update = gate[visit][0][at];
                        double reset = gate[visit][1][at];
                        double fresh = gate[visit][2][at];
                        double linear = gate[visit][3][at];
                        double d = dh0[at] + dy[(t * batch + n) * units + j];
                        before[at] += d * update;
                        double dUpdate = d * (hs[visit][at] - fresh) * update * (1 - update);
                        double dFresh = d * (1 - update) * (1 - fresh * fresh);
                        double dReset = dFresh * linear * reset * (1 - reset);
                        double dLinear = dFresh * reset;
                        inputGradient(t, n, j, dUpdate);
                        inputGradient(t, n, units + j, dReset);
                        inputGradient(t, n, 2 * units + j, dFresh);
                        recurrentGradient(hs[visit], before, n, j, dUpdate);
                        recurrentGradient(hs[visit], before, n, units + j, dReset);
                        recurrentGradient(hs[visit], before, n, 2 * units + j, dLinear);
                        db[j] += dUpdate;
                        db[units + j] += dReset;
                        db[2 * units + j] += dFresh;
                        db[3 * units + j] += dLinear;
                    }
                }
                dh0 = before;
            }
        }
    }

    /** One gate, tanh or ReLU. */
    static final class Vanilla extends Layer {
        Vanilla(int steps, int batch, int inputs, int units, boolean reverse, boolean relu) {
            super(steps, batch, inputs, units, 1, 1, reverse);
            double[][] hs = new double[steps + 1][];
            hs[0] = h;
            for (int visit = 0; visit < steps; visit++) {
                int t = position(visit);
                hs[visit + 1] = new double[batch * units];
                for (int n = 0; n < batch; n++) {
                    for (int j = 0; j < units; j++) {
                        double a = inputProduct(t, n, j) + recurrentProduct(hs[visit], n, j) + b[j];
                        double value = relu ? Math.max(0, a) : Math.tanh(a);
                        hs[visit + 1][n * units + j] = value;
                        y[(t * batch + n) * units + j] = value;
                    }
                }
            }
            h = hs[steps];
            for (int visit = steps - 1; visit >= 0; visit--) {
                int t = position(visit);
                double[] before = new double[batch * units];
                for (int n = 0; n < batch; n++) {
                    for (int j = 0; j < units; j++) {
                        double value = hs[visit + 1][n * units + j];
                        double slope = relu ? (value > 0 ? 1 : 0) : 1 - value * value;
                        double d = (dh0[n * units + j] + dy[(t * batch + n) * units + j]) * slope;
                        inputGradient(t, n, j, d);
                        recurrentGradient(hs[visit], before, n, j, d);
                        db[j] += d;
                    }
                }
                dh0 = before;
            }
        }
    }
}
