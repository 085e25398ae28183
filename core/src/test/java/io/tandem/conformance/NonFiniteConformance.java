package io.tandem.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.tandem.backend.Device;
import io.tandem.nn.Activation;
import io.tandem.nn.AveragePool;
import io.tandem.nn.BatchNorm;
import io.tandem.nn.Conv;
import io.tandem.nn.Dense;
import io.tandem.nn.Flatten;
import io.tandem.nn.Gru;
import io.tandem.nn.Layer;
import io.tandem.nn.LayerNorm;
import io.tandem.nn.Lstm;
import io.tandem.nn.MaxPool;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.nn.TransformerBlock;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** No layer hides a NaN, or lets it into another sample. A backend's test extends this class. */
public abstract class NonFiniteConformance {
    private static final int[] IMAGE = {2, 12, 12};
    private static final int[] CHANNELS = {16, 12, 12};
    private static final int[] SERIES = {6, 8};

    /** The device under test. */
    protected abstract Device open();

    /** Whether maxima over overlapping windows keep a NaN. */
    protected boolean keepsInOverlappingWindows() {
        return true;
    }

    @TestFactory
    Stream<DynamicTest> aNanStaysVisibleInItsSampleAlone() {
        Map<String, Model> models = new LinkedHashMap<>();
        add(models, Sequential.of(Dense.of(20), Activation.relu(), Dense.of(3)), 7);
        add(models, Sequential.of(Dense.of(20), Activation.leakyRelu(0.1), Dense.of(3), Activation.softmax()), 7);
        add(models, Sequential.of(Conv.conv2d(3, 5), Activation.relu()), IMAGE);
        add(models, Sequential.of(Conv.conv2d(16, 3).withPadding(1), Activation.relu()), CHANNELS);
        add(models, Sequential.of(Conv.conv2d(16, 3).withStride(2), Activation.relu(), Flatten.of()), CHANNELS);
        add(models, Sequential.of(Conv.conv2d(16, 1), BatchNorm.of(), Activation.relu()), CHANNELS);
        add(models, MaxPool.pool2d(2), IMAGE);
        if (keepsInOverlappingWindows()) {
            add(models, MaxPool.pool2d(3).withStride(2), CHANNELS);
            add(models, Sequential.of(Conv.conv2d(16, 3).withPadding(1), MaxPool.pool2d(3).withStride(1)), CHANNELS);
        }
        add(models, AveragePool.pool2d(3).withStride(2), IMAGE);
        add(models, Lstm.of(5), SERIES);
        add(models, Gru.of(5), SERIES);
        add(models, Sequential.of(LayerNorm.of(), TransformerBlock.of(8, 2)), SERIES);
        return models.entrySet().stream().map(e -> dynamicTest(e.getKey(), () -> check(e.getValue())));
    }

    private static void add(Map<String, Model> models, Layer layer, int... sample) {
        models.put(layer + " of " + Arrays.toString(sample), Model.of(layer, sample));
    }

    private void check(Model model) {
        TensorType sample = model.inputs().getFirst();
        long size = sample.shape().size();
        NDArray x = NDArray.generate(
                sample.with(sample.shape().insert(0, 3)), i -> i == size + size / 2 ? Double.NaN : Math.sin(i));
        try (Device device = open();
                State state = State.of(model, device, 1);
                Evaluation evaluation = new Evaluation(model, state)) {
            NDArray y = evaluation.predict(x);
            for (int i = 0; i < 3; i++) {
                boolean hidden = Arrays.stream(y.rows(i, i + 1).toDoubles()).noneMatch(Double::isNaN);
                assertEquals(i != 1, hidden, "sample " + i);
            }
        }
    }
}
