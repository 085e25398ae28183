package io.tandem.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tandem.autodiff.Gradients;
import io.tandem.backend.CompiledFunction;
import io.tandem.backend.Device;
import io.tandem.conformance.Tolerance;
import io.tandem.graph.Composites;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** LSTM layers whose weights are larger than a core's cache, with few and with many samples, against the definition. */
class LargeLstmTest {
    private static final int STEPS = 4;
    private static final int INPUTS = 330;
    private static final int UNITS = 250;

    @ParameterizedTest
    @CsvSource({"3, false", "3, true", "19, false", "33, true"})
    void resultsAndGradientsAreThoseOfTheDefinition(int batch, boolean reverse) {
        SplittableRandom random = new SplittableRandom(batch);
        NDArray[] inputs = Stream.of(
                Shape.of(STEPS, batch, INPUTS),
                Shape.of(batch, UNITS),
                Shape.of(batch, UNITS),
                Shape.of(4 * UNITS, INPUTS),
                Shape.of(4 * UNITS, UNITS),
                Shape.of(4 * UNITS),
                Shape.of(STEPS, batch, UNITS))
                .map(shape -> NDArray.generate(
                        new TensorType(DType.F32, shape),
                        i -> random.nextDouble(-1, 1) * (shape.dim(0) == 4 * UNITS ? 0.1 : 1)))
                .toArray(NDArray[]::new);
        List<NDArray> expected = run("reference", reverse, inputs);
        List<NDArray> actual = run("cpu", reverse, inputs);
        for (int i = 0; i < expected.size(); i++) {
            int result = i;
            assertEquals(
                    Optional.empty(),
                    Tolerance.sum((long) STEPS * (INPUTS + UNITS)).mismatch(expected.get(i), actual.get(i)),
                    () -> "result " + result);
        }
    }

    private static List<NDArray> run(String name, boolean reverse, NDArray[] inputs) {
        try (Device device = Device.of(name);
                CompiledFunction f = CompiledFunction.of(device, in -> {
                    List<Tensor> operands = in.subList(0, 6);
                    List<Tensor> results = new ArrayList<>(Composites.lstm(
                            in.get(0), in.get(1), in.get(2), in.get(3), in.get(4), in.get(5), reverse));
                    results.addAll(Gradients.gradients(
                            List.of(results.getFirst()), List.of(in.get(6)), operands));
                    return results;
                })) {
            return f.run(inputs);
        }
    }
}
