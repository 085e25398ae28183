package io.tandem.cuda.lib;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaGraph;
import io.tandem.cuda.simulation.DeviceArrays;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What Tandem relies on of cuDNN's recurrent networks, tested on the stand-in and on the library. */
abstract class RnnSemantics {

    private static final int[] EQUAL = {5, 5, 5};
    private static final int[] MIXED = {5, 4, 2};

    abstract Rig open();

    /** A network and the form of its data. */
    record Case(RnnDescriptor rnn, boolean batchMajor, int[] lengths) {
        RnnSequence input() {
            return new RnnSequence(
                    DataType.F32, batchMajor, lengths[0], rnn.inputSize(), Arrays.stream(lengths).boxed().toList());
        }

        RnnSequence output() {
            return new RnnSequence(
                    DataType.F32, batchMajor, lengths[0], rnn.outputSize(), Arrays.stream(lengths).boxed().toList());
        }

        @Override
        public String toString() {
            return rnn.cell() + (rnn.bidirectional() ? " bidirectional, " : ", ") + rnn.layers() + " layers, "
                    + rnn.biases() + (batchMajor ? ", batch major " : ", time major ") + Arrays.toString(lengths);
        }
    }

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (RnnDescriptor.Cell cell : RnnDescriptor.Cell.values()) {
            cases.add(new Case(RnnDescriptor.of(cell, false, 3, 4, 1), false, EQUAL));
            cases.add(new Case(RnnDescriptor.of(cell, true, 3, 4, 2), false, EQUAL));
            cases.add(new Case(RnnDescriptor.of(cell, true, 6, 5, 2), true, MIXED));
        }
        for (RnnDescriptor.Biases biases : RnnDescriptor.Biases.values()) {
            RnnDescriptor rnn = new RnnDescriptor(
                    RnnDescriptor.Cell.LSTM, biases, false, 2, 3, 2, DataType.F32, DataType.F32, MathType.FMA);
            cases.add(new Case(rnn, false, EQUAL));
        }
        return cases.stream();
    }

    /** Everything of one training run, on the device and as numbers. */
    private static final class Run {
        final Case c;
        final Dnn dnn;
        final DeviceArrays arrays;
        final RnnSequence in;
        final RnnSequence out;
        final RnnReference reference;
        final int states;
        final float[] space;
        final float[] x;
        final float[] hx;
        final float[] cx;
        final long gx;
        final long gy;
        final RnnStates first;
        final RnnMemory memory;
        final boolean lstm;

        Run(Case c, Dnn dnn, DeviceArrays arrays) {
            this.c = c;
            this.dnn = dnn;
            this.arrays = arrays;
            in = c.input();
            out = c.output();
            lstm = c.rnn().cell() == RnnDescriptor.Cell.LSTM;
            reference = new RnnReference(c.rnn(), dnn.rnnParameters(c.rnn()));
            Numbers numbers = new Numbers(11);
            long bytes = dnn.rnnWeightSpaceBytes(c.rnn());
            space = numbers.normal((int) (bytes / 4));
            for (int i = 0; i < space.length; i++) {
                space[i] *= 0.4f;
            }
            states = c.rnn().layers() * c.rnn().directions() * in.batch() * c.rnn().hiddenSize();
            x = flat(masked(numbers.normal((int) in.bytes() / 4), in), in);
            hx = numbers.normal(states);
            cx = numbers.normal(states);
            gx = arrays.upload(x);
            gy = arrays.emptyFloats((int) out.bytes() / 4);
            first = new RnnStates(
                    arrays.upload(hx),
                    arrays.emptyFloats(states),
                    lstm ? arrays.upload(cx) : 0,
                    lstm ? arrays.emptyFloats(states) : 0);
            RnnMemorySizes sizes = dnn.rnnMemorySizes(c.rnn(), in, true);
            memory = new RnnMemory(
                    new Workspace(arrays.upload(space), bytes),
                    new Workspace(arrays.bytes(sizes.workspace()), sizes.workspace()),
                    new Workspace(arrays.bytes(sizes.reserve()), sizes.reserve()));
        }

        void forward(boolean training) {
            dnn.rnnForward(c.rnn(), training, in, gx, out, gy, first, memory);
        }

        RnnReference.Result reference(double[] weights, double[][][] input, double[][][] h, double[][][] cell) {
            return reference.run(weights, input, c.lengths(), h, cell);
        }

        double[][][] states(double[] values) {
            int hidden = c.rnn().hiddenSize();
            double[][][] result = new double[states / in.batch() / hidden][in.batch()][hidden];
            for (int i = 0; i < states; i++) {
                result[i / hidden / in.batch()][i / hidden % in.batch()][i % hidden] = values[i];
            }
            return result;
        }
    }

    private static double[] doubles(float[] values) {
        double[] result = new double[values.length];
        Arrays.setAll(result, i -> values[i]);
        return result;
    }

    /** As [batch][time][features], zero behind the lengths. */
    private static double[][][] masked(float[] values, RnnSequence form) {
        return masked(doubles(values), form);
    }

    private static double[][][] masked(double[] values, RnnSequence form) {
        double[][][] result = new double[form.batch()][form.time()][form.features()];
        for (int n = 0; n < form.batch(); n++) {
            for (int t = 0; t < form.lengths().get(n); t++) {
                int step = form.batchMajor() ? n * form.time() + t : t * form.batch() + n;
                System.arraycopy(values, step * form.features(), result[n][t], 0, form.features());
            }
        }
        return result;
    }

    private static float[] flat(double[][][] values, RnnSequence form) {
        float[] result = new float[form.batch() * form.time() * form.features()];
        for (int n = 0; n < form.batch(); n++) {
            for (int t = 0; t < form.time(); t++) {
                int step = form.batchMajor() ? n * form.time() + t : t * form.batch() + n;
                for (int f = 0; f < form.features(); f++) {
                    result[step * form.features() + f] = (float) values[n][t][f];
                }
            }
        }
        return result;
    }

    private static double[] flat(double[][][] values) {
        return Arrays.stream(values)
                .flatMap(Arrays::stream)
                .flatMapToDouble(Arrays::stream)
                .toArray();
    }

    private void on(Case c, Consumer<Run> body) {
        try (Rig rig = open();
                DeviceArrays arrays = new DeviceArrays(rig.driver())) {
            rig.dnn().setStream(arrays.stream());
            body.accept(new Run(c, rig.dnn(), arrays));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void forwardFollowsTheEquations(Case c) {
        on(c, run -> {
            RnnReference.Result expected = run.reference(
                    doubles(run.space),
                    masked(run.x, run.in),
                    run.states(doubles(run.hx)),
                    run.states(doubles(run.cx)));
            for (boolean training : new boolean[] {false, true}) {
                run.forward(training);
                float[] y = run.arrays.floats(run.gy, (int) run.out.bytes() / 4);
                Numbers.assertClose(doubles(flat(expected.y(), run.out)), y, 2e-5);
                float[] hy = run.arrays.floats(run.first.lastHidden(), run.states);
                Numbers.assertClose(flat(expected.hidden()), hy, 2e-5);
                if (run.lstm) {
                    float[] cy = run.arrays.floats(run.first.lastCell(), run.states);
                    Numbers.assertClose(flat(expected.cell()), cy, 2e-5);
                }
            }
        });
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsFollowFiniteDifferences(Case c) {
        on(c, run -> {
            Numbers numbers = new Numbers(12);
            float[] dy = flat(masked(numbers.normal((int) run.out.bytes() / 4), run.out), run.out);
            float[] dhy = numbers.normal(run.states);
            float[] dcy = numbers.normal(run.states);
            RnnStates gradients = new RnnStates(
                    run.arrays.emptyFloats(run.states),
                    run.arrays.upload(dhy),
                    run.lstm ? run.arrays.emptyFloats(run.states) : 0,
                    run.lstm ? run.arrays.upload(dcy) : 0);
            long gdx = run.arrays.emptyFloats(run.x.length);
            float[] before = new float[run.space.length];
            before[0] = 0.5f; // gradients are added to what is there
            long gdw = run.arrays.upload(before);
            run.forward(true);
            run.dnn.rnnBackwardData(
                    c.rnn(), run.out, run.gy, run.arrays.upload(dy), run.in, gdx, run.first, gradients, run.memory);
            run.dnn.rnnBackwardWeights(
                    c.rnn(), run.in, run.gx, run.first, run.out, run.gy, gdw, run.memory);
            double[] dx = flat(masked(run.arrays.floats(gdx, run.x.length), run.in));
            double[] dhx = doubles(run.arrays.floats(gradients.firstHidden(), run.states));
            double[] dcx = run.lstm
                    ? doubles(run.arrays.floats(gradients.firstCell(), run.states))
                    : new double[run.states];
            double[] dw = doubles(run.arrays.floats(gdw, before.length));
            dw[0] -= 0.5;
            double[][] parts = {dx, dhx, dcx, dw};
            double[][] values = {
                flat(masked(run.x, run.in)), doubles(run.hx), doubles(run.cx), doubles(run.space)
            };
            for (int part = 0; part < 4; part++) {
                if (part == 2 && !run.lstm) {
                    continue;
                }
                checkAlong(run, values, part, parts[part], masked(dy, run.out), dhy, dcy);
            }
        });
    }

    /** Along random directions, the gradient's part must be the derivative of the weighted sum of all results. */
    private static void checkAlong(
            Run run, double[][] values, int part, double[] gradient, double[][][] dy, float[] dhy, float[] dcy) {
        Random random = new Random(13);
        for (int trial = 0; trial < 3; trial++) {
            double[] direction = new double[gradient.length];
            double along = 0;
            for (int i = 0; i < direction.length; i++) {
                direction[i] = random.nextGaussian();
                along += direction[i] * gradient[i];
            }
            double step = 1e-6;
            double[] losses = new double[2];
            for (int side = 0; side < 2; side++) {
                double[][] moved = values.clone();
                moved[part] = values[part].clone();
                for (int i = 0; i < direction.length; i++) {
                    moved[part][i] += (side == 0 ? step : -step) * direction[i];
                }
                double[][][] x = new double[run.in.batch()][run.in.time()][run.in.features()];
                for (int i = 0; i < moved[0].length; i++) {
                    int features = run.in.features();
                    x[i / features / run.in.time()][i / features % run.in.time()][i % features] = moved[0][i];
                }
                RnnReference.Result result =
                        run.reference(moved[3], x, run.states(moved[1]), run.states(moved[2]));
                losses[side] = weighted(flat(result.y()), flat(dy))
                        + weighted(flat(result.hidden()), doubles(dhy))
                        + (run.lstm ? weighted(flat(result.cell()), doubles(dcy)) : 0);
            }
            double numeric = (losses[0] - losses[1]) / (2 * step);
            assertEquals(numeric, along, 2e-4 * Math.max(1, Math.abs(numeric)), "part " + part);
        }
    }

    private static double weighted(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    @Test
    void missingStatesAreZeros() {
        Case c = new Case(RnnDescriptor.of(RnnDescriptor.Cell.LSTM, false, 3, 4, 1), false, EQUAL);
        on(c, run -> {
            run.dnn.rnnForward(c.rnn(), false, run.in, run.gx, run.out, run.gy, RnnStates.NONE, run.memory);
            double[][][] zero = run.states(new double[run.states]);
            RnnReference.Result expected = run.reference(doubles(run.space), masked(run.x, run.in), zero, zero);
            float[] y = run.arrays.floats(run.gy, (int) run.out.bytes() / 4);
            Numbers.assertClose(doubles(flat(expected.y(), run.out)), y, 2e-5);
        });
    }

    @Test
    void trainingStepsAreCaptured() {
        Case c = new Case(RnnDescriptor.of(RnnDescriptor.Cell.GRU, false, 3, 4, 1), false, EQUAL);
        on(c, run -> {
            run.forward(true);
            float[] y = run.arrays.floats(run.gy, (int) run.out.bytes() / 4);
            try (CudaGraph graph = run.arrays.stream().capture(() -> run.forward(true))) {
                run.arrays.write(run.gx, new float[run.x.length]);
                graph.launch(run.arrays.stream());
                float[] changed = run.arrays.floats(run.gy, y.length);
                assertTrue(!Arrays.equals(y, changed));
                run.arrays.write(run.gx, run.x);
                graph.launch(run.arrays.stream());
                Numbers.assertClose(doubles(y), run.arrays.floats(run.gy, y.length), 1e-6);
            }
        });
    }

    @Test
    void parametersCoverTheNetworkWithoutOverlap() {
        RnnDescriptor rnn = RnnDescriptor.of(RnnDescriptor.Cell.LSTM, true, 3, 5, 2);
        try (Rig rig = open()) {
            List<RnnParameter> parameters = rig.dnn().rnnParameters(rnn);
            assertEquals(2 * 2 * 8 * 2, parameters.size());
            long bytes = rig.dnn().rnnWeightSpaceBytes(rnn);
            boolean[] used = new boolean[(int) bytes / 4];
            for (RnnParameter p : parameters) {
                int columns = p.bias() ? 1 : p.linearLayer() >= 4 ? 5 : p.layer() == 0 ? 3 : 10;
                assertEquals(columns, p.columns());
                assertEquals(5, p.rows());
                for (int i = 0; i < p.elements(); i++) {
                    int at = (int) p.offset() / 4 + i;
                    assertTrue(!used[at], "overlap at " + at);
                    used[at] = true;
                }
            }
        }
    }

    @Test
    void smallReservesAndForeignLengthsAreRefused() {
        Case c = new Case(RnnDescriptor.of(RnnDescriptor.Cell.TANH, false, 3, 4, 1), false, EQUAL);
        on(c, run -> {
            RnnMemory small = new RnnMemory(
                    run.memory.weights(),
                    run.memory.workspace(),
                    new Workspace(run.memory.reserve().address(), run.memory.reserve().bytes() - 1));
            CudaException refused = assertThrows(
                    CudaException.class,
                    () -> run.dnn.rnnForward(c.rnn(), true, run.in, run.gx, run.out, run.gy, run.first, small));
            assertTrue(refused.codeName().startsWith("CUDNN_STATUS_"), refused.getMessage());
            RnnSequence shorter = RnnSequence.of(DataType.F32, false, 4, 3, 4);
            assertThrows(
                    CudaException.class,
                    () -> run.dnn.rnnForward(
                            c.rnn(), true, run.in, run.gx, shorter, run.gy, run.first, run.memory));
        });
    }
}
