package io.tandem.cuda.simulation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.cuda.driver.Architecture;
import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaGraph;
import io.tandem.cuda.driver.CudaKernel;
import io.tandem.cuda.driver.CudaModule;
import io.tandem.cuda.driver.CudaStream;
import io.tandem.cuda.driver.KernelArguments;
import io.tandem.cuda.driver.KernelSource;
import io.tandem.cuda.driver.LaunchShape;
import io.tandem.cuda.driver.ModuleImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SimulatedKernelTest {

    private static final Architecture TARGET = new Architecture(8, 0);
    private static GppCompiler compiler;

    @BeforeAll
    static void findCompiler() {
        compiler = GppCompiler.find().orElse(null);
        Assumptions.assumeTrue(compiler != null, GppCompiler::whyMissing);
    }

    private static final String ELEMENTWISE = """
            extern "C" __global__ void axpy(float* y, const float* __restrict__ x, float a, long long n) {
                long long step = (long long) gridDim.x * blockDim.x;
                for (long long i = blockIdx.x * (long long) blockDim.x + threadIdx.x; i < n; i += step) {
                    y[i] = fmaf(a, x[i], y[i]);
                }
            }
            """;

    /** Sums in the usual way: warps by shuffles, a block through shared memory. */
    private static final String REDUCTION = """
            #define WARPS 32
            __device__ __forceinline__ float warp_sum(float v) {
                for (int o = 16; o > 0; o >>= 1) v += __shfl_xor_sync(0xffffffffu, v, o);
                return v;
            }
            __device__ float block_sum(float v) {
                __shared__ float part[WARPS];       // one per warp
                int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
                v = warp_sum(v);
                __syncthreads();
                if (lane == 0) part[warp] = v;
                __syncthreads();
                if (warp == 0) {
                    v = warp_sum(lane < (int) (blockDim.x + 31) / 32 ? part[lane] : 0.f);
                    if (lane == 0) part[0] = v;
                }
                __syncthreads();
                return part[0];
            }
            extern "C" __global__ void sum_rows(float* out, const float* x, int columns) {
                float v = 0.f;
                for (int i = threadIdx.x; i < columns; i += blockDim.x) v += x[(long long) blockIdx.x * columns + i];
                v = block_sum(v);
                if (threadIdx.x == 0) out[blockIdx.x] = v;
            }
            extern "C" __global__ void plain(float* out) { out[threadIdx.x] = (float) threadIdx.x; }
            """;

    private static void withKernel(SimulationOptions options, String source, String kernel, Body body) {
        ModuleImage image = compiler.compile(KernelSource.of("test.cu", source), TARGET);
        try (SimulatedDriver driver = new SimulatedDriver(options);
                CudaModule module = driver.load(image);
                DeviceArrays arrays = new DeviceArrays(driver)) {
            body.run(arrays, arrays.stream(), module.kernel(kernel));
        }
    }

    private interface Body {
        void run(DeviceArrays arrays, CudaStream stream, CudaKernel kernel);
    }

    private static KernelArguments pointers(long... addresses) {
        KernelArguments.Builder builder = KernelArguments.builder();
        Arrays.stream(addresses).forEach(builder::pointer);
        return builder.build();
    }

    private static float[] random(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return values;
    }

    @ParameterizedTest
    @EnumSource(ThreadOrder.class)
    void elementwiseKernel(ThreadOrder order) {
        int n = 100_003;
        float[] x = random(n, 1);
        float[] y = random(n, 2);
        withKernel(SimulationOptions.DEFAULT.with(order), ELEMENTWISE, "axpy", (arrays, stream, axpy) -> {
            long dx = arrays.upload(x);
            long dy = arrays.upload(y);
            KernelArguments arguments = KernelArguments.builder()
                    .pointer(dy)
                    .pointer(dx)
                    .float32(0.5f)
                    .int64(n)
                    .build();
            stream.launch(axpy, LaunchShape.covering(n, 256, 64), arguments);
            float[] expected = new float[n];
            for (int i = 0; i < n; i++) {
                expected[i] = Math.fma(0.5f, x[i], y[i]);
            }
            assertArrayEquals(expected, arrays.floats(dy, n));
        });
    }

    @ParameterizedTest
    @EnumSource(ThreadOrder.class)
    void blockReductionWithBarriersAndShuffles(ThreadOrder order) {
        int rows = 37;
        int columns = 1009;
        float[] x = random(rows * columns, 3);
        double[] expected = new double[rows];
        for (int i = 0; i < x.length; i++) {
            expected[i / columns] += x[i];
        }
        for (int threads : new int[] {32, 96, 256, 1024}) {
            withKernel(SimulationOptions.DEFAULT.with(order), REDUCTION, "sum_rows", (arrays, stream, sum) -> {
                long dx = arrays.upload(x);
                long out = arrays.emptyFloats(rows);
                KernelArguments arguments = KernelArguments.builder()
                        .pointer(out)
                        .pointer(dx)
                        .int32(columns)
                        .build();
                stream.launch(sum, LaunchShape.of(rows, threads), arguments);
                float[] result = arrays.floats(out, rows);
                for (int i = 0; i < rows; i++) {
                    assertEquals(expected[i], result[i], 1e-4);
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource(ThreadOrder.class)
    void dynamicSharedMemoryAndStructures(ThreadOrder order) {
        String source = """
                struct Table { float* rows[3]; int count; };
                extern "C" __global__ void reverse(Table t, int n) {
                    extern __shared__ __align__(16) float tile[];
                    for (int r = 0; r < t.count; r++) {
                        for (int i = threadIdx.x; i < n; i += blockDim.x) tile[i] = t.rows[r][i];
                        __syncthreads();
                        for (int i = threadIdx.x; i < n; i += blockDim.x) t.rows[r][i] = tile[n - 1 - i];
                        __syncthreads();
                    }
                }
                """;
        withKernel(SimulationOptions.DEFAULT.with(order), source, "reverse", (arrays, stream, reverse) -> {
            long a = arrays.upload(1, 2, 3, 4, 5);
            long b = arrays.upload(6, 7, 8, 9, 10);
            ByteBuffer table =
                    ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
            table.putLong(a).putLong(b).putLong(0).putInt(2);
            KernelArguments arguments = KernelArguments.builder()
                    .struct(table.array(), 8)
                    .int32(5)
                    .build();
            stream.launch(reverse, LaunchShape.of(1, 4).withSharedMemory(20), arguments);
            assertArrayEquals(new float[] {5, 4, 3, 2, 1}, arrays.floats(a, 5));
            assertArrayEquals(new float[] {10, 9, 8, 7, 6}, arrays.floats(b, 5));
            CudaException small = assertThrows(
                    CudaException.class,
                    () -> stream.launch(reverse, LaunchShape.of(1, 4).withSharedMemory(16), arguments));
            assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", small.codeName());
            assertThrows(
                    CudaException.class,
                    () -> stream.launch(reverse, LaunchShape.of(1, 4).withSharedMemory(64 << 10), arguments));
            reverse.allowDynamicSharedMemory(64 << 10);
            stream.launch(reverse, LaunchShape.of(1, 4).withSharedMemory(64 << 10), arguments);
        });
    }

    /** Without its barrier this kernel is right in one thread order only. */
    @Test
    void someThreadOrderShowsAMissingBarrier() {
        String source = """
                extern "C" __global__ void shift(float* x) {
                    __shared__ float tile[65];
                    tile[threadIdx.x] = x[threadIdx.x];
                    x[threadIdx.x] = threadIdx.x == 0 ? 0.f : tile[threadIdx.x - 1];
                }
                """;
        boolean[] failed = new boolean[ThreadOrder.values().length];
        for (ThreadOrder order : ThreadOrder.values()) {
            withKernel(SimulationOptions.DEFAULT.with(order), source, "shift", (arrays, stream, shift) -> {
                long x = arrays.upload(random(64, 4));
                try {
                    stream.launch(shift, LaunchShape.of(1, 64), pointers(x));
                } catch (CudaException unwritten) {
                    assertEquals("SIMULATED_UNDEFINED_READ", unwritten.codeName());
                    failed[order.ordinal()] = true;
                }
            });
        }
        assertArrayEquals(new boolean[] {false, true, true}, failed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x[4]", "x[-1]", "x[1 << 28]", "*(float*) 0x7fff12345678ull"})
    void readsOutsideOfAllocationsFail(String expression) {
        String source = "extern \"C\" __global__ void k(float* y, const float* x) { y[threadIdx.x] = " + expression
                + "; }";
        withKernel(SimulationOptions.DEFAULT, source, "k", (arrays, stream, k) -> {
            long x = arrays.upload(1, 2, 3, 4);
            long y = arrays.upload(0, 0);
            CudaException seen =
                    assertThrows(CudaException.class, () -> stream.launch(k, LaunchShape.of(1, 2), pointers(y, x)));
            assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", seen.codeName());
            assertTrue(
                    seen.getMessage().contains("kernel k, block (0, 0, 0), thread (0, 0, 0): reads 4 bytes"),
                    seen.getMessage());
            assertArrayEquals(new float[2], arrays.floats(y, 2));
        });
    }

    @Test
    void writesOutsideOfAllocationsFailInFibersToo() {
        String source = """
                extern "C" __global__ void k(float* x, int n) {
                    __syncthreads();
                    if (threadIdx.x < n) x[threadIdx.x] = 1.f;
                    __syncthreads();
                }
                """;
        withKernel(SimulationOptions.DEFAULT, source, "k", (arrays, stream, k) -> {
            long x = arrays.upload(new float[70]);
            KernelArguments good = KernelArguments.builder().pointer(x).int32(70).build();
            KernelArguments bad = KernelArguments.builder().pointer(x).int32(71).build();
            CudaException seen =
                    assertThrows(CudaException.class, () -> stream.launch(k, LaunchShape.of(1, 96), bad));
            assertTrue(seen.getMessage().contains("thread (70, 0, 0): writes 4 bytes"), seen.getMessage());
            assertTrue(seen.getMessage().contains("0 bytes behind the end of"), seen.getMessage());
            stream.launch(k, LaunchShape.of(1, 96), good);
            assertEquals(1f, arrays.floats(x, 70)[69]);
        });
    }

    @Test
    void useAfterFreeAndReadsOfUnwrittenMemoryFail() {
        withKernel(SimulationOptions.DEFAULT, ELEMENTWISE, "axpy", (arrays, stream, axpy) -> {
            long y = arrays.upload(1, 2);
            long x = arrays.emptyFloats(2);
            KernelArguments arguments = KernelArguments.builder()
                    .pointer(y)
                    .pointer(x)
                    .float32(1)
                    .int64(2)
                    .build();
            CudaException unwritten =
                    assertThrows(CudaException.class, () -> stream.launch(axpy, LaunchShape.of(1, 32), arguments));
            assertEquals("SIMULATED_UNDEFINED_READ", unwritten.codeName());
            assertTrue(unwritten.getMessage().contains("bytes that nobody wrote"), unwritten.getMessage());
            KernelArguments empty = KernelArguments.builder()
                    .pointer(y)
                    .pointer(0)
                    .float32(1)
                    .int64(2)
                    .build();
            CudaException none =
                    assertThrows(CudaException.class, () -> stream.launch(axpy, LaunchShape.of(1, 32), empty));
            assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", none.codeName());
        });
        ModuleImage image = compiler.compile(KernelSource.of("test.cu", ELEMENTWISE), TARGET);
        try (SimulatedDriver driver = new SimulatedDriver();
                CudaModule module = driver.load(image);
                CudaStream stream = driver.openStream()) {
            long x = driver.allocate(8);
            stream.fill(x, (byte) 0, 8);
            driver.free(x);
            KernelArguments arguments = KernelArguments.builder()
                    .pointer(x)
                    .pointer(x)
                    .float32(1)
                    .int64(2)
                    .build();
            CudaException freed = assertThrows(
                    CudaException.class, () -> stream.launch(module.kernel("axpy"), LaunchShape.of(1, 32), arguments));
            assertTrue(freed.getMessage().contains("in freed memory"), freed.getMessage());
        }
    }

    @Test
    void threadsThatWaitForEachOtherAreReported() {
        String source = """
                extern "C" __global__ void half(int* p) {
                    if (threadIdx.x < 16) p[threadIdx.x] = __shfl_sync(0xffffffffu, 1, 0);
                    else __syncthreads();
                }
                extern "C" __global__ void two(int* p) {
                    if (threadIdx.x < 32) __syncthreads();
                    else
                        __syncthreads();
                }
                extern "C" __global__ void early(int* p) {
                    if (threadIdx.x >= 32) return;
                    __syncthreads();
                    p[threadIdx.x] = 1;
                }
                """;
        ModuleImage image = compiler.compile(KernelSource.of("test.cu", source), TARGET);
        try (SimulatedDriver driver = new SimulatedDriver();
                CudaModule module = driver.load(image);
                DeviceArrays arrays = new DeviceArrays(driver)) {
            long p = arrays.uploadInts(new int[64]);
            CudaStream stream = arrays.stream();
            CudaException stuck = assertThrows(
                    CudaException.class,
                    () -> stream.launch(module.kernel("half"), LaunchShape.of(1, 32), pointers(p)));
            assertEquals("SIMULATED_DEADLOCK", stuck.codeName());
            CudaException divergent = assertThrows(
                    CudaException.class, () -> stream.launch(module.kernel("two"), LaunchShape.of(1, 64), pointers(p)));
            assertEquals("SIMULATED_DIVERGENCE", divergent.codeName());
            stream.launch(module.kernel("early"), LaunchShape.of(1, 64), pointers(p));
            assertEquals(32, Arrays.stream(arrays.ints(p, 64)).sum());
        }
    }

    @ParameterizedTest
    @EnumSource(ThreadOrder.class)
    void warpOperations(ThreadOrder order) {
        String source = """
                extern "C" __global__ void warp(int* out) {
                    int i = threadIdx.x, lane = i % 32;
                    unsigned full = 0xffffffffu;
                    int* o = out + i * 10;
                    o[0] = __shfl_sync(full, i, 3);
                    o[1] = __shfl_up_sync(full, i, 2);
                    o[2] = __shfl_down_sync(full, i, 2, 8);
                    o[3] = __shfl_xor_sync(full, i, 5);
                    o[4] = (int) __ballot_sync(full, lane % 3 == 0);
                    o[5] = __any_sync(full, i == 40);
                    o[6] = __all_sync(full, i != 40);
                    o[7] = __syncthreads_count(i % 4 == 0);
                    o[8] = __syncthreads_or(i == 63) * 2 + __syncthreads_and(i != 63);
                    if (lane < 16) o[9] = __shfl_xor_sync(0xffffu, i, 1); else o[9] = -1;
                    __syncwarp();
                }
                """;
        withKernel(SimulationOptions.DEFAULT.with(order), source, "warp", (arrays, stream, warp) -> {
            long out = arrays.bytes(64 * 10 * 4);
            stream.launch(warp, LaunchShape.of(1, 64), pointers(out));
            int[] result = arrays.ints(out, 640);
            int ballot = 0;
            for (int lane = 0; lane < 32; lane += 3) {
                ballot |= 1 << lane;
            }
            for (int i = 0; i < 64; i++) {
                int lane = i % 32;
                int first = i - lane;
                int[] expected = {
                    first + 3,
                    lane >= 2 ? i - 2 : i,
                    lane % 8 + 2 < 8 ? i + 2 : i,
                    i ^ 5,
                    ballot,
                    first == 32 ? 1 : 0,
                    first == 32 ? 0 : 1,
                    16,
                    2,
                    lane < 16 ? i ^ 1 : -1
                };
                assertArrayEquals(expected, Arrays.copyOfRange(result, 10 * i, 10 * i + 10), "thread " + i);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(ThreadOrder.class)
    void atomicsAndGridShapes(ThreadOrder order) {
        String source = """
                extern "C" __global__ void count(unsigned* total, int* largest, unsigned long long* bits, float* sum) {
                    unsigned x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
                    unsigned z = blockIdx.z * blockDim.z + threadIdx.z;
                    unsigned width = gridDim.x * blockDim.x, height = gridDim.y * blockDim.y;
                    atomicAdd(total, 1u);
                    atomicMax(largest, (int) (x + width * (y + height * z)));
                    atomicOr(bits, 1ull << (x % 64));
                    atomicAdd(sum, 0.5f);
                    unsigned seen = *total;
                    while (atomicCAS(total, seen, seen) != seen) seen = *total;
                }
                """;
        withKernel(SimulationOptions.DEFAULT.with(order), source, "count", (arrays, stream, count) -> {
            long total = arrays.uploadInts(0);
            long largest = arrays.uploadInts(-5);
            long bits = arrays.uploadInts(0, 0);
            long sum = arrays.upload(0);
            stream.launch(
                    count, new LaunchShape(5, 3, 2, 4, 2, 2, 0), pointers(total, largest, bits, sum));
            assertEquals(480, arrays.ints(total, 1)[0]);
            assertEquals(479, arrays.ints(largest, 1)[0]);
            assertArrayEquals(new int[] {(1 << 20) - 1, 0}, arrays.ints(bits, 2));
            assertEquals(240f, arrays.floats(sum, 1)[0]);
        });
    }

    @Test
    void argumentsMustMatchTheKernel() {
        withKernel(SimulationOptions.DEFAULT, ELEMENTWISE, "axpy", (arrays, stream, axpy) -> {
            long x = arrays.upload(1);
            CudaException few =
                    assertThrows(CudaException.class, () -> stream.launch(axpy, LaunchShape.of(1, 1), pointers(x, x)));
            assertTrue(few.getMessage().contains("[8, 8] bytes, the parameters [8, 8, 4, 8]"), few.getMessage());
            KernelArguments narrow = KernelArguments.builder()
                    .pointer(x)
                    .pointer(x)
                    .float32(1)
                    .int32(1)
                    .build();
            assertThrows(CudaException.class, () -> stream.launch(axpy, LaunchShape.of(1, 1), narrow));
        });
    }

    @Test
    void capturedLaunchesReplayWithTheirArguments() {
        for (boolean deferred : new boolean[] {false, true}) {
            SimulationOptions options =
                    deferred ? SimulationOptions.DEFAULT.withDeferredStreams() : SimulationOptions.DEFAULT;
            withKernel(options, ELEMENTWISE, "axpy", (arrays, stream, axpy) -> {
                long y = arrays.upload(0, 0, 0);
                long x = arrays.upload(1, 2, 3);
                KernelArguments arguments = KernelArguments.builder()
                        .pointer(y)
                        .pointer(x)
                        .float32(2)
                        .int64(3)
                        .build();
                try (CudaGraph graph = stream.capture(() -> {
                    stream.launch(axpy, LaunchShape.of(1, 32), arguments);
                    stream.launch(axpy, LaunchShape.of(1, 32), arguments);
                })) {
                    assertArrayEquals(new float[3], arrays.floats(y, 3));
                    graph.launch(stream);
                    assertArrayEquals(new float[] {4, 8, 12}, arrays.floats(y, 3));
                    arrays.write(x, 0, 1, 0);
                    graph.launch(stream);
                    assertArrayEquals(new float[] {4, 12, 12}, arrays.floats(y, 3));
                }
            });
        }
    }
}
