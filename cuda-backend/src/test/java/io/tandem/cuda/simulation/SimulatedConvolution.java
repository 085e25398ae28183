package io.tandem.cuda.simulation;

import io.tandem.cuda.lib.ConvolutionProblem;
import io.tandem.cuda.lib.TensorDescriptor;
import java.util.List;

/** A grouped convolution of two or three spatial dimensions and its gradients, over packed row-major arrays. */
final class SimulatedConvolution {

    private final int batch;
    private final int groups;
    private final int inPerGroup;
    private final int outPerGroup;
    private final int[] in;
    private final int[] out;
    private final int[] filter;
    private final int[] padding;
    private final int[] stride;
    private final int[] dilation;

    SimulatedConvolution(ConvolutionProblem problem) {
        TensorDescriptor x = problem.x();
        batch = x.size(0);
        groups = problem.convolution().groups();
        inPerGroup = problem.w().sizes().get(1);
        outPerGroup = problem.w().sizes().getFirst() / groups;
        in = spatial(x.sizes().subList(2, x.rank()), 1);
        out = spatial(problem.y().sizes().subList(2, x.rank()), 1);
        filter = spatial(problem.w().sizes().subList(2, x.rank()), 1);
        padding = spatial(problem.convolution().padding(), 0);
        stride = spatial(problem.convolution().stride(), 1);
        dilation = spatial(problem.convolution().dilation(), 1);
    }

    private static int[] spatial(List<Integer> values, int missing) {
        return values.size() == 3
                ? new int[] {values.get(0), values.get(1), values.get(2)}
                : new int[] {missing, values.get(0), values.get(1)};
    }

    /** Visits rows of products: {@code count} outputs from {@code y}, inputs from {@code x} in steps of the stride. */
    private interface Rows {
        void row(int x, int w, int y, int count, int step);
    }

    private void visit(Rows rows) {
        int channels = groups * inPerGroup;
        int outputs = groups * outPerGroup;
        for (int n = 0; n < batch; n++) {
            for (int k = 0; k < outputs; k++) {
                for (int c = 0; c < inPerGroup; c++) {
                    int plane = (n * channels + k / outPerGroup * inPerGroup + c) * in[0] * in[1] * in[2];
                    int result = (n * outputs + k) * out[0] * out[1] * out[2];
                    int weights = (k * inPerGroup + c) * filter[0] * filter[1] * filter[2];
                    visitPlane(rows, plane, weights, result);
                }
            }
        }
    }

    private void visitPlane(Rows rows, int plane, int weights, int result) {
        for (int fd = 0; fd < filter[0]; fd++) {
            for (int fh = 0; fh < filter[1]; fh++) {
                for (int fw = 0; fw < filter[2]; fw++) {
                    int w = weights + (fd * filter[1] + fh) * filter[2] + fw;
                    int shift = fw * dilation[2] - padding[2];
                    int first = shift >= 0 ? 0 : Math.ceilDiv(-shift, stride[2]);
                    int last = Math.min(out[2] - 1, Math.floorDiv(in[2] - 1 - shift, stride[2]));
                    for (int od = 0; od < out[0]; od++) {
                        int id = od * stride[0] + fd * dilation[0] - padding[0];
                        for (int oh = 0; oh < out[1] && id >= 0 && id < in[0]; oh++) {
                            int ih = oh * stride[1] + fh * dilation[1] - padding[1];
                            if (ih >= 0 && ih < in[1] && first <= last) {
                                rows.row(
                                        plane + (id * in[1] + ih) * in[2] + first * stride[2] + shift,
                                        w,
                                        result + (od * out[1] + oh) * out[2] + first,
                                        last - first + 1,
                                        stride[2]);
                            }
                        }
                    }
                }
            }
        }
    }

    double[] forward(double[] x, double[] w) {
        double[] y = new double[batch * groups * outPerGroup * out[0] * out[1] * out[2]];
        visit((xi, wi, yi, count, step) -> {
            double weight = w[wi];
            for (int i = 0; i < count; i++) {
                y[yi + i] += weight * x[xi + i * step];
            }
        });
        return y;
    }

    double[] backwardData(double[] w, double[] dy) {
        double[] dx = new double[batch * groups * inPerGroup * in[0] * in[1] * in[2]];
        visit((xi, wi, yi, count, step) -> {
            double weight = w[wi];
            for (int i = 0; i < count; i++) {
                dx[xi + i * step] += weight * dy[yi + i];
            }
        });
        return dx;
    }

    double[] backwardFilter(double[] x, double[] dy) {
        double[] dw = new double[groups * outPerGroup * inPerGroup * filter[0] * filter[1] * filter[2]];
        visit((xi, wi, yi, count, step) -> {
            double sum = 0;
            for (int i = 0; i < count; i++) {
                sum += x[xi + i * step] * dy[yi + i];
            }
            dw[wi] += sum;
        });
        return dw;
    }
}
