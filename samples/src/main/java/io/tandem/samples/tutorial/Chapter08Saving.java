package io.tandem.samples.tutorial;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.graph.Tensor;
import io.tandem.models.Mlp;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Layer;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.onnx.OnnxExport;
import io.tandem.optim.Adam;
import io.tandem.samples.data.Mnist;
import io.tandem.tensor.NDArray;
import io.tandem.train.Checkpoint;
import io.tandem.train.Loading;
import io.tandem.train.Metrics;
import io.tandem.train.ModelCheckpoint;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import io.tandem.train.WeightFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Weights in files, runs that go on where they ended, and a network that helps with another task. */
final class Chapter08Saving {
    private Chapter08Saving() {}

    // tag: reader
    /** A network in two parts: what sees, and what answers. */
    record Reader(Layer body, Dense head) implements Layer {
        /** A reader of 28 x 28 pixels with a number of answers. */
        static Model model(int answers) {
            return Model.of(new Reader(Mlp.of(64, 32).then(Activation.relu()), Dense.of(answers)), 1, 28, 28);
        }

        @Override
        public Tensor forward(Tensor x) {
            return head.apply(body.apply(x));
        }
    }
    // end

    static void main() throws IOException {
        lesson(Files.createTempDirectory("tandem-tutorial"));
    }

    /** Runs the chapter with its files in a folder. */
    static void lesson(Path folder) {
        Mnist digits = Mnist.drawn(1_500, 400, 1);
        try (Device device = Device.best()) {
            resume(device, digits, folder);
            transfer(device, digits, folder);
        }
    }

    private static void resume(Device device, Mnist digits, Path folder) {
        // tag: resume
        Model model = Reader.model(10);
        Training training = Training.of(model, Losses.crossEntropy(), Adam.of(2e-3)).withMetrics(Metrics.accuracy());
        DataLoader batches = DataLoader.of(digits.train(), 50).shuffled(1);
        ModelCheckpoint saving = ModelCheckpoint.to(folder.resolve("run"));
        try (State state = State.of(model, device, 1)) {
            Trainer.of(training).with(saving).fit(state, batches, 2);
        }
        try (State state = State.of(model, device, 1); State straight = State.of(model, device, 1)) {
            Checkpoint checkpoint = Checkpoint.read(folder.resolve("run"));
            System.out.println("going on after step: " + checkpoint.step());
            Trainer.of(training).with(saving).resuming(checkpoint).fit(state, batches, 4);
            Trainer.of(training).fit(straight, batches, 4);
            System.out.println("equal: " + state.get("head.weight").equals(straight.get("head.weight")));
            WeightFile.save(state, folder.resolve("digits.safetensors"));
            OnnxExport.of(model, state).write(folder.resolve("digits.onnx"));
        }
        // end
    }

    // tag: even
    /** The first digits of a data set, with class 1 for even ones and 0 for odd ones. */
    static Dataset even(Dataset digits, int count) {
        NDArray images = digits.rows(0, count).column(0);
        NDArray labels = digits.rows(0, count).column(1);
        return ArrayDataset.of(images, NDArray.generate(labels.type(), i -> 1 - labels.getLong(i) % 2));
    }
    // end

    private static void transfer(Device device, Mnist digits, Path folder) {
        // tag: transfer
        Model fresh = Reader.model(2);
        Model frozen = Reader.model(2).freeze("body");
        DataLoader few = DataLoader.of(even(digits.train(), 60), 60);
        Dataset test = even(digits.test(), 400);
        try (State alone = State.of(fresh, device, 2); State helped = State.of(frozen, device, 2)) {
            WeightFile.load(helped, folder.resolve("digits.safetensors"), Loading.strict().only("body"));
            System.out.println("alone: " + accuracy(fresh, alone, few, test));
            System.out.println("with the body of the other: " + accuracy(frozen, helped, few, test));
        }
        // end
    }

    private static double accuracy(Model model, State state, DataLoader data, Dataset test) {
        Training training = Training.of(model, Losses.crossEntropy(), Adam.of(0.01)).withMetrics(Metrics.accuracy());
        return Trainer.of(training).fit(state, data, test, 40).last().validation().get("accuracy");
    }
}
