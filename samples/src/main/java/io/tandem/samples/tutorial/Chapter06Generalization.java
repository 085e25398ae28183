package io.tandem.samples.tutorial;

import io.tandem.backend.Device;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.models.playground.PointSet;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Adam;
import io.tandem.optim.Regularizer;
import io.tandem.train.EarlyStopping;
import io.tandem.train.FitAssessment;
import io.tandem.train.History;
import io.tandem.train.Monitor;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;

/** Overfitting, how it shows, and what helps. */
final class Chapter06Generalization {
    private Chapter06Generalization() {}

    // tag: model
    static Model model(double dropout) {
        return Model.of(
                Sequential.of(
                        Dense.of(64), Activation.relu(), Dropout.of(dropout),
                        Dense.of(64), Activation.relu(), Dropout.of(dropout),
                        Dense.of(2)),
                2);
    }
    // end

    static void main() {
        // tag: data
        Dataset few = Chapter04Mlp.dataset(PointSet.MOONS.draw(60, 0.5, 1));
        Dataset validation = Chapter04Mlp.dataset(PointSet.MOONS.draw(300, 0.5, 2));
        // end
        try (Device device = Device.best()) {
            overfit(device, few, validation);
            generalize(device, few, validation);
        }
    }

    private static void overfit(Device device, Dataset few, Dataset validation) {
        // tag: overfit
        Model model = model(0);
        Training training = Training.of(model, Losses.crossEntropy(), Adam.of(0.01));
        try (State state = State.of(model, device, 1)) {
            History history = Trainer.of(training).fit(state, DataLoader.of(few, 60), validation, 200);
            System.out.println("loss at the end: " + history.last().validation().get("loss"));
            System.out.println("hint: " + FitAssessment.of(history).sentence());
        }
        // end
    }

    private static void generalize(Device device, Dataset few, Dataset validation) {
        // tag: generalize
        Model model = model(0.3);
        Training training = Training.of(model, Losses.crossEntropy(), Adam.of(0.01))
                .withRegularizers(Regularizer.l2(1e-3));
        EarlyStopping stopping = EarlyStopping.of(Monitor.validation("loss"), 20);
        try (State state = State.of(model, device, 1)) {
            History history = Trainer.of(training).with(stopping).fit(state, DataLoader.of(few, 60), validation, 200);
            System.out.println("epochs: " + history.epochs().size());
            System.out.println("best loss: " + stopping.best());
        }
        // end
    }
}
