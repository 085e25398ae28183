package io.tandem.cuda.simulation;

import io.tandem.cuda.lib.SoftmaxKind;
import io.tandem.cuda.lib.TensorDescriptor;

/** Softmax, its logarithm and their gradients over packed arrays [batch, channels, spatial]. */
final class SimulatedSoftmax {

    private final int groups;
    private final int length;
    private final int step;
    private final boolean log;

    SimulatedSoftmax(TensorDescriptor form, SoftmaxKind kind) {
        int perSample = Math.toIntExact(form.elements() / form.size(0));
        length = kind.isPerPosition() ? form.size(1) : perSample;
        step = perSample / length;
        groups = form.size(0) * step;
        log = kind.isLog();
    }

    private int index(int group, int i) {
        return group / step * length * step + group % step + i * step;
    }

    double[] forward(double[] x) {
        double[] y = new double[x.length];
        for (int g = 0; g < groups; g++) {
            double largest = Double.NEGATIVE_INFINITY;
            double sum = 0;
            for (int i = 0; i < length; i++) {
                largest = Math.max(largest, x[index(g, i)]);
            }
            for (int i = 0; i < length; i++) {
                sum += Math.exp(x[index(g, i)] - largest);
            }
            for (int i = 0; i < length; i++) {
                double shifted = x[index(g, i)] - largest;
                y[index(g, i)] = log ? shifted - Math.log(sum) : Math.exp(shifted) / sum;
            }
        }
        return y;
    }

    double[] backward(double[] y, double[] dy) {
        double[] dx = new double[y.length];
        for (int g = 0; g < groups; g++) {
            double sum = 0;
            for (int i = 0; i < length; i++) {
                int at = index(g, i);
                sum += log ? dy[at] : dy[at] * y[at];
            }
            for (int i = 0; i < length; i++) {
                int at = index(g, i);
                dx[at] = log ? dy[at] - Math.exp(y[at]) * sum : y[at] * (dy[at] - sum);
            }
        }
        return dx;
    }
}
