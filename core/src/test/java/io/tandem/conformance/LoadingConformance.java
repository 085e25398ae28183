package io.tandem.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tandem.backend.Device;
import io.tandem.graph.Tensor;
import io.tandem.io.Npz;
import io.tandem.io.Safetensors;
import io.tandem.nn.Activation;
import io.tandem.nn.BatchNorm;
import io.tandem.nn.Dense;
import io.tandem.nn.Layer;
import io.tandem.nn.Lstm;
import io.tandem.nn.Model;
import io.tandem.nn.MultiHeadAttention;
import io.tandem.nn.Sequential;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.Checkpoint;
import io.tandem.train.CheckpointFolder;
import io.tandem.train.EarlyStopping;
import io.tandem.train.Evaluation;
import io.tandem.train.Loading;
import io.tandem.train.ModelCheckpoint;
import io.tandem.train.Monitor;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.WeightFile;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights from files: whole and in part, under other names, in other types. A backend's test extends this. */
public abstract class LoadingConformance {
    @TempDir
    Path folder;

    /** The device under test. */
    protected abstract Device open();

    private record Classifier(Sequential body, Dense head) implements Layer {
        static Classifier of(int classes) {
            return new Classifier(Sequential.of(Dense.of(8), BatchNorm.of(), Activation.relu()), Dense.of(classes));
        }

        @Override
        public Tensor forward(Tensor x) {
            return head.apply(body.apply(x));
        }
    }

    private static Map<String, NDArray> values(State state) {
        Map<String, NDArray> values = new LinkedHashMap<>();
        state.model().variables().keySet().forEach(path -> values.put(path, state.get(path)));
        return values;
    }

    @Test
    void bothFormatsGiveTheSameModel() {
        Model model = Model.of(Classifier.of(3), 4);
        try (Device device = open();
                State first = State.of(model, device, 1)) {
            for (String name : new String[] {"w.npz", "W.SAFETENSORS"}) {
                WeightFile.save(first, folder.resolve(name));
                try (State second = State.of(model, device, 2)) {
                    assertFalse(values(first).equals(values(second)));
                    WeightFile.load(second, folder.resolve(name), Loading.strict());
                    assertEquals(values(first), values(second));
                }
            }
            TrainingRuns.requireContains(
                    assertThrows(IllegalArgumentException.class, () -> WeightFile.save(first, folder.resolve("w.bin")))
                            .getMessage(),
                    "w.bin", ".npz", ".safetensors");
        }
    }

    @Test
    void faultsAreListedAtOnceAndChangeNothing() {
        Model model = Model.of(Classifier.of(3), 4);
        try (Device device = open();
                State state = State.of(model, device, 1)) {
            Map<String, NDArray> stored = new LinkedHashMap<>(values(state));
            stored.remove("head.bias");
            stored.put("body.0.weight", NDArray.zeros(TensorType.f32(4, 8)));
            stored.put("body.0.bias", NDArray.zeros(TensorType.of(DType.I32, 8)));
            stored.put("tail.weight", NDArray.scalar(1));
            Path file = folder.resolve("w.npz");
            Npz.write(file, stored);
            Map<String, NDArray> before = values(state);
            TrainingRuns.requireContains(
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> WeightFile.load(state, file, Loading.strict()))
                            .getMessage(),
                    file.toString(),
                    "missing (1)",
                    "head.bias, f32[3]",
                    "unexpected (1)",
                    "tail.weight, i64[]",
                    "wrong type or shape (2)",
                    "body.0.weight: needed is f32[8, 4], stored is f32[4, 8]",
                    "body.0.bias: needed is f32[8], stored is i32[8]");
            assertEquals(before, values(state));
        }
    }

    @Test
    void aBodyIsTakenOverFrozenAndTrainedAround() {
        Path file = folder.resolve("w.safetensors");
        Map<String, NDArray> trained;
        try (Device device = open();
                State state = State.of(Model.of(Classifier.of(5), 4), device, 1)) {
            trained = values(state);
            // As an older program called it, with float64 and bfloat16 values.
            Map<String, NDArray> old = new LinkedHashMap<>();
            trained.forEach(
                    (path, value) -> old.put("module." + path.replace("body.", "features."), value.cast(DType.F64)));
            Safetensors.write(file, old);
        }
        Model model = Model.of(Classifier.of(3), 4).freeze("body");
        try (Device device = open();
                State state = State.of(model, device, 2)) {
            NDArray head = state.get("head.weight");
            Loading rule = Loading.strict()
                    .renamed(Map.of("module.features", "body", "module.head", "head"))
                    .only("body");
            WeightFile.load(state, file, rule);
            assertEquals(head, state.get("head.weight"));
            trained.forEach((path, value) -> {
                if (path.startsWith("body.")) {
                    assertEquals(value, state.get(path), path);
                }
            });
            Trainer.of(TrainingRuns.training(model)).fit(state, TrainingRuns.points(12, 1).batches(4), 2);
            assertFalse(head.equals(state.get("head.weight")), "the head is trained");
            trained.forEach((path, value) -> {
                if (path.startsWith("body.")) {
                    assertEquals(value, state.get(path), path + " is frozen");
                }
            });
        }
        try (Device device = open();
                State state = State.of(model, device, 2)) {
            Loading except =
                    Loading.strict().renamed("module", "").withNames(n -> n.substring(1)).renamed("features", "body");
            TrainingRuns.requireContains(
                    assertThrows(IllegalArgumentException.class, () -> WeightFile.load(state, file, except))
                            .getMessage(),
                    "head.weight: needed is f32[3, 8], stored is f64[5, 8]");
            WeightFile.load(state, file, except.except("head"));
            assertEquals(trained.get("body.1.weight"), state.get("body.1.weight"));
            TrainingRuns.requireContains(
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> WeightFile.load(state, file, except.only("body", "boddy")))
                            .getMessage(),
                    "missing (1)", "boddy");
        }
    }

    @Test
    void aCheckpointHoldsTheWeightsToo() {
        Path at = folder.resolve("run");
        Model model = TrainingRuns.perceptron();
        try (Device device = open();
                State state = State.of(model, device, 1);
                State other = State.of(model, device, 2)) {
            ModelCheckpoint saving = ModelCheckpoint.to(at).withSteps(1);
            Trainer.of(TrainingRuns.training(model).withAverage(0.9))
                    .with(EarlyStopping.of(Monitor.training("loss"), 5))
                    .with(saving)
                    .fit(state, TrainingRuns.points(12, 1).batches(4), 2);
            WeightFile.load(other, saving.folder().files().getLast(), Loading.strict());
            assertEquals(Checkpoint.read(at).values().get("0.weight"), other.get("0.weight"));
            // Also in the middle of an epoch, where sums of metrics and the best weights so far are stored too.
            WeightFile.load(other, saving.folder().files().get(1), Loading.strict());
            assertFalse(Checkpoint.read(at).values().get("0.weight").equals(other.get("0.weight")));
        }
    }

    @Test
    void partsMayBeCalledAsTrainingsOwnEntriesAre() {
        record Net(Dense average, Dense train) implements Layer {
            @Override
            public Tensor forward(Tensor x) {
                return train.apply(average.apply(x));
            }
        }
        Path at = folder.resolve("run");
        Model model = Model.of(new Net(Dense.of(4), Dense.of(TrainingRuns.CLASSES)), 4);
        try (Device device = open();
                State state = State.of(model, device, 1);
                State other = State.of(model, device, 2)) {
            Trainer.of(TrainingRuns.training(model))
                    .with(ModelCheckpoint.to(at))
                    .fit(state, TrainingRuns.points(12, 1).batches(4), 1);
            for (Path file : new Path[] {
                CheckpointFolder.of(at).files().getLast(), folder.resolve("w.safetensors")
            }) {
                WeightFile.save(state, folder.resolve("w.safetensors"));
                WeightFile.load(other, file, Loading.strict());
                assertEquals(values(state), values(other));
            }
        }
    }

    @Test
    void onlyWholeNamesOfPyTorchAreChanged() {
        Map<String, NDArray> stored = Map.of(
                "out_proj.weight", NDArray.scalar(1), "block.out_proj.bias", NDArray.scalar(2),
                "block.mixed_out_proj.bias", NDArray.scalar(3));
        assertEquals(
                Set.of("output.weight", "block.output.bias", "block.mixed_out_proj.bias"),
                Loading.strict().fromPyTorch().conversion().apply(stored).keySet());
    }

    @Test
    void sharedParametersAreFoundUnderEitherPath() {
        record Tied(Dense a, Dense b, Dense out) implements Layer {
            @Override
            public Tensor forward(Tensor x) {
                return out.apply(b.apply(a.apply(x)));
            }
        }
        Dense shared = Dense.of(4);
        Model model = Model.of(new Tied(shared, shared, Dense.of(2)), 4);
        try (Device device = open();
                State state = State.of(model, device, 1)) {
            Map<String, NDArray> stored = new LinkedHashMap<>();
            values(state).forEach(
                    (path, value) -> stored.put(path.replaceAll("^a\\.", "b."), NDArray.full(value.type(), 0.5)));
            Path file = folder.resolve("w.npz");
            Npz.write(file, stored);
            WeightFile.load(state, file, Loading.strict());
            assertEquals(NDArray.full(TensorType.f32(4, 4), 0.5), state.get("a.weight"));
        }
    }

    private record Sequence(Lstm lstm, MultiHeadAttention attention, BatchNorm norm) implements Layer {
        @Override
        public Tensor forward(Tensor x) {
            Tensor y = attention.apply(lstm.apply(x));
            return norm.apply(y.permute(0, 2, 1)).at(2, 0);
        }
    }

    @Test
    void namesOfPyTorch() {
        Layer net = new Sequence(Lstm.of(3).withBothDirections().withLayers(2), MultiHeadAttention.of(6, 2),
                BatchNorm.of());
        Model model = Model.of(net, 5, 4);
        SplittableRandom random = new SplittableRandom(8);
        Map<String, NDArray> torch = new LinkedHashMap<>();
        for (int layer = 0; layer < 2; layer++) {
            for (String direction : new String[] {"", "_reverse"}) {
                String end = "_l" + layer + direction;
                put(torch, random, "lstm.weight_ih" + end, 12, layer == 0 ? 4 : 6);
                put(torch, random, "lstm.weight_hh" + end, 12, 3);
                put(torch, random, "lstm.bias_ih" + end, 12);
                put(torch, random, "lstm.bias_hh" + end, 12);
            }
        }
        put(torch, random, "attention.in_proj_weight", 18, 6);
        put(torch, random, "attention.in_proj_bias", 18);
        put(torch, random, "attention.out_proj.weight", 6, 6);
        put(torch, random, "attention.out_proj.bias", 6);
        put(torch, random, "norm.weight", 6);
        put(torch, random, "norm.bias", 6);
        put(torch, random, "norm.running_mean", 6);
        put(torch, random, "norm.running_var", 6);
        torch.put("norm.num_batches_tracked", NDArray.scalar(7));
        Path file = folder.resolve("torch.safetensors");
        Safetensors.write(file, torch);
        try (Device device = open();
                State state = State.of(model, device, 1)) {
            WeightFile.load(state, file, Loading.strict().fromPyTorch());
            assertEquals(torch.get("lstm.weight_ih_l1"), state.get("lstm.weights.2.inputWeight"));
            assertEquals(torch.get("lstm.bias_hh_l1_reverse"), state.get("lstm.weights.3.recurrentBias"));
            assertEquals(torch.get("attention.in_proj_weight").rows(6, 12), state.get("attention.key.weight"));
            assertEquals(torch.get("attention.in_proj_bias").rows(12, 18), state.get("attention.value.bias"));
            assertEquals(torch.get("attention.out_proj.bias"), state.get("attention.output.bias"));
            assertEquals(torch.get("norm.running_var"), state.get("norm.runningVariance"));
            try (Evaluation evaluation = new Evaluation(model, state)) {
                assertEquals(2, evaluation.predict(NDArray.zeros(TensorType.f32(2, 5, 4))).shape().rank());
            }
        }
    }

    private static void put(Map<String, NDArray> values, SplittableRandom random, String name, int... dims) {
        values.put(name, NDArray.generate(TensorType.f32(dims), i -> random.nextDouble(0.1, 1)));
    }
}
