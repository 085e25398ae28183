package io.tandem.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class CompileCheckTest {

    private static final KernelSource GOOD = KernelSource.of(
            "good.cu",
            """
                    extern "C" __global__ void sum(float* out, const float* x, long long n) {
                        __shared__ float part[32];
                        float v = 0.f;
                        for (long long i = threadIdx.x; i < n; i += blockDim.x) v += x[i];
                        for (int o = 16; o > 0; o >>= 1) v += __shfl_down_sync(0xffffffffu, v, o);
                        if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = v;
                        __syncthreads();
                        if (threadIdx.x == 0) {
                            float s = 0.f;
                            for (unsigned i = 0; i < blockDim.x / 32; i++) s += part[i];
                            *out = s;
                        }
                    }
                    """);

    @Test
    void sourcesCompileForRealGpus() {
        CompileCheck check = CompileCheck.find().orElse(null);
        Assumptions.assumeTrue(check != null, CompileCheck::whyMissing);
        assertTrue(check.targets().contains(new Architecture(8, 0)), check.compiler());
        assertTrue(check.targets().contains(new Architecture(9, 0)), check.compiler());
        List<ModuleImage> images = check.compile(List.of(GOOD));
        assertEquals(check.targets().size(), images.size());
        for (ModuleImage image : images) {
            assertEquals(ModuleImage.Format.CUBIN, image.format());
            assertEquals(0x464C457F, image.bytes().order(ByteOrder.LITTLE_ENDIAN).getInt(0), "ELF");
        }
    }

    @Test
    void whatOnlyTheSimulationAcceptsIsRefused() {
        CompileCheck check = CompileCheck.find().orElse(null);
        Assumptions.assumeTrue(check != null, CompileCheck::whyMissing);
        KernelSource bad = KernelSource.of(
                "bad.cu", "extern \"C\" __global__ void k(float* x) { *x = __builtin_nothing(); }");
        CudaException refused = assertThrows(CudaException.class, () -> check.compile(List.of(bad)));
        assertTrue(refused.getMessage().contains("__builtin_nothing"), refused.getMessage());
        assertTrue(refused.getMessage().contains("bad.cu"), refused.getMessage());
    }

    @Test
    void architecturesAreOrdered() {
        Architecture ampere = Architecture.ofNumber(80);
        assertEquals("sm_80", ampere.realName());
        assertEquals("compute_80", ampere.virtualName());
        assertTrue(ampere.compareTo(Architecture.ofNumber(120)) < 0);
        assertEquals(new Architecture(12, 1), Architecture.ofNumber(121));
        assertThrows(IllegalArgumentException.class, () -> new Architecture(0, 0));
        assertFalse(CompileCheck.WANTED.isEmpty());
    }
}
