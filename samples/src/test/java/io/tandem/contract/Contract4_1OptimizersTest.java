package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.data.Batch;
import io.tandem.data.Batches;
import io.tandem.data.DataLoader;
import io.tandem.graph.Tensor;
import io.tandem.nn.Dense;
import io.tandem.nn.Initializers;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Schedule;
import io.tandem.optim.Schedules;
import io.tandem.optim.Sgd;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.Callback;
import io.tandem.train.Epoch;
import io.tandem.train.Monitor;
import io.tandem.train.ReduceOnPlateau;
import io.tandem.train.State;
import io.tandem.train.TrainStep;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Section 4.1: batches, shuffling, momentum, schedules. */
@Tag("contract")
class Contract4_1OptimizersTest {
    private static final NDArray X = NDArray.generate(TensorType.f32(12, 1), i -> i);
    private static final NDArray Y = NDArray.generate(TensorType.f32(12, 1), i -> 2 * i + 1);

    /** 12 samples: one, three or twelve updates per epoch. */
    @Test
    void gradientDescentMiniBatchesAndSingleSamples() {
        Model model = Model.of(Dense.of(1), 1);
        Training training = Training.of(model, Losses.meanSquaredError(), Sgd.of(0.001));
        for (int batch : new int[] {12, 4, 1}) {
            try (Device device = Device.of("cpu"); State state = State.of(model, device, 1)) {
                DataLoader loader = DataLoader.of(ArrayDataset.of(X, Y), batch).shuffled(1);
                List<Epoch> epochs = Trainer.of(training).fit(state, loader, 5).epochs();
                assertEquals(5L * 12 / batch, state.get("optimizer.step").getLong(0));
                assertTrue(epochs.getLast().training().get("loss") < 0.9 * epochs.getFirst().training().get("loss"));
            }
        }
    }

    @Test
    void shufflingDependsOnTheSeedAndTheEpoch() {
        DataLoader one = DataLoader.of(ArrayDataset.of(X, Y), 5).shuffled(1);
        assertEquals(order(one, 0), order(DataLoader.of(ArrayDataset.of(X, Y), 5).shuffled(1), 0));
        assertFalse(order(one, 0).equals(order(one, 1)));
        assertFalse(order(one, 0).equals(order(DataLoader.of(ArrayDataset.of(X, Y), 5).shuffled(2), 0)));
        assertEquals(
                LongStream.range(0, 12).mapToObj(i -> (double) i).toList(), order(one, 0).stream().sorted().toList());
    }

    private static List<Double> order(DataLoader loader, int epoch) {
        List<Double> order = new ArrayList<>();
        try (Batches batches = loader.epoch(epoch)) {
            for (Batch batch : batches) {
                for (double x : batch.column(0).toDoubles()) {
                    order.add(x);
                }
            }
        }
        return order;
    }

    /** A constant gradient of -1: steps grow from η to η/(1-α) = 0.1/(1-0.9) = 1. */
    @Test
    void aConstantGradientTendsToRateOverOneMinusMomentum() {
        Model model = Model.of(Dense.of(1).withWeights(Initializers.zeros()).withoutBias(), 1);
        NDArray one = NDArray.full(TensorType.f32(1, 1), 1);
        Training training =
                Training.of(model, (y, f) -> y.neg().sum(), Sgd.of(0.1).withMomentum(0.9));
        try (Device device = Device.of("cpu");
                State state = State.of(model, device, 1);
                TrainStep step = new TrainStep(training, state, TensorType.f32(1))) {
            step.run(List.of(one), one);
            assertEquals(0.1, state.get("weight").item(), 1e-6);
            double before = 0;
            for (int i = 0; i < 150; i++) {
                before = state.get("weight").item();
                step.run(List.of(one), one);
            }
            assertEquals(1, state.get("weight").item() - before, 1e-4);
        }
    }

    private static double[] rates(Schedule schedule, double... steps) {
        return Reference.map(
                t -> Tensor.stack(
                        0,
                        IntStream.range(0, steps.length)
                                .mapToObj(i -> schedule.at(t.at(0, i)))
                                .toList()),
                Reference.vector(steps));
    }

    @Test
    void schedules() {
        double e = 1e-15;
        assertArrayEquals(new double[] {0.1, 0.1}, rates(Schedule.constant(0.1), 0, 1000), e);
        assertArrayEquals(
                new double[] {0.1, 0.1, 0.05, 0.025}, rates(Schedules.step(0.1, 10, 0.5), 0, 9, 10, 25), e);
        assertArrayEquals(new double[] {0.1, 0.09, 0.0729}, rates(Schedules.exponential(0.1, 0.9), 0, 1, 3), e);
        assertArrayEquals(
                new double[] {1, 0.325, 0.1, 0.1}, rates(Schedules.polynomial(1, 0.1, 10, 2), 0, 5, 10, 20), e);
        assertArrayEquals(
                new double[] {1, 0.5, 0, 0}, rates(Schedules.cosine(1, 0, 10), 0, 5, 10, 20), e);
        assertArrayEquals(
                new double[] {0.25, 0.5, 1, 1}, rates(Schedules.warmUp(4, Schedule.constant(1)), 0, 1, 3, 9), e);
        // One cycle of 100 steps: from 1/25 to 1 at step 29, down to 1/250,000 at step 99.
        assertArrayEquals(
                new double[] {0.04, 0.52, 1, 4e-6}, rates(Schedules.oneCycle(1, 100), 0, 14.5, 29, 99), 1e-12);
    }

    /** The loss stays at one value; after two epochs without improvement the rate is halved. */
    @Test
    void reduceOnPlateau() {
        Model model = Model.of(Dense.of(1).withWeights(Initializers.zeros()), 1);
        Training still = Training.of(model, (y, f) -> y.sum().mul(0).add(1), Sgd.of(0.1));
        List<Double> factors = new ArrayList<>();
        try (Device device = Device.of("cpu"); State state = State.of(model, device, 1)) {
            Trainer.of(still)
                    .with(ReduceOnPlateau.of(Monitor.training("loss"), 2, 0.5))
                    .with(new Callback() {
                        @Override
                        public Verdict epochEnded(Epoch epoch) {
                            factors.add(state.get("optimizer.rate_factor").item());
                            return Verdict.CONTINUE;
                        }
                    })
                    .fit(state, DataLoader.of(ArrayDataset.of(X, Y), 12), 6);
        }
        assertEquals(1, factors.getFirst());
        assertEquals(0.25, factors.getLast(), factors::toString);
    }
}
