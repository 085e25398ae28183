package consumer;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Layer;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Adam;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.train.Metrics;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;

/** A user's own model, a record of layers, trained on a user's own data. */
public final class Spirals {
    private Spirals() {}

    /** Tells two interleaved spirals apart. */
    record Net(Dense first, Dense second, Dense head) implements Layer {
        static Net of(int units) {
            return new Net(Dense.of(units), Dense.of(units), Dense.of(2));
        }

        @Override
        public Tensor forward(Tensor x) {
            Tensor h = Activation.tanh().apply(first.apply(x));
            // A shortcut, as a user might want one.
            return head.apply(second.apply(h).tanh().add(h));
        }
    }

    static Dataset data(int size) {
        float[] points = new float[2 * size];
        int[] labels = new int[size];
        for (int i = 0; i < size; i++) {
            labels[i] = i % 2;
            double t = 0.5 + 2 * Math.PI * i / size;
            points[2 * i] = (float) (t / 8 * Math.cos(t + Math.PI * labels[i]));
            points[2 * i + 1] = (float) (t / 8 * Math.sin(t + Math.PI * labels[i]));
        }
        return ArrayDataset.of(NDArray.of(Shape.of(size, 2), points), NDArray.ofInts(Shape.of(size), labels));
    }

    static double train(int epochs) {
        Dataset data = data(400);
        Model model = Model.of(Net.of(64), 2);
        Training training = Training.of(model, Losses.crossEntropy(), Adam.of(0.02)).withMetrics(Metrics.accuracy());
        try (Device device = Device.best();
                State state = State.of(model, device, 1)) {
            DataLoader batches = DataLoader.of(data, 50).shuffled(1);
            return Trainer.of(training).fit(state, batches, data, epochs).last().validation().get("accuracy");
        }
    }

    /** Prints the accuracy. */
    public static void main(String[] arguments) {
        System.out.println("accuracy " + train(100));
    }
}
