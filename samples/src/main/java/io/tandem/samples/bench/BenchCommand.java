package io.tandem.samples.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tandem.backend.Device;
import io.tandem.backend.DeviceInfo;
import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Devices;
import io.tandem.backend.Profile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Measures workloads, each in a JVM of its own so that peak memory and start-up are its own. One JSON line per figure.
 */
@Command(
        name = "bench",
        description = "Measure training, inference, matrix products and start-up.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  tandem bench                         all workloads",
            "  tandem bench mlp mnist-cnn --json    two of them, one JSON line each",
            "  tandem bench mnist-cnn --profile     where the time of a step goes",
            "  tandem bench mlp --batch 1,32,1024 --json >scaling.jsonl",
            "  tandem bench --plot scaling.png scaling.jsonl"
        })
public final class BenchCommand implements Callable<Integer> {
    private static final String VERSION = "0.1.0-SNAPSHOT";
    private static final int STARTS = 5;

    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "WORKLOAD",
            arity = "0..*",
            description = "mlp, mnist-cnn, lstm-forecast, resnet18-cifar, transformer, gemm, infer, startup."
                    + " Default: all. With --plot files of JSON lines instead.")
    private List<String> names = new ArrayList<>();

    @Option(names = "--device", defaultValue = "auto", description = "auto, cpu, cuda:0 or reference.")
    private String device;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "0",
            description = "CPU threads. Default: one per core.")
    private int threads;

    @Option(names = "--precision", defaultValue = "f32",
            description = "Arithmetic: f32, tf32 (on a GPU), or mixed precision with bf16 or f16. Default: f32.")
    private Precision precision;

    @Option(names = "--no-cuda-graph",
            description = "On a GPU launch each kernel by itself instead of the whole step at once.")
    private boolean noCudaGraph;

    @Option(names = "--seconds", paramLabel = "S", defaultValue = "2.5",
            description = "Seconds of each of the blocks. Default: ${DEFAULT-VALUE}.")
    private double seconds;

    @Option(names = "--warm-up", paramLabel = "S", defaultValue = "8",
            description = "Seconds of warm-up. Default: ${DEFAULT-VALUE}.")
    private double warmUp;

    @Option(names = "--blocks", paramLabel = "N", defaultValue = "7",
            description = "Number of blocks, at least 5. Default: ${DEFAULT-VALUE}.")
    private int blocks;

    @Option(names = "--batch", paramLabel = "N", split = ",", defaultValue = "0",
            description = "Batch sizes of training workloads, one figure for each. Default: the workload's own.")
    private List<Integer> batches;

    @Option(names = "--width", paramLabel = "F", split = ",", defaultValue = "1",
            description = "Factors for the widths of mlp and lstm-forecast, one figure for each. Default: 1.")
    private List<Double> widths;

    @Option(names = "--plot", paramLabel = "FILE",
            description = "Measure nothing: draw speed against batch size and against width from JSON lines.")
    private Optional<Path> plot = Optional.empty();

    @Option(names = "--json", description = "Print JSON lines alone.")
    private boolean json;

    @Option(names = "--profile", description = "Also print the steps of the plan with their times.")
    private boolean profile;

    @Option(names = "--here", hidden = true, description = "Measure in this JVM.")
    private boolean here;

    @Override
    public Integer call() {
        require(blocks >= 5, "--blocks must be at least 5, got " + blocks);
        require(seconds > 0 && warmUp >= 0, "--seconds must be positive and --warm-up not negative");
        require(threads >= 0 && batches.stream().allMatch(batch -> batch >= 0)
                && widths.stream().allMatch(width -> width > 0),
                "--threads and --batch must not be negative, --width positive");
        if (plot.isPresent()) {
            require(!names.isEmpty(), "--plot needs files of JSON lines, as --json prints them");
            ScalingPicture.of(names.stream().map(Path::of).toList()).write(plot.get());
            return 0;
        }
        List<Workload> workloads = new ArrayList<>();
        for (String name : names.isEmpty() ? List.of("all") : names) {
            try {
                workloads.addAll(name.equals("all") ? List.of(Workload.values()) : List.of(Workload.named(name)));
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), e.getMessage());
            }
        }
        for (Workload workload : workloads) {
            if (here) {
                measure(workload);
            } else if (workload == Workload.STARTUP) {
                startUp();
            } else {
                eachSize(workload);
            }
        }
        return 0;
    }

    private void eachSize(Workload workload) {
        for (double width : workload.isTrained() ? widths : List.of(1.0)) {
            for (int batch : workload.isTrained() ? batches : List.of(0)) {
                inOwnJvm(workload, batch, width);
            }
        }
    }

    private void measure(Workload workload) {
        DeviceOptions options = precision.device(threads, !noCudaGraph);
        try (Device opened = Devices.open(device, options)) {
            Measurement measurement = new Measurement(opened, precision, warmUp, seconds, blocks, profile);
            switch (workload) {
                case GEMM -> {
                    for (int size : new int[] {512, 1024, 2048}) {
                        print(measurement, "gemm-" + size, measurement.gemm(size));
                    }
                }
                case INFER -> {
                    for (int size : new int[] {1, 256}) {
                        print(measurement, "mnist-cnn-infer-b" + size, measurement.infer(size));
                    }
                }
                case STARTUP -> out().println(FirstStep.run(opened, precision));
                case MLP, MNIST_CNN, LSTM_FORECAST, RESNET18_CIFAR, TRANSFORMER -> {
                    double width = widths.getFirst();
                    Measurement.Result result =
                            measurement.train(workload.task(batches.getFirst(), width, precision));
                    result.figures().put("width", width);
                    print(measurement, workload.id(), result);
                }
            }
        }
    }

    private void inOwnJvm(Workload workload, int batch, double width) {
        try {
            Process process = new ProcessBuilder(child(workload, batch, width))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .redirectInput(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (var lines = process.inputReader(StandardCharsets.UTF_8)) {
                lines.lines().forEach(line -> {
                    out().println(line);
                    out().flush();
                });
            }
            finish(process, workload);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts JVMs; the first one is not counted, since it may have to fill the file cache. */
    private void startUp() {
        try {
            for (int i = 0; i <= STARTS; i++) {
                Instant now = Instant.now();
                long start = now.getEpochSecond() * 1_000_000_000L + now.getNano();
                Process process = new ProcessBuilder(program())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
                String text =
                        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                finish(process, Workload.STARTUP);
                double took = (Long.parseLong(text.strip()) - start) * 1e-9;
                if (i > 0) {
                    print("startup-warm", new LinkedHashMap<>(Map.of("startup_s", took)));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void finish(Process process, Workload workload) {
        try {
            int code = process.waitFor();
            if (code != 0) {
                throw new IllegalStateException("measuring " + workload.id() + " failed; see above");
            }
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while measuring " + workload.id(), e);
        }
    }

    private static List<String> jvm() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        return command;
    }

    /** What measures the start: a program such as a user's, without this command line. */
    private List<String> program() {
        List<String> command = jvm();
        command.addAll(List.of(FirstStep.class.getName(), device, Integer.toString(threads), precision.name()));
        command.add(Boolean.toString(!noCudaGraph));
        return command;
    }

    private List<String> child(Workload workload, int batch, double width) {
        List<String> command = jvm();
        command.addAll(List.of("io.tandem.samples.Tandem", "bench"));
        command.addAll(List.of(workload.id(), "--here", "--device", device, "--threads", Integer.toString(threads)));
        command.addAll(List.of("--precision", precision.name(), "--seconds", Double.toString(seconds)));
        command.addAll(List.of("--warm-up", Double.toString(warmUp), "--blocks", Integer.toString(blocks)));
        command.addAll(List.of("--batch", Integer.toString(batch), "--width", Double.toString(width)));
        if (profile) {
            command.add("--profile");
        }
        if (noCudaGraph) {
            command.add("--no-cuda-graph");
        }
        if (json) {
            command.add("--json");
        }
        return command;
    }

    private void print(Measurement measurement, String workload, Measurement.Result result) {
        DeviceInfo info = measurement.device().info();
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("threads", info.threads());
        all.put("precision", precision.label());
        all.put("device", info.name() + ": " + info.description());
        all.putAll(result.figures());
        Load.peakMegabytes().ifPresent(megabytes -> all.put("peak_rss_mb", megabytes));
        print(workload, all);
        if (profile) {
            out().println();
            out().println(Profile.of(result.profile(), measurement.peaks()).table(60));
            out().flush();
        }
    }

    private void print(String workload, Map<String, Object> figures) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("peer", "tandem");
        line.put("version", VERSION);
        line.put("workload", workload);
        figures.forEach((key, value) -> line.put(key, value instanceof Double number ? rounded(number) : value));
        line.put("java", Runtime.version().feature());
        if (json) {
            out().println(json(line));
        } else {
            out().println(text(workload, line));
        }
        out().flush();
    }

    private static String text(String workload, Map<String, Object> line) {
        StringBuilder text = new StringBuilder("%-22s".formatted(workload));
        for (String key : List.of(
                "batch", "width", "samples_per_s", "step_ms", "gflops", "latency_us", "startup_s", "min", "max",
                "first_step_s",
                "peak_rss_mb", "device_mb")) {
            if (line.containsKey(key)) {
                text.append("  ").append(key).append(' ').append(line.get(key));
            }
        }
        return text.toString();
    }

    /** Four digits, as far as a double shows them. */
    private static Object rounded(double value) {
        if (!Double.isFinite(value)) {
            return Double.toString(value);
        }
        return Double.valueOf(String.format(Locale.ROOT, Math.abs(value) >= 1000 ? "%.1f" : "%.4g", value));
    }

    private static String json(Map<String, Object> line) {
        Separators separators =
                Separators.createDefaultInstance().withObjectFieldValueSpacing(Separators.Spacing.AFTER);
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter(separators);
        printer.indentObjectsWith(new DefaultPrettyPrinter.FixedSpaceIndenter());
        try {
            return new ObjectMapper().writer(printer).writeValueAsString(line);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + line + " as JSON", e);
        }
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    private void require(boolean holds, String message) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }
}
