package io.tandem.cpu.onednn;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;

/** Runs primitives on Java arrays: reorders operands to the layouts that a primitive wants, and results back. */
final class Fixture implements AutoCloseable {
    private final Engine engine = OneDnn.require().engine();
    private final Stream stream = engine.stream();
    private final Arena arena = Arena.ofShared();
    private final Deque<NativeObject> open = new ArrayDeque<>();

    /** An array with the layout of its elements. */
    record Value(float[] data, MemoryDescriptor descriptor) {}

    Engine engine() {
        return engine;
    }

    Stream stream() {
        return stream;
    }

    static Value value(float[] data, long... dims) {
        return new Value(data, MemoryDescriptor.of(DataType.F32, dims));
    }

    static float[] random(long seed, long... dims) {
        Random random = new Random(seed);
        float[] data = new float[Math.toIntExact(Arrays.stream(dims).reduce(1, (a, b) -> a * b))];
        for (int i = 0; i < data.length; i++) {
            data[i] = random.nextFloat() * 2 - 1;
        }
        return data;
    }

    PrimitiveDescriptor describe(Operation operation, PrimitiveAttributes attributes) {
        return keep(engine.describe(operation, attributes));
    }

    PrimitiveDescriptor describe(Operation operation) {
        return describe(operation, PrimitiveAttributes.DEFAULT);
    }

    /** A memory filled with NaN, so that a result that is not written shows. */
    Memory memory(MemoryDescriptor descriptor) {
        MemorySegment segment = arena.allocate(Math.max(64, descriptor.size()), 64);
        segment.fill((byte) 0xff);
        return keep(engine.memory(descriptor, segment));
    }

    Memory memory(Value value) {
        Memory memory = memory(value.descriptor());
        MemorySegment.copy(value.data(), 0, memory.segment(), ValueLayout.JAVA_FLOAT, 0, value.data().length);
        return memory;
    }

    /** A copy of a memory in another layout. */
    Memory reordered(Memory from, MemoryDescriptor layout) {
        if (from.descriptor().equals(layout)) {
            return from;
        }
        Memory to = memory(layout);
        execute(describe(new Reorder(from.descriptor(), layout)), Map.of(Argument.SRC, from, Argument.DST, to));
        return to;
    }

    /** The elements in row-major order. */
    float[] read(Memory memory) {
        Memory plain = reordered(memory, memory.descriptor().withPlainLayout());
        int count = Math.toIntExact(Arrays.stream(plain.descriptor().dims()).reduce(1, (a, b) -> a * b));
        return plain.segment().asSlice(0, 4L * count).toArray(ValueLayout.JAVA_FLOAT);
    }

    void execute(PrimitiveDescriptor descriptor, Map<Argument, Memory> memories) {
        Primitive primitive = keep(descriptor.primitive());
        try (BoundPrimitive bound = primitive.bind(stream, memories)) {
            bound.execute();
        }
    }

    /** Runs with these operands; all other arguments get fresh memories, which are returned too. */
    Map<Argument, Memory> run(PrimitiveDescriptor descriptor, Map<Argument, Value> operands,
            Map<Argument, Memory> given) {
        Primitive primitive = keep(descriptor.primitive());
        Map<Argument, Memory> memories = new HashMap<>(given);
        primitive.arguments().forEach((argument, layout) -> {
            Value operand = operands.get(argument);
            if (operand != null) {
                memories.put(argument, reordered(memory(operand), layout));
            } else if (!memories.containsKey(argument)) {
                memories.put(argument, memory(layout));
            }
        });
        operands.keySet().forEach(argument -> {
            if (!memories.containsKey(argument)) {
                fail(argument + " is not an argument of " + primitive);
            }
        });
        try (BoundPrimitive bound = primitive.bind(stream, memories)) {
            bound.execute();
        }
        return memories;
    }

    Map<Argument, Memory> run(Operation operation, PrimitiveAttributes attributes, Map<Argument, Value> operands) {
        return run(describe(operation, attributes), operands, Map.of());
    }

    Map<Argument, Memory> run(Operation operation, Map<Argument, Value> operands) {
        return run(operation, PrimitiveAttributes.DEFAULT, operands);
    }

    /** The class path entries that these classes come from, for another process. */
    static String classPathOf(Class<?>... classes) {
        return Arrays.stream(classes)
                .map(c -> Path.of(URI.create(c.getProtectionDomain().getCodeSource().getLocation().toString())))
                .distinct().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    /** Starts a main class in a process of its own, with nothing but the given class path. */
    static Process start(Path output, String classPath, Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", classPath,
                        main.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
    }

    static void assertClose(double[] expected, float[] actual, double tolerance, String what) {
        if (expected.length != actual.length) {
            fail(what + ": " + expected.length + " values expected, found " + actual.length);
        }
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs(expected[i] - actual[i]);
            if (!(difference <= tolerance * Math.max(1, Math.abs(expected[i])))) {
                fail(what + ": value " + i + " is " + actual[i] + ", not " + expected[i]);
            }
        }
    }

    private <T extends NativeObject> T keep(T resource) {
        open.push(resource);
        return resource;
    }

    @Override
    public void close() {
        while (!open.isEmpty()) {
            open.pop().close();
        }
        stream.close();
        arena.close();
    }
}
