package io.tandem.samples.tutorial;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.models.Mlp;
import io.tandem.models.playground.PointSet;
import io.tandem.models.playground.Points;
import io.tandem.nn.Activation;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Adam;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.History;
import io.tandem.train.Metrics;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;

/** A multi-layer perceptron that tells two half moons apart. */
final class Chapter04Mlp {
    private Chapter04Mlp() {}

    // tag: data
    /** Points as a data set: coordinates f32[2], class 0 or 1 as i32. */
    static Dataset dataset(Points points) {
        NDArray classes = NDArray.generate(
                TensorType.of(DType.I32, points.size()), i -> points.labels().getDouble(i) > 0 ? 1 : 0);
        return ArrayDataset.of(points.x(), classes);
    }
    // end

    static void main() {
        // tag: train
        Dataset points = dataset(PointSet.MOONS.draw(300, 0.1, 1));
        Dataset fresh = dataset(PointSet.MOONS.draw(300, 0.1, 2));
        Model model = Model.of(Mlp.of(Activation::tanh, 16, 16, 2), 2);
        System.out.println(model.summary());
        Training training = Training.of(model, Losses.crossEntropy(), Adam.of(0.01)).withMetrics(Metrics.accuracy());
        try (Device device = Device.best(); State state = State.of(model, device, 1)) {
            DataLoader batches = DataLoader.of(points, 50).shuffled(1);
            History history = Trainer.of(training).fit(state, batches, fresh, 50);
            System.out.println("training: " + history.last().training());
            System.out.println("validation: " + history.last().validation());
        }
        // end
    }
}
