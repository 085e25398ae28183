package io.tandem.samples.tutorial;

import io.tandem.backend.Backend;
import io.tandem.backend.Device;
import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Devices;
import io.tandem.backend.Executable;
import io.tandem.models.Mlp;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Adam;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import io.tandem.train.TrainStep;
import io.tandem.train.Training;
import java.util.Comparator;
import java.util.List;

/** Where programs run, how exactly, and where their time goes. */
final class Chapter11Devices {
    private Chapter11Devices() {}

    // tag: predict
    /** The first output of an untrained network for an input of ones. */
    static double predict(Device device, DType dtype) {
        Model model = Model.of(Mlp.of(64, 1), TensorType.of(dtype, 100));
        try (State state = State.of(model, device, 1); Evaluation evaluation = new Evaluation(model, state)) {
            return evaluation.predict(NDArray.full(TensorType.of(dtype, 1, 100), 1)).item();
        }
    }
    // end

    static void main() {
        devices();
        profile();
    }

    private static void devices() {
        // tag: devices
        for (Backend backend : Devices.backends()) {
            System.out.println("backend " + backend.name() + ": " + backend.devices());
        }
        try (Device cpu = Devices.open("cpu", DeviceOptions.defaults().withThreads(1));
                Device rounded = Devices.open("cpu", DeviceOptions.defaults().withMath(DeviceOptions.MathPolicy.BF16));
                Device reference = Device.of("reference")) {
            System.out.println("cpu, float32: " + predict(cpu, DType.F32));
            System.out.println("cpu, products in bfloat16: " + predict(rounded, DType.F32));
            System.out.println("reference, float32: " + predict(reference, DType.F32));
            System.out.println("reference, float64: " + predict(reference, DType.F64));
        }
        // end
    }

    private static void profile() {
        // tag: profile
        Model model = Model.of(Mlp.of(256, 10), 784);
        Training training = Training.of(model, Losses.crossEntropy(), Adam.of(1e-3));
        try (Device device = Device.best();
                State state = State.of(model, device, 1);
                TrainStep step = new TrainStep(training, state, TensorType.of(DType.I32))) {
            NDArray images = NDArray.zeros(TensorType.f32(128, 784));
            NDArray labels = NDArray.zeros(TensorType.of(DType.I32, 128));
            for (int i = 0; i < 20; i++) {
                step.run(List.of(images), labels);
            }
            step.profile(128).stream()
                    .sorted(Comparator.comparingDouble(Executable.StepTime::seconds).reversed())
                    .limit(3)
                    .forEach(t -> System.out.printf("%.0f us: %s%n", 1e6 * t.seconds(), t.step().label()));
        }
        // end
    }
}
