package io.tandem.cuda.simulation;

import io.tandem.cuda.lib.PoolingDescriptor;
import io.tandem.cuda.lib.TensorDescriptor;
import java.util.List;

/** Pooling over two or three spatial dimensions and its gradient, over packed row-major arrays. */
final class SimulatedPooling {

    private final PoolingDescriptor.Mode mode;
    private final int planes;
    private final int[] in;
    private final int[] out;
    private final int[] window;
    private final int[] padding;
    private final int[] stride;

    SimulatedPooling(PoolingDescriptor pooling, TensorDescriptor x, TensorDescriptor y) {
        mode = pooling.mode();
        planes = x.size(0) * x.size(1);
        in = spatial(x.sizes().subList(2, x.rank()), 1);
        out = spatial(y.sizes().subList(2, x.rank()), 1);
        window = spatial(pooling.window(), 1);
        padding = spatial(pooling.padding(), 0);
        stride = spatial(pooling.stride(), 1);
    }

    private static int[] spatial(List<Integer> values, int missing) {
        return values.size() == 3
                ? new int[] {values.get(0), values.get(1), values.get(2)}
                : new int[] {missing, values.get(0), values.get(1)};
    }

    /** Visits windows: the output's index and the inputs' indices inside the tensor. */
    private interface Windows {
        void window(int y, int[] x, int count);
    }

    private void visit(Windows windows) {
        int[] inside = new int[window[0] * window[1] * window[2]];
        int y = 0;
        for (int p = 0; p < planes; p++) {
            for (int d = 0; d < out[0]; d++) {
                for (int h = 0; h < out[1]; h++) {
                    for (int w = 0; w < out[2]; w++) {
                        windows.window(y++, inside, collect(inside, p, d, h, w));
                    }
                }
            }
        }
    }

    private int collect(int[] inside, int plane, int d, int h, int w) {
        int count = 0;
        for (int i = 0; i < window[0]; i++) {
            for (int j = 0; j < window[1]; j++) {
                for (int k = 0; k < window[2]; k++) {
                    int id = d * stride[0] + i - padding[0];
                    int ih = h * stride[1] + j - padding[1];
                    int iw = w * stride[2] + k - padding[2];
                    if (id >= 0 && id < in[0] && ih >= 0 && ih < in[1] && iw >= 0 && iw < in[2]) {
                        inside[count++] = ((plane * in[0] + id) * in[1] + ih) * in[2] + iw;
                    }
                }
            }
        }
        return count;
    }

    private int divisor(int count) {
        return mode == PoolingDescriptor.Mode.AVERAGE_INCLUDE_PADDING ? window[0] * window[1] * window[2] : count;
    }

    private boolean isMaximum() {
        return mode == PoolingDescriptor.Mode.MAX || mode == PoolingDescriptor.Mode.MAX_DETERMINISTIC;
    }

    double[] forward(double[] x) {
        double[] y = new double[planes * out[0] * out[1] * out[2]];
        visit((yi, xi, count) -> {
            double value = isMaximum() ? Double.NEGATIVE_INFINITY : 0;
            for (int i = 0; i < count; i++) {
                value = isMaximum() ? Math.max(value, x[xi[i]]) : value + x[xi[i]];
            }
            y[yi] = isMaximum() ? value : value / divisor(count);
        });
        return y;
    }

    /** The gradient of a maximum goes to the first of equal elements. */
    double[] backward(double[] x, double[] dy) {
        double[] dx = new double[x.length];
        visit((yi, xi, count) -> {
            if (isMaximum()) {
                int best = xi[0];
                for (int i = 1; i < count; i++) {
                    best = x[xi[i]] > x[best] ? xi[i] : best;
                }
                dx[best] += dy[yi];
            } else {
                for (int i = 0; i < count; i++) {
                    dx[xi[i]] += dy[yi] / divisor(count);
                }
            }
        });
        return dx;
    }
}
