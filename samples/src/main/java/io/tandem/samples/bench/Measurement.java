package io.tandem.samples.bench;

import io.tandem.backend.Buffer;
import io.tandem.backend.Device;
import io.tandem.backend.Executable;
import io.tandem.backend.Profile;
import io.tandem.compile.Compiler;
import io.tandem.graph.Graph;
import io.tandem.nn.MixedPrecision;
import io.tandem.nn.Model;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import io.tandem.train.StepResult;
import io.tandem.train.TrainStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Measures workloads on a device: warm-up, then at least five blocks of whole steps; the figure is the median of the
 * blocks' rates.
 *
 * @param device what is measured
 * @param precision the arithmetic
 * @param warmUp seconds of warm-up
 * @param block seconds of a block
 * @param blocks number of blocks
 * @param profiles whether the plan's steps are timed, too
 */
record Measurement(
        Device device, Precision precision, double warmUp, double block, int blocks, boolean profiles) {
    private static final int PROFILED_RUNS = 20;

    /** What measuring gives: figures for the result line, and times of the plan's steps in several runs if asked for. */
    record Result(Map<String, Object> figures, List<List<Executable.StepTime>> profile) {}

    private List<List<Executable.StepTime>> profile(Supplier<List<Executable.StepTime>> run) {
        return Stream.generate(run).limit(profiles ? PROFILED_RUNS : 0).toList();
    }

    Result train(Workload.Task task) {
        int batch = task.batch();
        try (State state = State.of(task.training().model(), device, 1);
                TrainStep step = new TrainStep(task.training(), state, task.target())) {
            Map<String, Object> figures = new LinkedHashMap<>();
            long start = System.nanoTime();
            double firstLoss = run(step, task, 0).loss();
            double firstStep = Blocks.seconds(start);
            int[] steps = {1};
            // Steps are asked for ahead of the device; reading a loss now and then keeps both together.
            while ((Blocks.seconds(start) < warmUp || steps[0] < 4)
                    && !(steps[0] >= 2 && Blocks.seconds(start) > 3 * warmUp)) {
                run(step, task, steps[0]++);
                device.synchronize();
            }
            Blocks measured = new Blocks(blocks, number -> {
                long blockStart = System.nanoTime();
                int before = steps[0];
                do {
                    run(step, task, steps[0]++);
                } while (Blocks.seconds(blockStart) < block);
                device.synchronize();
                return (steps[0] - before) * (double) batch;
            });
            double lastLoss = run(step, task, steps[0]).loss();
            figures.put("samples_per_s", measured.median());
            figures.put("step_ms", 1000.0 * batch / measured.median());
            measured.describe(figures);
            figures.put("steps", steps[0]);
            figures.put("first_step_s", firstStep);
            figures.put("batch", batch);
            figures.put("params", task.training().model().parameterCount());
            figures.put("loss_first", firstLoss);
            figures.put("loss_last", lastLoss);
            figures.put("device_mb", device.allocatedBytes() / 1e6);
            return new Result(figures, profile(() -> step.profile(batch)));
        }
    }

    private static StepResult run(TrainStep step, Workload.Task task, int number) {
        int at = number % task.inputs().size();
        return step.run(List.of(task.inputs().get(at)), task.targets().get(at));
    }

    Result gemm(int size) {
        TensorType type = TensorType.of(precision.mixed().map(MixedPrecision::dtype).orElse(DType.F32), size, size);
        Graph graph = new Graph();
        graph.output("c", graph.input("a", type).matmul(graph.input("b", type)));
        Shape shape = Shape.of(size, size);
        try (Executable product = device.compile(
                new Compiler(device.lowering(), device.options().fuse()).compile(graph.freeze(), Map.of()));
                Buffer a = filled(Workload.gaussian(1, shape, 1).getFirst().cast(type.dtype()));
                Buffer b = filled(Workload.gaussian(2, shape, 1).getFirst().cast(type.dtype()));
                Buffer c = device.allocate(type.bytes())) {
            List<Buffer> arguments = product.plan().arguments().stream()
                    .map(argument -> switch (argument.name()) {
                        case "a" -> a;
                        case "b" -> b;
                        default -> c;
                    })
                    .toList();
            long start = System.nanoTime();
            for (int i = 0; Blocks.seconds(start) < Math.min(4, warmUp) || i < 3; i++) {
                product.run(arguments);
                device.synchronize();
            }
            Blocks measured = new Blocks(blocks, number -> {
                long blockStart = System.nanoTime();
                int runs = 0;
                do {
                    product.run(arguments);
                    runs++;
                } while (Blocks.seconds(blockStart) < Math.min(1.5, block));
                device.synchronize();
                return runs;
            });
            Map<String, Object> figures = new LinkedHashMap<>();
            figures.put("samples_per_s", measured.median());
            figures.put("gflops", measured.median() * 2.0 * size * size * size / 1e9);
            measured.describe(figures);
            return new Result(figures, profile(() -> product.profile(arguments)));
        }
    }

    private Buffer filled(NDArray values) {
        Buffer buffer = device.allocate(values.type().bytes());
        device.write(buffer, 0, values.segment());
        return buffer;
    }

    /** Forward passes; each call brings its input, takes its result home, and is timed on its own. */
    Result infer(int batch) {
        Model model = precision.of(Model.of(Workload.cnn(), 1, 28, 28));
        List<NDArray> inputs = Workload.gaussian(1, Shape.of(batch, 1, 28, 28));
        try (State state = State.of(model, device, 1);
                Evaluation evaluation = new Evaluation(model, state)) {
            long start = System.nanoTime();
            for (int i = 0; Blocks.seconds(start) < Math.min(6, warmUp) || i < 3; i++) {
                evaluation.predict(inputs.get(i % inputs.size()));
            }
            List<double[]> latencies = new ArrayList<>();
            Blocks measured = new Blocks(blocks, number -> {
                List<Double> calls = new ArrayList<>();
                long blockStart = System.nanoTime();
                do {
                    long callStart = System.nanoTime();
                    evaluation.predict(inputs.get(calls.size() % inputs.size()));
                    calls.add(1e6 * Blocks.seconds(callStart));
                } while (Blocks.seconds(blockStart) < Math.min(1.5, block));
                double[] sorted = calls.stream().mapToDouble(d -> d).toArray();
                Arrays.sort(sorted);
                latencies.add(sorted);
                return calls.size() * (double) batch;
            });
            Map<String, Object> figures = new LinkedHashMap<>();
            figures.put("samples_per_s", measured.median());
            figures.put("latency_us", over(measured, latencies, 0.5));
            figures.put("latency_us_p99", over(measured, latencies, 0.99));
            measured.describe(figures);
            figures.put("batch", batch);
            return new Result(figures, profile(() -> evaluation.profile(batch)));
        }
    }

    private static double over(Blocks measured, List<double[]> latencies, double share) {
        return Blocks.median(measured.used().stream()
                .map(latencies::get)
                .mapToDouble(sorted -> sorted[(int) ((sorted.length - 1) * share)])
                .toArray());
    }

    /** What the device reaches at best, from a large product and a copy of a large array. */
    Profile.Peaks peaks() {
        double flops = 1e9
                * (double) new Measurement(device, precision, 0.5, 0.3, 5, false).gemm(1024).figures().get("gflops");
        TensorType type = TensorType.f32(1 << 24);
        Graph graph = new Graph();
        graph.output("y", graph.input("x", type).neg());
        try (Executable copy = device.compile(
                new Compiler(device.lowering(), device.options().fuse()).compile(graph.freeze(), Map.of()));
                Buffer x = filled(NDArray.zeros(type));
                Buffer y = device.allocate(type.bytes())) {
            double best = 0;
            for (int i = 0; i < 20; i++) {
                double seconds = copy.profile(List.of(x, y)).stream()
                        .mapToDouble(Executable.StepTime::seconds)
                        .sum();
                best = Math.max(best, 2.0 * type.bytes() / seconds);
            }
            return new Profile.Peaks(flops, best);
        }
    }
}
