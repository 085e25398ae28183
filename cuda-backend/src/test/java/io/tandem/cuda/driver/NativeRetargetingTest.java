package io.tandem.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import jcuda.JCudaVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeRetargetingTest {

    private static byte[] nativeLibrary(String name) throws IOException {
        String file = "/lib/lib" + name + "-" + JCudaVersion.get() + "-linux-x86_64.so";
        try (InputStream in = JCudaVersion.class.getResourceAsStream(file)) {
            assertTrue(in != null, file + " is on the class path");
            return in.readAllBytes();
        }
    }

    private static int occurrences(byte[] content, String text) {
        String all = new String(content, StandardCharsets.ISO_8859_1);
        int count = 0;
        for (int at = all.indexOf(text); at >= 0; at = all.indexOf(text, at + 1)) {
            count++;
        }
        return count;
    }

    @ParameterizedTest
    @CsvSource({"JCublas2, libcublas.so.1", "JNvrtc, libnvrtc.so.1"})
    void jcudasNativesAskForCuda13(String name, String library) throws IOException {
        byte[] before = nativeLibrary(name);
        byte[] after = NativeRetargeting.retarget(before, CudaLibraries.renamed(13));
        assertTrue(NativeRetargeting.needed(before).contains(library + "2"));
        assertTrue(NativeRetargeting.needed(after).contains(library + "3"));
        assertFalse(NativeRetargeting.needed(after).contains(library + "2"));
        assertEquals(NativeRetargeting.needed(before).size(), NativeRetargeting.needed(after).size());
        assertEquals(before.length, after.length);
        assertEquals(0, occurrences(after, "\0" + library + "2\0"));
        int changed = 0;
        for (int i = 0; i < before.length; i++) {
            changed += before[i] != after[i] ? 1 : 0;
        }
        // the last digit of each name, and the last nibbles of each hash
        assertTrue(changed >= 2 && changed <= 8, changed + " bytes changed");
    }

    @Test
    void otherNativesStayAsTheyAre() throws IOException {
        for (String name : List.of("JCudaDriver", "JCudnn", "JCudaRuntime")) {
            byte[] before = nativeLibrary(name);
            assertArrayEquals(before, NativeRetargeting.retarget(before, CudaLibraries.renamed(13)));
        }
    }

    @Test
    void thereAndBackGivesTheOriginal() throws IOException {
        byte[] before = nativeLibrary("JCublas2");
        byte[] there = NativeRetargeting.retarget(before, Map.of("libcublas.so.12", "libcublas.so.13"));
        assertArrayEquals(before, NativeRetargeting.retarget(there, Map.of("libcublas.so.13", "libcublas.so.12")));
    }

    @Test
    void theHashIsTheOneOfTheSystemVAbi() {
        assertEquals(0x09691A75, NativeRetargeting.hash("GLIBC_2.2.5"));
        assertEquals(0x0D696910, NativeRetargeting.hash("GLIBC_2.0"));
    }

    @Test
    void otherFilesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> NativeRetargeting.retarget(new byte[100], Map.of()));
        assertThrows(
                IllegalArgumentException.class, () -> NativeRetargeting.retarget(new byte[100], Map.of("a", "bc")));
    }
}
