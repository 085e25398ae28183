package io.tandem.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.tandem.backend.Buffer;
import io.tandem.backend.Device;
import io.tandem.backend.DeviceException;
import io.tandem.backend.Executable;
import io.tandem.compile.Compiler;
import io.tandem.compile.Lowering;
import io.tandem.compile.MemoryPlan;
import io.tandem.compile.Plan;
import io.tandem.compile.PlanVerifier;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * What every backend must do: each case of the {@link OpCatalog} and its gradient as the reference has it, fused and
 * not,
 * with native composites and with inlined ones; equal bits in each run; updates in place; index errors; use after
 * close. A
 * backend's test extends this class, best with a device that fills memory with NaN before each run.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class BackendConformance {
    /** Gradients have passed through more operations than the case's tolerance is for. */
    private static final Tolerance GRADIENT = new Tolerance(256, 512);

    private static final Lowering NOTHING_NATIVE = new Lowering() {};

    private Device device;

    /** Opens the device under test. */
    protected abstract Device open();

    /** Whether a case is of the backend's concern; all are, unless it says otherwise. */
    protected boolean covers(OpCase row) {
        return true;
    }

    @BeforeAll
    final void openDevice() {
        device = open();
    }

    @AfterAll
    final void closeDevice() {
        device.close();
    }

    // ---- values ----

    @TestFactory
    final Stream<DynamicTest> fused() {
        return each(OpCatalog.cases(), row -> agrees(row, new Compiler(device.lowering(), true)));
    }

    @TestFactory
    final Stream<DynamicTest> unfused() {
        return each(OpCatalog.cases(), row -> agrees(row, new Compiler(device.lowering(), false)));
    }

    @TestFactory
    final Stream<DynamicTest> inFloat64() {
        return each(OpCatalog.inFloat64(), row -> agrees(row, new Compiler(device.lowering(), true)));
    }

    @TestFactory
    final Stream<DynamicTest> gradients() {
        return each(
                OpCatalog.cases().stream().filter(OpCase::differentiable).toList(),
                row -> gradientAgrees(row, new Compiler(device.lowering(), true)));
    }

    /**
     * The same with the bodies of composites: native kernels and bodies agree with the reference, so with each other.
     */
    @TestFactory
    final Stream<DynamicTest> gradientsOfInlinedComposites() {
        return each(
                CompositeCases.cases().stream().filter(OpCase::differentiable).toList(), row -> {
                    OpCase inlined = row.inlined();
                    agrees(inlined, new Compiler(NOTHING_NATIVE, true));
                    gradientAgrees(inlined, new Compiler(NOTHING_NATIVE, true));
                });
    }

    private Stream<DynamicTest> each(List<OpCase> cases, java.util.function.Consumer<OpCase> test) {
        return cases.stream().filter(this::covers).map(row -> dynamicTest(row.name(), () -> test.accept(row)));
    }

    private void agrees(OpCase row, Compiler compiler) {
        Map<String, NDArray> actual = runTwice(row.graph(), row.bindings(), compiler);
        Optional<String> mismatch = row.mismatch(row.expected(), actual);
        assertTrue(mismatch.isEmpty(), mismatch::get);
        assertEquals(Optional.empty(), device.takeError(), row::name);
    }

    private void gradientAgrees(OpCase row, Compiler compiler) {
        Graph graph = row.gradient();
        Map<String, NDArray> expected = new Interpreter().run(graph, row.bindings());
        Map<String, NDArray> actual = runTwice(graph, row.bindings(), compiler);
        Optional<String> mismatch = row.within(GRADIENT).mismatch(expected, actual);
        assertTrue(mismatch.isEmpty(), mismatch::get);
    }

    /** Runs a graph twice on the same buffers: the results must have equal bits. */
    private Map<String, NDArray> runTwice(Graph graph, Map<String, NDArray> inputs, Compiler compiler) {
        Plan plan = compiler.compile(graph, Map.of());
        try (Executable executable = device.compile(plan)) {
            PlanVerifier.verify(executable.plan());
            PlanVerifier.verify(executable.plan(), MemoryPlan.of(executable.plan(), 64));
            try (Bound bound = new Bound(executable.plan(), inputs)) {
                executable.run(bound.buffers);
                Map<String, NDArray> first = bound.outputs();
                executable.run(bound.buffers);
                assertEquals(first, bound.outputs(), "two runs differ");
                return first;
            }
        }
    }

    /** Buffers for all arguments of a plan, with the values of its inputs. */
    private final class Bound implements AutoCloseable {
        private final Plan plan;
        private final List<Buffer> buffers = new ArrayList<>();

        Bound(Plan plan, Map<String, NDArray> inputs) {
            this.plan = plan;
            for (Plan.Argument argument : plan.arguments()) {
                Buffer buffer = device.allocate(argument.type().bytes());
                buffers.add(buffer);
                if (argument.role() != Plan.Role.OUTPUT) {
                    device.write(buffer, 0, inputs.get(argument.name()).segment());
                }
            }
        }

        NDArray value(String name) {
            for (int i = 0; i < buffers.size(); i++) {
                Plan.Argument argument = plan.arguments().get(i);
                if (argument.name().equals(name)) {
                    MemorySegment memory = NDArray.allocate(argument.type());
                    device.read(buffers.get(i), 0, memory);
                    return NDArray.wrap(argument.type(), memory);
                }
            }
            throw new IllegalArgumentException("no argument " + name);
        }

        Map<String, NDArray> outputs() {
            Map<String, NDArray> outputs = new LinkedHashMap<>();
            plan.arguments(Plan.Role.OUTPUT).forEach(a -> outputs.put(a.name(), value(a.name())));
            return outputs;
        }

        @Override
        public void close() {
            buffers.forEach(Buffer::close);
        }
    }

    // ---- plans ----

    @TestFactory
    final Stream<DynamicTest> indexErrorsAreReported() {
        return each(OpCatalog.outOfRange(), row -> {
            Map<String, NDArray> actual =
                    runTwice(row.graph(), row.bindings(), new Compiler(device.lowering(), true));
            Optional<String> mismatch = row.mismatch(row.expected(), actual);
            assertTrue(mismatch.isEmpty(), mismatch::get);
            Optional<String> error = device.takeError();
            assertTrue(error.isPresent(), "no error was reported");
            assertTrue(error.get().contains("index"), error.get());
            assertEquals(Optional.empty(), device.takeError(), "an error is reported once");
        });
    }

    @Test
    final void updatesAreInPlace() {
        Graph graph = new Graph();
        Tensor weight = graph.input("weight", TensorType.f32(37));
        Tensor moment = graph.input("moment", TensorType.f32(37));
        Tensor step = graph.input("step", TensorType.of(DType.I64));
        Tensor next = moment.mul(0.5).add(weight);
        graph.output("weight'", weight.sub(next.mul(0.25)));
        graph.output("moment'", next);
        graph.output("step'", step.add(1));
        graph.output("norm", weight.mul(weight).sum());
        graph.freeze();
        Map<String, String> updates = Map.of("weight'", "weight", "moment'", "moment", "step'", "step");
        Map<String, NDArray> values = new LinkedHashMap<>();
        values.put("weight", NDArray.generate(TensorType.f32(37), i -> i - 18));
        values.put("moment", NDArray.generate(TensorType.f32(37), i -> i % 5));
        values.put("step", NDArray.scalar(7));
        Plan plan = new Compiler(device.lowering(), true).compile(graph, updates);
        try (Executable executable = device.compile(plan);
                Bound bound = new Bound(plan, values)) {
            for (int run = 0; run < 3; run++) {
                Map<String, NDArray> expected = new Interpreter().run(graph, values);
                executable.run(bound.buffers);
                assertEquals(Optional.empty(), Tolerance.sum(37).mismatch(expected.get("norm"), bound.value("norm")));
                updates.forEach((output, input) -> values.put(input, expected.get(output)));
                values.forEach((name, value) -> assertEquals(value, bound.value(name), name));
            }
        }
    }

    /** Two inputs that take each other's values: neither may be overwritten before it is read. */
    @Test
    final void swappedInputs() {
        Graph graph = new Graph();
        Tensor a = graph.input("a", TensorType.f32(5));
        Tensor b = graph.input("b", TensorType.f32(5));
        graph.output("a'", b);
        graph.output("b'", a);
        graph.freeze();
        Map<String, NDArray> values = Map.of(
                "a",
                NDArray.generate(TensorType.f32(5), i -> i),
                "b",
                NDArray.generate(TensorType.f32(5), i -> -i - 1));
        Plan plan = new Compiler(device.lowering(), true).compile(graph, Map.of("a'", "a", "b'", "b"));
        try (Executable executable = device.compile(plan);
                Bound bound = new Bound(plan, values)) {
            executable.run(bound.buffers);
            assertEquals(values.get("b"), bound.value("a"));
            assertEquals(values.get("a"), bound.value("b"));
        }
    }

    @Test
    final void otherBuffersForTheSameArguments() {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(3, 50));
        Tensor w = graph.input("w", TensorType.f32(50, 7));
        graph.output("y", x.matmul(w).relu());
        graph.freeze();
        Plan plan = new Compiler(device.lowering(), true).compile(graph, Map.of());
        try (Executable executable = device.compile(plan)) {
            for (int run = 0; run < 3; run++) {
                int shift = run;
                Map<String, NDArray> values = Map.of(
                        "x", NDArray.generate(TensorType.f32(3, 50), i -> (i + shift) % 7 - 3),
                        "w", NDArray.generate(TensorType.f32(50, 7), i -> (i * (shift + 2)) % 5 - 2));
                try (Bound bound = new Bound(plan, values)) {
                    executable.run(bound.buffers);
                    assertEquals(new Interpreter().run(graph, values).get("y"), bound.value("y"));
                }
            }
        }
    }

    @Test
    final void profileHasAnEntryPerStep() {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(4, 6));
        Tensor w = graph.input("w", TensorType.f32(6, 5));
        graph.output("y", x.matmul(w).exp().sum(1));
        graph.freeze();
        Map<String, NDArray> values =
                Map.of("x", NDArray.full(TensorType.f32(4, 6), 0.5), "w", NDArray.full(TensorType.f32(6, 5), 0.25));
        Plan plan = new Compiler(device.lowering(), true).compile(graph, Map.of());
        try (Executable executable = device.compile(plan);
                Bound bound = new Bound(plan, values)) {
            List<Executable.StepTime> times = executable.profile(bound.buffers);
            assertEquals(
                    executable.plan().steps(), times.stream().map(Executable.StepTime::step).toList());
            assertTrue(times.stream().allMatch(t -> t.seconds() >= 0 && !t.kernel().isEmpty()));
            assertEquals(
                    Optional.empty(),
                    Tolerance.FUNCTION.mismatch(new Interpreter().run(graph, values).get("y"), bound.value("y")));
        }
    }

    // ---- memory ----

    @Test
    final void partsOfBuffers() {
        try (Buffer buffer = device.allocate(16)) {
            assertEquals(16, buffer.bytes());
            byte[] all = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
            device.write(buffer, 0, MemorySegment.ofArray(all));
            device.write(buffer, 3, MemorySegment.ofArray(new byte[] {40, 50}));
            byte[] part = new byte[4];
            device.read(buffer, 2, MemorySegment.ofArray(part));
            assertArrayEquals(new byte[] {3, 40, 50, 6}, part);
            MemorySegment beyond = MemorySegment.ofArray(new byte[8]);
            assertThrows(IndexOutOfBoundsException.class, () -> device.read(buffer, 9, beyond));
            assertThrows(IndexOutOfBoundsException.class, () -> device.write(buffer, -1, beyond));
        }
    }

    /** Memory may be given back as soon as a run has been asked for: the run and its other buffers stay right. */
    @Test
    final void buffersMayBeClosedRightAfterTheRun() {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(64, 90));
        Tensor w = graph.input("w", TensorType.f32(90, 40));
        graph.output("y", x.matmul(w).tanh().matmul(w, false, true));
        graph.freeze();
        Plan plan = new Compiler(device.lowering(), true).compile(graph, Map.of());
        NDArray weights = NDArray.generate(TensorType.f32(90, 40), i -> (i % 11 - 5) / 64.0);
        List<Buffer> results = new ArrayList<>();
        List<NDArray> expected = new ArrayList<>();
        Buffer kept = device.allocate(weights.type().bytes());
        device.write(kept, 0, weights.segment());
        try (Executable executable = device.compile(plan)) {
            for (int run = 0; run < 12; run++) {
                int shift = run;
                NDArray values = NDArray.generate(TensorType.f32(64, 90), i -> (i * (shift + 3) % 17 - 8) / 8.0);
                expected.add(new Interpreter().run(graph, Map.of("x", values, "w", weights)).get("y"));
                Buffer input = device.allocate(values.type().bytes());
                device.write(input, 0, values.segment());
                Buffer result = device.allocate(expected.getLast().type().bytes());
                executable.run(List.of(input, kept, result));
                input.close();
                // Most likely in the memory of what has just been closed.
                try (Buffer other = device.allocate(values.type().bytes())) {
                    device.write(other, 0, NDArray.full(values.type(), Double.NaN).segment());
                }
                results.add(result);
            }
        }
        kept.close();
        for (int run = 0; run < results.size(); run++) {
            MemorySegment memory = NDArray.allocate(expected.get(run).type());
            device.read(results.get(run), 0, memory);
            NDArray actual = NDArray.wrap(expected.get(run).type(), memory);
            assertEquals(Optional.empty(), Tolerance.sum(200).mismatch(expected.get(run), actual), "run " + run);
        }
        results.forEach(Buffer::close);
    }

    /** Each run sees the values that were written last before it, though the caller is ahead of the device. */
    @ParameterizedTest
    @ValueSource(ints = {300, 60_000})
    final void inputsMayBeWrittenWhileRunsWait(int size) {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(size));
        Tensor sum = graph.input("sum", TensorType.f32(size));
        graph.output("sum2", sum.mul(3).add(x));
        graph.freeze();
        Plan plan = new Compiler(device.lowering(), true).compile(graph, Map.of("sum2", "sum"));
        NDArray expected = NDArray.zeros(TensorType.f32(size));
        try (Executable executable = device.compile(plan);
                Buffer input = device.allocate(4L * size);
                Buffer total = device.allocate(4L * size);
                Arena arena = Arena.ofConfined()) {
            device.write(total, 0, expected.segment());
            MemorySegment reused = arena.allocate(4L * size, 8);
            for (int run = 0; run < 12; run++) {
                int shift = run;
                NDArray values = NDArray.generate(TensorType.f32(size), i -> (i + shift) % 5 - 2);
                NDArray before = expected;
                expected = NDArray.generate(TensorType.f32(size), i -> 3 * before.getDouble(i) + values.getDouble(i));
                if (run % 3 == 0) {
                    reused.copyFrom(values.segment());
                    device.write(input, 0, reused);
                    reused.fill((byte) 0xff);
                } else {
                    device.write(input, 0, values.segment());
                }
                executable.run(executable.plan().arguments().stream()
                        .map(argument -> argument.name().equals("x") ? input : total)
                        .toList());
            }
            MemorySegment memory = NDArray.allocate(expected.type());
            device.read(total, 0, memory);
            assertEquals(
                    Optional.empty(),
                    Tolerance.EXACT.mismatch(expected, NDArray.wrap(expected.type(), memory)));
        }
    }

    @Test
    final void memoryIsCounted() {
        long before = device.allocatedBytes();
        Buffer buffer = device.allocate(1 << 20);
        assertTrue(device.allocatedBytes() >= before + (1 << 20));
        buffer.close();
        buffer.close();
        assertEquals(before, device.allocatedBytes());
    }

    @Test
    final void useAfterCloseIsAnException() {
        Graph graph = new Graph();
        graph.output("y", graph.input("x", TensorType.f32(3)).add(1));
        graph.freeze();
        try (Device own = open()) {
            Plan plan = new Compiler(own.lowering(), true).compile(graph, Map.of());
            Executable executable = own.compile(plan);
            Buffer x = own.allocate(12);
            Buffer y = own.allocate(12);
            MemorySegment host = MemorySegment.ofArray(new float[3]);
            own.write(x, 0, host);
            executable.run(List.of(x, y));
            own.synchronize();
            assertThrows(DeviceException.class, () -> executable.run(List.of(x)), "an argument is missing");
            try (Buffer small = own.allocate(4)) {
                assertThrows(DeviceException.class, () -> executable.run(List.of(x, small)), "an argument is small");
            }
            Buffer closed = own.allocate(12);
            closed.close();
            assertThrows(DeviceException.class, () -> own.read(closed, 0, host));
            assertThrows(DeviceException.class, () -> executable.run(List.of(x, closed)));
            try (Buffer foreign = device.allocate(12)) {
                assertThrows(DeviceException.class, () -> executable.run(List.of(x, foreign)));
            }
            executable.close();
            executable.close();
            assertThrows(DeviceException.class, () -> executable.run(List.of(x, y)));
            Executable other = own.compile(plan);
            own.close();
            own.close();
            assertThrows(DeviceException.class, () -> own.allocate(4));
            assertThrows(DeviceException.class, () -> own.write(x, 0, host));
            assertThrows(DeviceException.class, () -> other.run(List.of(x, y)));
            assertThrows(DeviceException.class, own::synchronize);
            x.close();
            other.close();
        }
    }

    @Test
    final void infoIsFilledIn() {
        assertTrue(device.info().threads() >= 1);
        assertTrue(device.info().memoryBytes() > 0);
        assertTrue(!device.info().description().isEmpty());
    }
}
