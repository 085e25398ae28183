package io.tandem.reference;

import io.tandem.graph.ConvolutionGeometry;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;

/** Convolution and its two adjoints, accumulated in double and rounded once. Padding adds nothing. */
final class Convolutions {
    private Convolutions() {}

    /** What is done with one filter element, one row of places and the data on both sides. */
    @FunctionalInterface
    private interface Product {
        /**
         * @param weight index of the filter element
         * @param places for each place of the result the place in the input
         * @param input index of the input channel's first element
         * @param output index of the result channel's first element
         */
        void apply(int weight, int[] places, int input, int output);
    }

    static Value forward(ConvolutionGeometry geometry, Value input, Value filter, TensorType type) {
        double[] x = input.doubles();
        double[] w = filter.doubles();
        double[] y = new double[Math.toIntExact(type.shape().size())];
        each(geometry, input.type().shape(), filter.type().shape(), type.shape(), (weight, places, in, out) -> {
            double factor = w[weight];
            for (int p = 0; p < places.length; p++) {
                if (places[p] >= 0) {
                    y[out + p] += factor * x[in + places[p]];
                }
            }
        });
        return Value.rounded(type, y);
    }

    static Value inputGradient(ConvolutionGeometry geometry, Value filter, Value gradient, TensorType type) {
        double[] w = filter.doubles();
        double[] g = gradient.doubles();
        double[] x = new double[Math.toIntExact(type.shape().size())];
        each(geometry, type.shape(), filter.type().shape(), gradient.type().shape(), (weight, places, in, out) -> {
            double factor = w[weight];
            for (int p = 0; p < places.length; p++) {
                if (places[p] >= 0) {
                    x[in + places[p]] += factor * g[out + p];
                }
            }
        });
        return Value.rounded(type, x);
    }

    static Value filterGradient(ConvolutionGeometry geometry, Value input, Value gradient, TensorType type) {
        double[] x = input.doubles();
        double[] g = gradient.doubles();
        double[] w = new double[Math.toIntExact(type.shape().size())];
        each(geometry, input.type().shape(), type.shape(), gradient.type().shape(), (weight, places, in, out) -> {
            double sum = 0;
            for (int p = 0; p < places.length; p++) {
                if (places[p] >= 0) {
                    sum += x[in + places[p]] * g[out + p];
                }
            }
            w[weight] += sum;
        });
        return Value.rounded(type, w);
    }

    private static void each(ConvolutionGeometry geometry, Shape input, Shape filter, Shape output, Product product) {
        int[][] places = Windows.of(geometry, input, filter, output);
        int inputSize = Math.toIntExact(Windows.spatial(input).size());
        int outputSize = Math.toIntExact(Windows.spatial(output).size());
        int groupOutputs = filter.dim(0) / geometry.groups();
        int groupInputs = filter.dim(1);
        for (int n = 0; n < input.dim(0); n++) {
            for (int o = 0; o < filter.dim(0); o++) {
                for (int c = 0; c < groupInputs; c++) {
                    int channel = o / groupOutputs * groupInputs + c;
                    for (int tap = 0; tap < places.length; tap++) {
                        product.apply(
                                (o * groupInputs + c) * places.length + tap,
                                places[tap],
                                (n * input.dim(1) + channel) * inputSize,
                                (n * filter.dim(0) + o) * outputSize);
                    }
                }
            }
        }
    }
}
