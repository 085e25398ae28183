package io.tandem.cuda.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.cuda.driver.Architecture;
import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaModule;
import io.tandem.cuda.driver.KernelArguments;
import io.tandem.cuda.driver.KernelSource;
import io.tandem.cuda.driver.LaunchShape;
import io.tandem.cuda.driver.ModuleImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GppCompilerTest {

    private static final Architecture TARGET = new Architecture(8, 0);
    private static final String PLAIN =
            "extern \"C\" __global__ void plain(float* out) { out[threadIdx.x] = (float) threadIdx.x; }\n";

    @TempDir
    Path folder;

    private static GppCompiler compiler;

    @BeforeAll
    static void findCompiler() {
        compiler = GppCompiler.find().orElse(null);
        Assumptions.assumeTrue(compiler != null, GppCompiler::whyMissing);
    }

    @Test
    void resultsAreKeptInAPrivateFolder() throws Exception {
        Path cache = folder.resolve("kernels");
        KernelSource source = KernelSource.of("plain.cu", PLAIN);
        ModuleImage first = GppCompiler.find(cache).orElseThrow().compile(source, TARGET);
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(cache)));
        Path library = Path.of(first.text().lines().findFirst().orElseThrow());
        assertEquals(cache, library.getParent());
        Object written = Files.getLastModifiedTime(library);
        ModuleImage second = GppCompiler.find(cache).orElseThrow().compile(source, TARGET);
        assertEquals(first.text(), second.text());
        assertEquals(written, Files.getLastModifiedTime(library), "compiled once");
        Files.delete(library);
        assertEquals(first.text(), GppCompiler.find(cache).orElseThrow().compile(source, TARGET).text());
        assertTrue(Files.exists(library), "compiled again");
    }

    @Test
    void onlyKernelsThatWaitGetFibers() {
        KernelScanner scanner = new KernelScanner("""
                __device__ float warp_sum(float v) { return v + __shfl_xor_sync(0xffffffffu, v, 1); }
                /* __syncthreads() in a comment { */
                namespace inner { struct Sum { __device__ float of(float v) { return warp_sum(v); } }; }
                extern "C" __global__ void sum(float* x) {
                    __shared__ float part[32];
                    part[threadIdx.x] = inner::Sum().of(*x);
                }
                """ + PLAIN);
        assertEquals(List.of("sum", "plain"), scanner.kernels());
        assertTrue(scanner.needsFibers("sum"));
        assertFalse(scanner.needsFibers("plain"));
        assertTrue(scanner.hasStaticShared());
        assertFalse(new KernelScanner("extern __shared__ float s[]; // __shared__ float t[3];").hasStaticShared());
        assertTrue(new KernelScanner("#define WAIT \\\n __syncthreads()\n__global__ void __launch_bounds__(2*(3)) "
                + "k(int* p) { if (1) { WAIT; } }")
                .needsFibers("k"));
    }

    @Test
    void unknownKernelsAndBadSourcesAreNamed() {
        ModuleImage image = compiler.compile(KernelSource.of("test.cu", PLAIN), TARGET);
        try (SimulatedDriver driver = new SimulatedDriver();
                CudaModule module = driver.load(image)) {
            CudaException unknown = assertThrows(CudaException.class, () -> module.kernel("nothing"));
            assertEquals("CUDA_ERROR_NOT_FOUND", unknown.codeName());
        }
        KernelSource bad = KernelSource.of("bad.cu", "\nextern \"C\" __global__ void k(float* x) { y = 1; }");
        CudaException refused = assertThrows(
                CudaException.class,
                () -> compiler.compileAll(
                        List.of(KernelSource.of("good.cu", PLAIN + "// with a bad one"), bad), TARGET));
        assertTrue(refused.getMessage().contains("bad.cu:2"), refused.getMessage());
        assertTrue(refused.getMessage().contains("not declared"), refused.getMessage());
    }

    @Test
    void manySourcesShareALibraryWithoutMixingNames() {
        String kernel = "extern \"C\" __global__ void k(float* x) { *x = ";
        KernelSource one = new KernelSource(
                "one.cu",
                "#define F 2\n__device__ float f() { return F; }\n" + kernel + "f() * G; }",
                List.of("-DG=10"));
        KernelSource two = KernelSource.of(
                "two.cu", "#define F 3\n__device__ float f() { return F; }\n" + kernel + "f(); }");
        KernelSource three = KernelSource.of("three.cu", "__device__ float F() { return 4; }\n" + kernel + "F(); }");
        List<ModuleImage> images = compiler.compileAll(List.of(one, two, three, two), TARGET);
        assertNotEquals(images.get(0).text(), images.get(1).text());
        assertEquals(images.get(1).text(), images.get(3).text());
        float[] expected = {20, 3, 4, 3};
        try (SimulatedDriver driver = new SimulatedDriver();
                DeviceArrays arrays = new DeviceArrays(driver)) {
            for (int i = 0; i < images.size(); i++) {
                long x = arrays.emptyFloats(1);
                try (CudaModule module = driver.load(images.get(i))) {
                    KernelArguments argument = KernelArguments.builder().pointer(x).build();
                    arrays.stream().launch(module.kernel("k"), LaunchShape.of(1, 1), argument);
                }
                assertEquals(expected[i], arrays.floats(x, 1)[0]);
            }
        }
    }

    @Test
    void sixteenBitConversionsRoundToNearestEven() {
        String source = """
                #include <cuda_fp16.h>
                #include <cuda_bf16.h>
                extern "C" __global__ void k(float* half, float* brain, const float* x, int n) {
                    int i = blockIdx.x * blockDim.x + threadIdx.x;
                    if (i < n) {
                        half[i] = __half2float(__float2half(x[i]));
                        brain[i] = __bfloat162float(__float2bfloat16(x[i]));
                    }
                }
                """;
        Random random = new Random(5);
        int n = 20_000;
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = i < 10_000
                    ? Float.intBitsToFloat(random.nextInt())
                    : (float) (random.nextGaussian() * Math.pow(2, random.nextInt(-28, 18)));
        }
        ModuleImage image = compiler.compile(KernelSource.of("test.cu", source), TARGET);
        try (SimulatedDriver driver = new SimulatedDriver();
                CudaModule module = driver.load(image);
                DeviceArrays arrays = new DeviceArrays(driver)) {
            long half = arrays.emptyFloats(n);
            long brain = arrays.emptyFloats(n);
            KernelArguments arguments = KernelArguments.builder()
                    .pointer(half)
                    .pointer(brain)
                    .pointer(arrays.upload(x))
                    .int32(n)
                    .build();
            arrays.stream().launch(module.kernel("k"), LaunchShape.covering(n, 128, 1000), arguments);
            float[] halves = arrays.floats(half, n);
            float[] brains = arrays.floats(brain, n);
            for (int i = 0; i < n; i++) {
                assertEquals(Float.float16ToFloat(Float.floatToFloat16(x[i])), halves[i], "half of " + x[i]);
                if (Float.isNaN(x[i])) {
                    assertTrue(Float.isNaN(brains[i]));
                } else if (Math.abs(x[i]) < 3e38f) {
                    double unit = Math.max(Math.scalb(1.0, Math.getExponent(x[i]) - 7), Math.scalb(1.0, -133));
                    assertEquals((float) (Math.rint(x[i] / unit) * unit), brains[i], "bfloat16 of " + x[i]);
                }
            }
        }
    }
}
