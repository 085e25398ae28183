package io.tandem.samples;

import io.tandem.backend.Device;
import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Devices;
import io.tandem.io.AtomicFile;
import io.tandem.samples.bench.Precision;
import io.tandem.samples.data.DataFolders;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options that all training samples share. */
final class RunOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "auto",
            description = "auto, cpu, cuda:0 or reference. Default: ${DEFAULT-VALUE}, the best one that there is.")
    private String device;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "0",
            description = "CPU threads. Default: one per core.")
    private int threads;

    @Option(names = "--deterministic", description = "Equal results for any number of threads, at some cost in speed.")
    private boolean deterministic;

    @Option(names = "--precision", defaultValue = "f32",
            description = "Arithmetic: f32, tf32 (on a GPU), or mixed precision with bf16 or f16. Default: f32.")
    private Precision precision;

    @Option(
            names = "--no-cuda-graph",
            description = "On a GPU launch each kernel by itself instead of the whole step at once, to find faults.")
    private boolean noCudaGraph;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Folder with the data. Default: the folder in TANDEM_DATA, then a cache folder.")
    private Path data;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1",
            description = "Seed of all random numbers. Default: 1.")
    private long seed;

    @Option(names = "--out", paramLabel = "DIR", defaultValue = ".",
            description = "Folder for pictures. Default: here.")
    private Path out;

    @Option(names = "--json", description = "Print the result as one line of JSON at the end.")
    private boolean json;

    Device openDevice() {
        return openDevice(OptionalInt.empty());
    }

    /** Opens the device with the threads that were asked for, otherwise with those given here, if any. */
    Device openDevice(OptionalInt earlierThreads) {
        require(threads >= 0, "--threads must not be negative, got " + threads);
        DeviceOptions options = DeviceOptions.defaults()
                .withThreads(threads > 0 ? threads : earlierThreads.orElse(0))
                .withDeterministic(deterministic)
                .withMath(precision.math())
                .withGraphs(!noCudaGraph);
        return Devices.open(device, options);
    }

    /** The arithmetic that was asked for. */
    Precision precision() {
        return precision;
    }

    DataFolders folders() {
        return DataFolders.standard(Optional.ofNullable(data));
    }

    long seed() {
        return seed;
    }

    /** A file in the folder for pictures; it is told before the work, not after it, if it cannot be written. */
    Path output(String name) {
        Path file = out.resolve(name);
        AtomicFile.requireWritable(file);
        return file;
    }

    boolean json() {
        return json;
    }

    /** Ends with a usage error unless a condition holds. */
    void require(boolean holds, String message) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }
}
