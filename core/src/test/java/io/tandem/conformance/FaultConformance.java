package io.tandem.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.backend.DeviceException;
import io.tandem.data.DataException;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.data.Pass;
import io.tandem.nn.Model;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.Callback;
import io.tandem.train.Checkpoint;
import io.tandem.train.Epoch;
import io.tandem.train.Evaluation;
import io.tandem.train.History;
import io.tandem.train.ModelCheckpoint;
import io.tandem.train.State;
import io.tandem.train.StepResult;
import io.tandem.train.TrainStep;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong in long-running programs: interrupts, failures midway, use after close, memory. */
public abstract class FaultConformance {
    @TempDir
    Path folder;

    /** The device under test. */
    protected abstract Device open();

    /** Signals when training is under way. */
    private record Started(CountDownLatch signal) implements Callback {
        @Override
        public void stepDone(int epoch, int batch, int samples, StepResult result) {
            if (result.step() == 3) {
                signal.countDown();
            }
        }
    }

    private static void train(State state, int epochs) {
        Trainer.of(TrainingRuns.training(state.model())).fit(state, TrainingRuns.points(12, 1).batches(4), epochs);
    }

    @Test
    void anInterruptEndsTrainingBetweenStepsAndKeepsACheckpoint() throws Exception {
        Path at = folder.resolve("run");
        CountDownLatch underWay = new CountDownLatch(1);
        CountDownLatch over = new CountDownLatch(1);
        try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
            Future<History> future = executor.submit(() -> {
                try (Device device = open();
                        State state = State.of(TrainingRuns.network(), device, 3)) {
                    History history = Trainer.of(TrainingRuns.training(state.model()))
                            .with(new Started(underWay))
                            .with(ModelCheckpoint.to(at).withEpochs(0))
                            .fit(state, TrainingRuns.loader(), Integer.MAX_VALUE);
                    assertTrue(Thread.currentThread().isInterrupted(), "the interrupt is not swallowed");
                    TrainingRuns.requireContains(history.stopped().orElseThrow(), "interrupted");
                    // The device serves on.
                    int before = state.snapshot().size();
                    assertTrue(before > 0);
                    return history;
                } finally {
                    over.countDown();
                }
            });
            assertTrue(underWay.await(60, TimeUnit.SECONDS));
            future.cancel(true);
            assertThrows(CancellationException.class, future::get);
            assertTrue(over.await(60, TimeUnit.SECONDS), "training ended");
        }
        assertTrue(Checkpoint.read(at).step() >= 4);
    }

    @Test
    void anInterruptedRunReportsItsOutcome() throws Exception {
        CountDownLatch underWay = new CountDownLatch(1);
        Thread[] worker = new Thread[1];
        try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
            Future<History> future = executor.submit(() -> {
                worker[0] = Thread.currentThread();
                try (Device device = open();
                        State state = State.of(TrainingRuns.network(), device, 3)) {
                    return Trainer.of(TrainingRuns.training(state.model()))
                            .with(new Started(underWay))
                            .fit(state, TrainingRuns.loader(), Integer.MAX_VALUE);
                }
            });
            assertTrue(underWay.await(60, TimeUnit.SECONDS));
            worker[0].interrupt();
            assertTrue(future.get(60, TimeUnit.SECONDS).stopped().isPresent());
        }
    }

    @Test
    void threadsTrainSideBySideEachWithItsDevice() throws InterruptedException, ExecutionException {
        try (ExecutorService executor = Executors.newFixedThreadPool(2)) {
            List<Future<Map<String, NDArray>>> results = executor.invokeAll(Collections.nCopies(2, () -> {
                try (Device device = open();
                        State state = State.of(TrainingRuns.perceptron(), device, 3)) {
                    train(state, 4);
                    return state.snapshot();
                }
            }));
            assertEquals(results.get(0).get(), results.get(1).get());
        }
    }

    @Test
    void aFailedStepMakesTheStateRefuseUseUntilItIsRestored() {
        Model model = TrainingRuns.perceptron();
        try (FailingDevice device = new FailingDevice(open());
                State state = State.of(model, device, 3)) {
            train(state, 1);
            Map<String, NDArray> before = state.snapshot();
            device.failAfter(1);
            IllegalStateException failure = assertThrows(IllegalStateException.class, () -> train(state, 2));
            assertEquals(FailingDevice.MESSAGE, failure.getMessage());
            device.failAfter(Integer.MAX_VALUE);
            for (Runnable use : List.<Runnable>of(
                    () -> state.get("0.weight"), state::snapshot, () -> train(state, 1))) {
                TrainingRuns.requireContains(
                        assertThrows(IllegalStateException.class, use::run).getMessage(), "restore a checkpoint");
            }
            state.restore(Map.of("0.bias", before.get("0.bias")));
            assertThrows(IllegalStateException.class, state::snapshot, "a part does not make it whole");
            state.restore(before);
            assertEquals(before, state.snapshot());
            train(state, 1);
        }
    }

    @Test
    void failuresOfDataAndCallbacksGiveEverythingBack() {
        Dataset good = TrainingRuns.points(12, 1);
        Dataset bad = new Dataset() {
            @Override
            public int size() {
                return good.size();
            }

            @Override
            public List<TensorType> types() {
                return good.types();
            }

            @Override
            public void read(int[] indices, Pass pass, List<MemorySegment> into) {
                if (indices[0] == 8) {
                    throw new DataException("sample 8 is damaged");
                }
                good.read(indices, pass, into);
            }
        };
        Callback failing = new Callback() {
            @Override
            public Verdict epochEnded(Epoch epoch) {
                throw new UnsupportedOperationException("a callback's own fault");
            }
        };
        try (Device device = open();
                State state = State.of(TrainingRuns.perceptron(), device, 3)) {
            train(state, 1);
            long bytes = device.allocatedBytes();
            Trainer trainer = Trainer.of(TrainingRuns.training(state.model()));
            DataException damaged = assertThrows(
                    DataException.class, () -> trainer.fit(state, DataLoader.of(bad, 4), 1));
            assertEquals("sample 8 is damaged", damaged.getMessage());
            assertThrows(
                    UnsupportedOperationException.class, () -> trainer.with(failing).fit(state, good.batches(4), 1));
            assertEquals(bytes, device.allocatedBytes());
            train(state, 1);
        }
    }

    @Test
    void whereMemoryRunsOutNothingIsKept() {
        Model model = TrainingRuns.perceptron();
        Training training = TrainingRuns.training(model);
        NDArray x = NDArray.zeros(TensorType.f32(4, 4));
        NDArray t = NDArray.zeros(TensorType.of(DType.I32, 4));
        try (FailingDevice device = new FailingDevice(open())) {
            long empty = device.allocatedBytes();
            for (int allocations = 0; allocations < 6; allocations++) {
                device.failAllocationAfter(allocations);
                assertThrows(DeviceException.class, () -> State.of(model, device, 1));
                assertEquals(empty, device.allocatedBytes(), "after " + allocations);
            }
            device.failAllocationAfter(Integer.MAX_VALUE);
            try (State state = State.of(model, device, 1)) {
                try (TrainStep first = new TrainStep(training, state, TensorType.of(DType.I32))) {
                    first.run(List.of(x), t);
                }
                long bytes = device.allocatedBytes();
                TrainStep step = new TrainStep(training, state, TensorType.of(DType.I32));
                for (int allocations = 0; allocations < 2; allocations++) {
                    device.failAllocationAfter(allocations);
                    assertThrows(DeviceException.class, () -> step.run(List.of(x), t));
                    assertEquals(bytes, device.allocatedBytes(), "after " + allocations);
                }
                device.failAllocationAfter(Integer.MAX_VALUE);
                assertTrue(Float.isFinite(step.run(List.of(x), t).loss()));
                TrainingRuns.requireContains(
                        assertThrows(IllegalStateException.class, () -> step.plan(3)).getMessage(), "3 samples", "[4]");
                step.close();
            }
        }
    }

    @Test
    void useAfterCloseIsAnExceptionNeverACrash() {
        Model model = TrainingRuns.perceptron();
        Training training = TrainingRuns.training(model);
        NDArray x = NDArray.zeros(TensorType.f32(2, 4));
        NDArray t = NDArray.zeros(TensorType.of(DType.I32, 2));
        Device device = open();
        State state = State.of(model, device, 1);
        TrainStep step = new TrainStep(training, state, TensorType.of(DType.I32));
        Evaluation evaluation = new Evaluation(model, state);
        StepResult result = step.run(List.of(x), t);
        evaluation.predict(x);
        evaluation.close();
        evaluation.close();
        step.close();
        step.close();
        assertThrows(IllegalStateException.class, () -> evaluation.predict(x));
        assertThrows(IllegalStateException.class, () -> step.run(List.of(x), t));
        assertTrue(Float.isFinite(result.loss()));
        state.close();
        state.close();
        assertThrows(IllegalStateException.class, () -> state.get("0.weight"));
        assertThrows(IllegalStateException.class, () -> state.set("0.weight", NDArray.zeros(TensorType.f32(8, 4))));
        assertThrows(IllegalStateException.class, state::snapshot);
        assertThrows(IllegalStateException.class, result::loss);
        assertThrows(RuntimeException.class, () -> step.run(List.of(x), t));
        assertThrows(RuntimeException.class, () -> evaluation.predict(x));
        assertThrows(RuntimeException.class, () -> new TrainStep(training, state, TensorType.of(DType.I32)));
        step.close();
        evaluation.close();
        device.close();
        device.close();
        assertThrows(RuntimeException.class, () -> State.of(model, device, 1));
        assertThrows(RuntimeException.class, () -> device.allocate(8));
    }

    @Test
    void aDeviceClosedFirstTakesEverythingWithIt() {
        Model model = TrainingRuns.perceptron();
        Device device = open();
        State state = State.of(model, device, 1);
        TrainStep step = new TrainStep(TrainingRuns.training(model), state, TensorType.of(DType.I32));
        step.run(List.of(NDArray.zeros(TensorType.f32(2, 4))), NDArray.zeros(TensorType.of(DType.I32, 2)));
        device.close();
        assertThrows(RuntimeException.class, () -> state.get("0.weight"));
        assertThrows(
                RuntimeException.class,
                () -> step.run(List.of(NDArray.zeros(TensorType.f32(2, 4))),
                        NDArray.zeros(TensorType.of(DType.I32, 2))));
        step.close();
        state.close();
    }

    /** Runs steps with two batch sizes, reading losses now and then. */
    private static void steps(TrainStep step, int count) {
        NDArray x = NDArray.zeros(TensorType.f32(4, 4));
        NDArray t = NDArray.zeros(TensorType.of(DType.I32, 4));
        for (int i = 0; i < count; i++) {
            int rows = i % 5 == 4 ? 2 : 4;
            StepResult result = step.run(List.of(x.rows(0, rows)), t.rows(0, rows));
            if (i % 100 == 99) {
                assertFalse(Float.isNaN(result.loss()));
            }
        }
    }

    @Test
    void everNewBatchSizesTakeNoEverMoreMemory() {
        Model model = TrainingRuns.perceptron();
        NDArray x = NDArray.zeros(TensorType.f32(16, 4));
        NDArray t = NDArray.zeros(TensorType.of(DType.I32, 16));
        try (Device device = open();
                State state = State.of(model, device, 3);
                TrainStep step = new TrainStep(TrainingRuns.training(model), state, TensorType.of(DType.I32))) {
            List<Long> bytes = new ArrayList<>();
            for (int round = 0; round < 3; round++) {
                for (int rows = 1; rows <= 16; rows++) {
                    step.run(List.of(x.rows(0, rows)), t.rows(0, rows)).loss();
                }
                bytes.add(device.allocatedBytes());
            }
            assertEquals(bytes.get(0), bytes.get(1));
            assertEquals(bytes.get(0), bytes.get(2));
            assertThrows(IllegalStateException.class, () -> step.plan(1), "the oldest program was given back");
            assertEquals(48, step.steps());
        }
    }

    @Test
    void memoryIsSteadyFromStep10To1000() {
        Model model = TrainingRuns.perceptron();
        try (Device device = open();
                State state = State.of(model, device, 1);
                TrainStep step = new TrainStep(TrainingRuns.training(model), state, TensorType.of(DType.I32))) {
            steps(step, 10);
            long bytes = device.allocatedBytes();
            steps(step, 990);
            assertEquals(bytes, device.allocatedBytes());
        }
    }

    private static long usedHeap() {
        Runtime runtime = Runtime.getRuntime();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }

    @Test
    @Tag("soak")
    void tenThousandStepsLeaveTheHeapAsItWas() {
        Model model = TrainingRuns.perceptron();
        try (Device device = open();
                State state = State.of(model, device, 1);
                TrainStep step = new TrainStep(TrainingRuns.training(model), state, TensorType.of(DType.I32))) {
            steps(step, 1000);
            long heap = usedHeap();
            long bytes = device.allocatedBytes();
            steps(step, 10_000);
            assertEquals(bytes, device.allocatedBytes());
            requireSteady("10,000 steps", heap, 1);
        }
    }

    /** Requires that the heap is what it was, and says what it is; for native memory see {@link MemoryProcess}. */
    private static void requireSteady(String after, long before, int megabytes) {
        long grown = usedHeap() - before;
        System.getLogger(FaultConformance.class.getName())
                .log(System.Logger.Level.INFO, "{0}: heap grew by {1} bytes", after, grown);
        assertTrue(grown < (long) megabytes << 20, after + ": the heap grew by " + grown);
    }

    private void openTrainClose(int times) {
        for (int i = 0; i < times; i++) {
            try (Device device = open()) {
                long kept = 0;
                for (int run = 0; run < 3; run++) {
                    try (State state = State.of(TrainingRuns.perceptron(), device, 3)) {
                        train(state, 1);
                        assertTrue(device.allocatedBytes() > kept);
                    }
                    // A device may keep working memory for the next program, but not more with each.
                    if (run > 0) {
                        assertEquals(kept, device.allocatedBytes(), "time " + i + ", run " + run);
                    }
                    kept = device.allocatedBytes();
                }
            }
        }
    }

    @Test
    void openTrainCloseLeavesNothingBehind() {
        openTrainClose(10);
    }

    @Test
    @Tag("soak")
    void openTrainCloseAHundredTimes() {
        openTrainClose(20);
        long heap = usedHeap();
        int threads = Thread.activeCount();
        openTrainClose(100);
        requireSteady("100 times open, train, close", heap, 2);
        assertTrue(Thread.activeCount() <= threads, "threads are left over");
    }
}
