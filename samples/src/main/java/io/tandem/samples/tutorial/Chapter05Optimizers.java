package io.tandem.samples.tutorial;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.models.Mlp;
import io.tandem.models.playground.PointSet;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Loss;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Adam;
import io.tandem.optim.Optimizer;
import io.tandem.optim.Schedules;
import io.tandem.optim.Sgd;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;

/** What is minimized and how: losses, optimizers, and schedules of the learning rate. */
final class Chapter05Optimizers {
    private Chapter05Optimizers() {}

    static void main() {
        try (Device device = Device.best()) {
            losses(device);
            optimizers(device);
        }
    }

    // tag: outliers
    /** The bias that a line y = 2 x + 1 gets from points of which every tenth lies 20 too high. */
    static double bias(Device device, Loss loss) {
        NDArray x = NDArray.generate(TensorType.f32(100, 1), i -> i / 50.0 - 1);
        NDArray y = NDArray.generate(
                TensorType.f32(100, 1), i -> 2 * x.getDouble(i) + 1 + (i % 10 == 5 ? 20 : 0));
        Model model = Model.of(Dense.of(1), 1);
        Training training = Training.of(model, loss, Adam.of(Schedules.cosine(0.2, 0, 200)));
        try (State state = State.of(model, device, 1)) {
            Trainer.of(training).fit(state, DataLoader.of(ArrayDataset.of(x, y), 100), 200);
            return state.get("bias").item();
        }
    }
    // end

    private static void losses(Device device) {
        // tag: losses
        System.out.println("bias by squares: " + bias(device, Losses.meanSquaredError()));
        System.out.println("bias by Huber: " + bias(device, Losses.huber(1)));
        Loss own = (prediction, target) -> prediction.sub(target).square().add(1).log().mean();
        System.out.println("bias by own loss: " + bias(device, own));
        // end
    }

    // tag: compare
    /** The last training loss of a small network on two moons. */
    static double lossWith(Device device, Optimizer optimizer) {
        Dataset points = Chapter04Mlp.dataset(PointSet.MOONS.draw(300, 0.1, 1));
        Model model = Model.of(Mlp.of(Activation::tanh, 16, 2), 2);
        try (State state = State.of(model, device, 1)) {
            return Trainer.of(Training.of(model, Losses.crossEntropy(), optimizer))
                    .fit(state, DataLoader.of(points, 50).shuffled(1), 20)
                    .last()
                    .training()
                    .get("loss");
        }
    }
    // end

    private static void optimizers(Device device) {
        // tag: optimizers
        System.out.println("loss with SGD: " + lossWith(device, Sgd.of(0.02)));
        System.out.println("loss with momentum: " + lossWith(device, Sgd.of(0.02).withMomentum(0.9)));
        System.out.println("loss with Adam: " + lossWith(device, Adam.of(0.02)));
        System.out.println("loss with one cycle: " + lossWith(device, Adam.of(Schedules.oneCycle(0.1, 120))));
        // end
    }
}
