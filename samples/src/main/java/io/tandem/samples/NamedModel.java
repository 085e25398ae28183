package io.tandem.samples;

import io.tandem.models.LeNet5;
import io.tandem.models.LstmForecaster;
import io.tandem.models.Mlp;
import io.tandem.models.SimpleCnn;
import io.tandem.models.VisionTransformer;
import io.tandem.nn.Model;
import java.util.Locale;

/** The models that the command line knows by name. */
enum NamedModel {
    /** 784-256-128-10. */
    MLP,
    /** Two convolutions and two dense layers. */
    CNN,
    /** LeNet-5. */
    LENET5,
    /** A small vision transformer. */
    VIT,
    /** A stacked LSTM. */
    LSTM;

    /** The name on the command line. */
    String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The model, for the inputs that the samples have. */
    Model model() {
        return switch (this) {
            case MLP -> Model.of(Mlp.of(256, 128, 10), 1, 28, 28);
            case CNN -> Model.of(SimpleCnn.of(10), 1, 28, 28);
            case LENET5 -> Model.of(LeNet5.of(), 1, 28, 28);
            case VIT -> Model.of(VisionTransformer.small(10), 1, 28, 28);
            case LSTM -> Model.of(LstmForecaster.of(24), 96, 7);
        };
    }
}
