package io.tandem.benchmarks;

import io.tandem.backend.Buffer;
import io.tandem.backend.Device;
import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Devices;
import io.tandem.backend.Executable;
import io.tandem.compile.Compiler;
import io.tandem.compile.Plan;
import io.tandem.tensor.NDArray;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Times each {@link Kernel} as a program of its own on a device, until its results are there. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
@Fork(
        value = 1,
        jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-Dslf4j.internal.verbosity=ERROR"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class KernelBenchmark {
    /** Which kernel; all of them if none is named. */
    @Param
    public Kernel kernel;

    /** The device, as {@link Devices#open} takes it. */
    @Param("cpu")
    public String device;

    /** Threads of the CPU; 0 for one per core. */
    @Param("0")
    public int threads;

    private final List<Buffer> arguments = new ArrayList<>();
    private Device opened;
    private Executable program;

    /** Compiles the kernel and draws its operands. */
    @Setup(Level.Trial)
    public void open() {
        opened = Devices.open(device, DeviceOptions.defaults().withThreads(threads));
        program = opened.compile(new Compiler(opened.lowering(), opened.options().fuse())
                .compile(kernel.graph().freeze(), Map.of()));
        Random random = new Random(1);
        for (Plan.Argument argument : program.plan().arguments()) {
            Buffer buffer = opened.allocate(argument.type().bytes());
            arguments.add(buffer);
            // Squares of moments and steps must not be negative; class labels are 0.
            boolean floating = argument.type().dtype().isFloating();
            NDArray values = NDArray.generate(argument.type(), i -> floating ? 0.1 + 0.1 * random.nextDouble() : 0);
            opened.write(buffer, 0, values.segment());
        }
    }

    /** One run. */
    @Benchmark
    public void run() {
        program.run(arguments);
        opened.synchronize();
    }

    /** Gives everything back. */
    @TearDown(Level.Trial)
    public void close() {
        program.close();
        arguments.forEach(Buffer::close);
        opened.close();
    }
}
