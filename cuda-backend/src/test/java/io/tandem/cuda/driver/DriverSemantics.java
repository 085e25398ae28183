package io.tandem.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.cuda.simulation.DeviceArrays;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What Tandem relies on of a driver and a kernel compiler, tested on the simulated device and on a real one. */
abstract class DriverSemantics {

    private static final String KERNELS = """
            struct Pair { float* target; int count; };
            extern "C" __global__ void scale(float* y, const float* x, float a, double b, long long n, int off) {
                long long i = blockIdx.x * (long long) blockDim.x + threadIdx.x;
                if (i < n) y[i] = (float) (a * x[i] + b) + off;
            }
            extern "C" __global__ void fill(Pair p, float v) {
                extern __shared__ float s[];
                s[threadIdx.x] = v + threadIdx.x;
                __syncthreads();
                if ((int) threadIdx.x < p.count) p.target[threadIdx.x] = s[blockDim.x - 1 - threadIdx.x];
            }
            """;

    /** A driver and a compiler for it. */
    record Machine(Driver driver, KernelCompiler compiler) implements AutoCloseable {

        CudaModule module() {
            return driver.load(compiler.compile(
                    KernelSource.of("semantics.cu", KERNELS), driver.properties().architecture()));
        }

        @Override
        public void close() {
            driver.close();
        }
    }

    abstract Machine open();

    private static KernelArguments scale(long y, long x, int n) {
        return KernelArguments.builder()
                .pointer(y)
                .pointer(x)
                .float32(2)
                .float64(0.5)
                .int64(n)
                .int32(10)
                .build();
    }

    @Test
    void propertiesAreSensible() {
        try (Machine machine = open()) {
            DeviceProperties properties = machine.driver().properties();
            assertEquals(32, properties.warpSize());
            assertEquals(1024, properties.maxThreadsPerBlock());
            assertTrue(properties.multiprocessors() > 0);
            assertTrue(properties.maxSharedMemoryPerBlock() >= properties.sharedMemoryPerBlock());
            MemoryInfo memory = machine.driver().memoryInfo();
            assertTrue(memory.free() > 0 && memory.free() <= memory.total());
            assertTrue(properties.toString().contains("compute capability " + properties.architecture()));
        }
    }

    @Test
    void kernelsGetTheirArguments() {
        try (Machine machine = open();
                CudaModule module = machine.module();
                DeviceArrays arrays = new DeviceArrays(machine.driver())) {
            long x = arrays.upload(1, 2, 3);
            long y = arrays.emptyFloats(3);
            CudaKernel kernel = module.kernel("scale");
            assertEquals("scale", kernel.name());
            assertTrue(kernel.maxThreadsPerBlock() >= 256);
            arrays.stream().launch(kernel, LaunchShape.of(1, 32), scale(y, x, 3));
            assertArrayEquals(new float[] {12.5f, 14.5f, 16.5f}, arrays.floats(y, 3));
            byte[] pair = new byte[16];
            ByteBuffer.wrap(pair)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(y)
                    .putInt(3);
            KernelArguments arguments =
                    KernelArguments.builder().struct(pair, 8).float32(0.25f).build();
            arrays.stream().launch(module.kernel("fill"), LaunchShape.of(1, 64).withSharedMemory(256), arguments);
            assertArrayEquals(new float[] {63.25f, 62.25f, 61.25f}, arrays.floats(y, 3));
            CudaException unknown = assertThrows(CudaException.class, () -> module.kernel("nothing"));
            assertEquals("CUDA_ERROR_NOT_FOUND", unknown.codeName());
            assertEquals(500, unknown.code());
        }
    }

    @Test
    void memoryMovesInOrder() {
        try (Machine machine = open();
                DeviceArrays arrays = new DeviceArrays(machine.driver());
                PinnedMemory pinned = machine.driver().allocatePinned(32);
                CudaStream other = machine.driver().openStream();
                CudaEvent event = machine.driver().openEvent(false)) {
            MemorySegment in = pinned.segment().asSlice(0, 16);
            MemorySegment out = pinned.segment().asSlice(16, 16);
            assertEquals(0, pinned.segment().mismatch(MemorySegment.ofArray(new byte[] {1})));
            for (int i = 0; i < 4; i++) {
                in.setAtIndex(ValueLayout.JAVA_FLOAT, i, i + 1);
            }
            long a = arrays.emptyFloats(4);
            long b = arrays.emptyFloats(4);
            assertEquals(0, a % 256);
            CudaStream stream = arrays.stream();
            stream.copyToDevice(a, in);
            stream.copy(b, a, 16);
            stream.fillWords(b, Float.floatToRawIntBits(9), 1);
            stream.fill(b + 12, (byte) 0, 4);
            stream.record(event);
            other.waitFor(event);
            other.copyToHost(out, b);
            other.synchronize();
            assertArrayEquals(new float[] {9, 2, 3, 0}, out.toArray(ValueLayout.JAVA_FLOAT));
            assertTrue(event.isComplete());
            event.synchronize();
            stream.synchronize();
            assertTrue(stream.isIdle());
        }
    }

    @Test
    void eventsMeasureTime() {
        try (Machine machine = open();
                DeviceArrays arrays = new DeviceArrays(machine.driver());
                CudaEvent start = machine.driver().openEvent(true);
                CudaEvent end = machine.driver().openEvent(true)) {
            long a = arrays.emptyFloats(1 << 16);
            arrays.stream().record(start);
            arrays.stream().fillWords(a, 0, 1 << 16);
            arrays.stream().record(end);
            end.synchronize();
            assertTrue(end.millisecondsSince(start) >= 0);
        }
    }

    @Test
    void capturedWorkReplays() {
        try (Machine machine = open();
                CudaModule module = machine.module();
                DeviceArrays arrays = new DeviceArrays(machine.driver())) {
            long x = arrays.upload(1, 2, 3);
            long y = arrays.upload(new float[3]);
            long z = arrays.upload(new float[3]);
            CudaStream stream = arrays.stream();
            CudaKernel kernel = module.kernel("scale");
            try (CudaGraph graph = stream.capture(() -> {
                stream.launch(kernel, LaunchShape.of(1, 32), scale(y, x, 3));
                stream.copy(z, y, 12);
                stream.fillWords(y, 0, 3);
            })) {
                assertArrayEquals(new float[3], arrays.floats(z, 3));
                graph.launch(stream);
                assertArrayEquals(new float[] {12.5f, 14.5f, 16.5f}, arrays.floats(z, 3));
                arrays.write(x, 0, 0, 1);
                graph.launch(stream);
                assertArrayEquals(new float[] {10.5f, 10.5f, 12.5f}, arrays.floats(z, 3));
                assertArrayEquals(new float[3], arrays.floats(y, 3));
            }
            IllegalStateException thrown = assertThrows(
                    IllegalStateException.class,
                    () -> stream.capture(() -> {
                        throw new IllegalStateException("inside");
                    }));
            assertEquals("inside", thrown.getMessage());
            stream.synchronize();
        }
    }

    @Test
    void failuresNameCallCodeAndMeaning() {
        try (Machine machine = open()) {
            Driver driver = machine.driver();
            long more = 4 * driver.properties().totalMemory();
            CudaException full = assertThrows(CudaException.class, () -> driver.allocate(more));
            assertTrue(full.isOutOfMemory(), full.getMessage());
            assertEquals("cuMemAlloc(" + more + " bytes)", full.call());
            assertFalse(full.meaning().isEmpty());
            KernelSource bad = KernelSource.of("bad.cu", "extern \"C\" __global__ void k(float* x) { nothing = 1; }");
            CudaException refused = assertThrows(
                    CudaException.class,
                    () -> machine.compiler()
                            .compileAll(List.of(bad), driver.properties().architecture()));
            assertTrue(refused.getMessage().contains("nothing"), refused.getMessage());
        }
    }

    @Test
    void closedThingsRefuseWork() {
        try (Machine machine = open()) {
            CudaStream stream = machine.driver().openStream();
            CudaEvent event = machine.driver().openEvent(false);
            PinnedMemory pinned = machine.driver().allocatePinned(8);
            CudaModule module = machine.module();
            MemorySegment segment = pinned.segment();
            for (int i = 0; i < 2; i++) {
                stream.close();
                event.close();
                pinned.close();
                module.close();
            }
            assertThrows(CudaException.class, stream::synchronize);
            assertThrows(CudaException.class, event::synchronize);
            assertThrows(CudaException.class, () -> module.kernel("scale"));
            assertThrows(IllegalStateException.class, () -> segment.get(ValueLayout.JAVA_BYTE, 0));
        }
    }
}
