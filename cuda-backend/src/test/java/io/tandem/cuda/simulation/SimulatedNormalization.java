package io.tandem.cuda.simulation;

import io.tandem.cuda.lib.BatchNormMode;
import io.tandem.cuda.lib.TensorDescriptor;

/** Batch normalization and its gradient over packed arrays [batch, channels, spatial]. */
final class SimulatedNormalization {

    private final int batch;
    private final int channels;
    private final int spatial;
    private final boolean perActivation;
    private final double epsilon;

    SimulatedNormalization(TensorDescriptor form, BatchNormMode mode, double epsilon) {
        batch = form.size(0);
        channels = form.size(1);
        spatial = Math.toIntExact(form.elements() / batch / channels);
        perActivation = mode == BatchNormMode.PER_ACTIVATION;
        this.epsilon = epsilon;
    }

    /** Number of means. */
    int features() {
        return perActivation ? channels * spatial : channels;
    }

    /** Number of values that one mean is taken of. */
    int count() {
        return perActivation ? batch : batch * spatial;
    }

    private int feature(int index) {
        return perActivation ? index % (channels * spatial) : index / spatial % channels;
    }

    double[] mean(double[] x) {
        double[] mean = new double[features()];
        for (int i = 0; i < x.length; i++) {
            mean[feature(i)] += x[i] / count();
        }
        return mean;
    }

    double[] variance(double[] x, double[] mean) {
        double[] variance = new double[features()];
        for (int i = 0; i < x.length; i++) {
            double d = x[i] - mean[feature(i)];
            variance[feature(i)] += d * d / count();
        }
        return variance;
    }

    double[] inverseDeviation(double[] variance) {
        double[] inverse = new double[variance.length];
        for (int i = 0; i < inverse.length; i++) {
            inverse[i] = 1 / Math.sqrt(variance[i] + epsilon);
        }
        return inverse;
    }

    double[] apply(double[] x, double[] mean, double[] inverse, double[] scale, double[] bias) {
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            int f = feature(i);
            y[i] = (x[i] - mean[f]) * inverse[f] * scale[f] + bias[f];
        }
        return y;
    }

    /** Gradients of input, scale and bias. */
    record Gradients(double[] dx, double[] dScale, double[] dBias) {}

    Gradients backward(double[] x, double[] dy, double[] mean, double[] inverse, double[] scale) {
        double[] dScale = new double[features()];
        double[] dBias = new double[features()];
        for (int i = 0; i < x.length; i++) {
            int f = feature(i);
            dScale[f] += dy[i] * (x[i] - mean[f]) * inverse[f];
            dBias[f] += dy[i];
        }
        double[] dx = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            int f = feature(i);
            double normal = (x[i] - mean[f]) * inverse[f];
            dx[i] = scale[f] * inverse[f] * (dy[i] - dBias[f] / count() - normal * dScale[f] / count());
        }
        return new Gradients(dx, dScale, dBias);
    }
}
