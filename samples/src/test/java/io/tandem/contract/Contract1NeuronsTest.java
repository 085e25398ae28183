package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tandem.backend.Device;
import io.tandem.data.CsvTable;
import io.tandem.models.classic.LearningRule;
import io.tandem.models.classic.LogicNetworks;
import io.tandem.models.classic.Perceptron;
import io.tandem.nn.Activation;
import io.tandem.nn.Layer;
import io.tandem.nn.Mode;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.samples.data.DataFolders;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Section 1: threshold units, learning rules and logic. */
@Tag("contract")
class Contract1NeuronsTest {
    private static Device device;

    @BeforeAll
    static void open() {
        device = Device.of("cpu");
    }

    @AfterAll
    static void close() {
        device.close();
    }

    /** 1.1 */
    @Test
    void stepFunctionsAtZero() {
        NDArray z = Reference.vector(-2, 0, 3);
        assertArrayEquals(new double[] {0, 1, 1}, Reference.map(Activation.heaviside()::forward, z));
        assertArrayEquals(new double[] {-1, 0, 1}, Reference.map(Activation.sign()::forward, z));
        assertArrayEquals(new double[] {-1, 1, 1}, Reference.map(Activation.bipolarStep()::forward, z));
    }

    /** 1.1 */
    @Test
    void theBiasIsAWeightOnAConstantOne() {
        NDArray x = Reference.vector(0.5, -2, 3);
        NDArray w = Reference.vector(0.3, 0.7, -0.2);
        double separate = Reference.map(t -> t.mul(t.graph().constant(w)).sum().add(0.25), x)[0];
        NDArray longer = Reference.vector(0.5, -2, 3, 1);
        double joined = Reference.map(
                t -> t.mul(t.graph().constant(Reference.vector(0.3, 0.7, -0.2, 0.25))).sum(), longer)[0];
        assertEquals(-1.6, separate, 1e-15);
        assertEquals(separate, joined, 1e-15);
    }

    /** 1.1 */
    @Test
    void rowFormAndColumnFormAgree() {
        NDArray w = Reference.matrix(new double[] {1, -2, 0.5}, new double[] {0.25, 3, -1});
        NDArray x = Reference.vector(2, 1, -4);
        NDArray b = Reference.vector(0.5, -0.5);
        double[] column = Reference.run(
                in -> List.of(in.get(0).matmul(in.get(1).expandDims(1)).squeeze(1).add(in.get(2))), w, x, b)
                .getFirst()
                .toDoubles();
        double[] row = Reference.run(
                in -> List.of(in.get(1).expandDims(0).matmul(in.get(0).transpose()).squeeze(0).add(in.get(2))),
                w,
                x,
                b)
                .getFirst()
                .toDoubles();
        assertArrayEquals(new double[] {-1.5, 7}, column);
        assertArrayEquals(column, row);
    }

    /** 1.2 */
    @Test
    void hebbsRuleIsRateTimesInputTimesActivity() {
        LearningRule hebb = LearningRule.hebb(0.5);
        List<NDArray> change = Reference.run(
                in -> List.of(hebb.weightChange(in.get(0), in.get(1), in.get(1))),
                Reference.vector(1, -2),
                Reference.vector(1, 3));
        assertArrayEquals(new double[] {0.5, -1, 1.5, -3}, change.getFirst().toDoubles());
        // Learned from one pass over two samples: the sum of their products.
        Perceptron.Fit fit = Perceptron.zeros(2, 1)
                .withStep(Activation.bipolarStep())
                .fit(device, rows(2, 1, -2, 3, 1), rows(1, 1, -1), hebb, 1);
        assertArrayEquals(new double[] {-1, -1.5}, fit.model().weights().toDoubles(), 1e-6);
        assertArrayEquals(new double[] {0}, fit.model().bias().toDoubles(), 1e-6);
    }

    /** 1.3: two inputs, three outputs; right, too high, too low. */
    @Test
    void thePerceptronRuleChangesWhatIsWrong() {
        Perceptron start = new Perceptron(
                NDArray.of(Shape.of(3, 2), 1, 1, 1, 1, -1, -1), NDArray.of(Shape.of(3), 0, 0, 0),
                Activation.heaviside());
        NDArray x = rows(2, 2, 3);
        assertArrayEquals(new double[] {1, 1, 0}, start.predict(device, x).toDoubles());
        Perceptron after =
                start.fit(device, x, rows(3, 1, 0, 1), LearningRule.perceptron(0.5), 1).model();
        assertArrayEquals(new double[] {1, 1, 0, -0.5, 0, 0.5}, after.weights().toDoubles(), 1e-6);
        assertArrayEquals(new double[] {0, -0.5, 0.5}, after.bias().toDoubles(), 1e-6);
        // The second output's sum fell, the third one's rose.
        assertArrayEquals(new double[] {1, 0, 1}, after.predict(device, x).toDoubles());
    }

    /** 1.4 */
    @Test
    void separableDataReachesZeroMistakes() {
        Random random = new Random(3);
        float[] points = new float[200];
        float[] targets = new float[100];
        for (int i = 0; i < 100;) {
            double x = random.nextGaussian();
            double y = random.nextGaussian();
            double side = 2 * x - y + 0.3;
            if (Math.abs(side) > 0.2) {
                points[2 * i] = (float) x;
                points[2 * i + 1] = (float) y;
                targets[i++] = side > 0 ? 1 : 0;
            }
        }
        Perceptron.Fit fit = Perceptron.zeros(2, 1)
                .fit(device, rows(2, points), rows(1, targets), LearningRule.perceptron(1), 100);
        assertTrue(fit.converged());
        assertEquals(0, fit.mistakes().getLast());
        assertTrue(fit.mistakes().getFirst() > 0);
    }

    /** 1.4 */
    @Test
    void xorNeverReachesZeroMistakes() {
        Perceptron.Fit fit = Perceptron.zeros(2, 1)
                .fit(device, Reference.truthTable(2), rows(1, 0, 1, 1, 0), LearningRule.perceptron(1), 500);
        assertFalse(fit.converged());
        assertEquals(500, fit.mistakes().size());
        assertTrue(fit.mistakes().stream().allMatch(m -> m > 0));
    }

    /** 1.5 */
    @Test
    void irisSetosaInThreeEpochs() {
        Optional<List<Path>> file = DataFolders.standard(Optional.empty()).find("iris.csv");
        assumeTrue(file.isPresent(), "TANDEM_DATA has no iris.csv");
        CsvTable table = CsvTable.withoutHeader(file.get().getFirst());
        List<String> names = table.columns();
        NDArray petals = table.numbers(names.get(2), names.get(3));
        List<String> species = table.text(names.get(4));
        NDArray setosa = NDArray.generate(
                TensorType.f32(species.size(), 1), i -> species.get(i).equals("Iris-setosa") ? 1 : 0);
        Perceptron.Fit fit =
                Perceptron.zeros(2, 1).fit(device, petals, setosa, LearningRule.perceptron(1), 100);
        assertTrue(fit.converged());
        assertArrayEquals(new double[] {-0.6, -0.8}, fit.model().weights().toDoubles(), 1e-6);
        assertArrayEquals(new double[] {2}, fit.model().bias().toDoubles(), 1e-6);
        assertEquals(1, fit.model().predict(device, rows(2, 2, 0.5f)).item());
        assertArrayEquals(setosa.toDoubles(), fit.model().predict(device, petals).toDoubles());
        // Three epochs: the third one has no mistake.
        assertEquals(3, fit.mistakes().size(), fit.mistakes()::toString);
    }

    /** 1.6 */
    @Test
    void threeFactorsDecide() {
        assertEquals(List.of("011", "101", "110", "111"), trueRows(LogicNetworks.threshold(2, 1, 1, 1), 3));
        assertEquals(List.of("011", "101", "111"), trueRows(LogicNetworks.threshold(11, 1, 1, 10), 3));
    }

    /** 1.7 */
    @Test
    void gates() {
        NDArray table = Reference.truthTable(2);
        assertArrayEquals(new double[] {-2, -1, -1, 0}, sums(LogicNetworks.and(2), table));
        assertArrayEquals(new double[] {0, 0, 0, 1}, outputs(LogicNetworks.and(2), table));
        assertArrayEquals(new double[] {-1, 0, 0, 1}, sums(LogicNetworks.or(2), table));
        assertArrayEquals(new double[] {0, 1, 1, 1}, outputs(LogicNetworks.or(2), table));
        assertArrayEquals(new double[] {1, 1, 1, 0}, outputs(LogicNetworks.nand(2), table));
        assertArrayEquals(new double[] {0, 1, 1, 0}, outputs(LogicNetworks.xor(), table));
        assertArrayEquals(
                new double[] {0, 1, 1, 0, 1, 0, 0, 1}, outputs(LogicNetworks.oneHotXor(), table));
    }

    /** 1.8 */
    @Test
    void everyBooleanFunctionOfThreeInputs() {
        NDArray table = Reference.truthTable(3);
        for (int function = 0; function < 256; function++) {
            boolean[] truth = new boolean[8];
            double[] expected = new double[8];
            for (int row = 0; row < 8; row++) {
                truth[row] = (function >> row & 1) == 1;
                expected[row] = truth[row] ? 1 : 0;
            }
            assertArrayEquals(
                    expected, outputs(LogicNetworks.ofTruthTable(truth), table), "function " + function);
        }
    }

    @Test
    void badInputIsRefused() {
        assertMessage("a truth table of n inputs has 2^n rows", () -> LogicNetworks.ofTruthTable(true, false, true));
        assertMessage("at least 1 input", () -> LogicNetworks.and(0));
        assertMessage("learning rate must be positive, got -1", () -> LearningRule.perceptron(-1));
        Perceptron units = Perceptron.zeros(2, 1);
        assertMessage(
                "the target of sample 1, unit 0 is 2.0",
                () -> units.fit(device, rows(2, 1, 2, 3, 4), rows(1, 1, 2), LearningRule.perceptron(1), 5));
        assertMessage(
                "needs samples [N, 2]",
                () -> units.fit(device, rows(1, 1), rows(1, 1), LearningRule.perceptron(1), 5));
        assertMessage("the step of a perceptron", () -> units.withStep(Activation.tanh()));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void gatesOfAnyNumberOfInputs(int inputs) {
        NDArray table = Reference.truthTable(inputs);
        double[] and = outputs(LogicNetworks.and(inputs), table);
        double[] or = outputs(LogicNetworks.or(inputs), table);
        double[] nand = outputs(LogicNetworks.nand(inputs), table);
        for (int row = 0; row < 1 << inputs; row++) {
            assertEquals(row == (1 << inputs) - 1 ? 1 : 0, and[row]);
            assertEquals(row == 0 ? 0 : 1, or[row]);
            assertEquals(1 - and[row], nand[row]);
        }
    }

    private static void assertMessage(String part, Executable action) {
        String message = assertThrows(IllegalArgumentException.class, action).getMessage();
        assertTrue(message.contains(part), message);
    }

    private static double[] outputs(Layer network, NDArray x) {
        return Reference.predict(Model.of(network, x.shape().dim(1)), Mode.INFERENCE, x).toDoubles();
    }

    /** What a threshold unit adds up, before its step. */
    private static double[] sums(Sequential unit, NDArray x) {
        return outputs(unit.layers().getFirst(), x);
    }

    private static List<String> trueRows(Layer network, int inputs) {
        double[] outputs = outputs(network, Reference.truthTable(inputs));
        return IntStream.range(0, outputs.length)
                .filter(row -> outputs[row] == 1)
                .mapToObj(row -> String.format("%3s", Integer.toBinaryString(row)).replace(' ', '0'))
                .toList();
    }

    private static NDArray rows(int columns, float... values) {
        return NDArray.of(Shape.of(values.length / columns, columns), values);
    }
}
