package io.tandem.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.cuda.driver.LibraryLocator.Part;
import io.tandem.cuda.driver.LibraryLocator.Toolkit;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibraryLocatorTest {

    private static final DriverProbe.State NO_DRIVER = DriverProbe.probe(List.of("libcuda-that-nobody-has.so.1"));

    @TempDir
    Path root;

    private LibraryLocator locator(Map<String, String> environment) {
        return new LibraryLocator(environment, root, root.resolve("home"));
    }

    private void install(String folder, int major, Part... parts) throws IOException {
        Files.createDirectories(root.resolve(folder));
        for (Part part : parts) {
            for (String name : part.files(major)) {
                Files.createFile(root.resolve(folder).resolve(name.replace("*", "4")));
            }
        }
    }

    private CudaLibraries libraries(Map<String, String> environment, DriverProbe.State driver) {
        ClassLoader nothing = new URLClassLoader(new URL[0], null);
        return CudaLibraries.find(locator(environment), nothing, driver, root.resolve("cache"));
    }

    @Test
    void anEmptyMachineIsDescribedWithoutFailing() {
        Toolkit toolkit = locator(Map.of()).search();
        assertEquals(0, toolkit.parts());
        assertFalse(toolkit.isComplete());
        CudaLibraries libraries = libraries(Map.of(), NO_DRIVER);
        String why = libraries.whyUnusable().orElseThrow();
        assertTrue(why.startsWith("no NVIDIA driver: libcuda.so.1 is neither in"), why);
        assertTrue(why.endsWith("; install the NVIDIA driver, so that nvidia-smi runs"), why);
        assertEquals(0, libraries.deviceCount());
        CudaException refused = assertThrows(CudaException.class, () -> JCudaDriver.open(libraries, 0));
        assertEquals("open a CUDA device: " + why, refused.getMessage());
        List<ComponentReport> reports = libraries.report();
        assertEquals(
                List.of("NVIDIA driver", "cuBLAS", "NVRTC", "cuDNN"),
                reports.stream().map(ComponentReport::component).toList());
        assertTrue(reports.stream().noneMatch(ComponentReport::isUsable));
        assertEquals(
                "cuDNN: not found; needed: libcudnn.so.9; fix: add org.bytedeco:cuda:12.6-9.5-1.5.11"
                        + ":linux-x86_64-redist to the class path, or install cuDNN 9",
                reports.getLast().toString());
        CudaException compiler = assertThrows(CudaException.class, libraries::loadCompiler);
        assertTrue(compiler.getMessage().contains("NVRTC"), compiler.getMessage());
    }

    @Test
    void missingLibrariesAreNamedWhenThereIsADriver() throws IOException {
        install("usr/local/cuda/lib64", 12, Part.CUBLAS, Part.NVRTC);
        DriverProbe.State driver = new DriverProbe.State(Optional.of("libcuda.so.1"), 12_060, 2, Optional.empty());
        CudaLibraries libraries = libraries(Map.of(), driver);
        assertEquals(2, libraries.deviceCount());
        String why = libraries.whyUnusable().orElseThrow();
        assertTrue(why.startsWith("cuDNN not found in "), why);
        assertTrue(why.endsWith("or install CUDA 12 and cuDNN 9"), why);
        install("usr/lib/x86_64-linux-gnu", 12, Part.CUDNN);
        assertTrue(libraries(Map.of(), driver).whyUnusable().isEmpty());
    }

    @Test
    void librariesNewerThanTheDriverAreNamed() throws IOException {
        install("usr/local/cuda-13.0/lib64", 13, Part.values());
        DriverProbe.State old = new DriverProbe.State(Optional.of("libcuda.so.1"), 12_080, 1, Optional.empty());
        String why = libraries(Map.of(), old).whyUnusable().orElseThrow();
        assertTrue(
                why.startsWith(
                        "the NVIDIA driver supports CUDA 12.8 only, the libraries found are of CUDA 13; update the"),
                why);
        DriverProbe.State current = new DriverProbe.State(Optional.of("libcuda.so.1"), 13_000, 1, Optional.empty());
        assertTrue(libraries(Map.of(), current).whyUnusable().isEmpty());
    }

    @Test
    void toolkitsAreFoundInAllUsualPlaces() throws IOException {
        install("usr/local/cuda-13.0/lib64", 13, Part.CUBLAS, Part.NVRTC);
        install("home/.local/lib/python3.11/site-packages/nvidia/cudnn/lib", 13, Part.CUDNN);
        Toolkit thirteen = locator(Map.of()).search();
        assertTrue(thirteen.isComplete());
        assertEquals(13, thirteen.major());
        assertEquals("libcudnn.so.9", thirteen.files().getLast().getFileName().toString());
        assertEquals("libcublasLt.so.13", thirteen.files().getFirst().getFileName().toString());

        // CUDA 12 needs no retargeting: it wins where both are complete
        install("opt/twelve/lib64", 12, Part.CUBLAS, Part.NVRTC);
        String twelve = root.resolve("opt/twelve").toString();
        assertEquals(12, locator(Map.of("CUDA_HOME", twelve)).search().major());
        assertEquals(13, locator(Map.of("CUDA_HOME", "")).search().major());
        assertEquals(
                12,
                locator(Map.of("LD_LIBRARY_PATH", "/nowhere:" + twelve + "/lib64")).search().major());
        Files.createDirectories(root.resolve("etc/ld.so.conf.d"));
        Files.writeString(root.resolve("etc/ld.so.conf.d/cuda.conf"), "# a comment\n/opt/twelve/lib64\n");
        assertEquals(12, locator(Map.of()).search().major());
    }

    @Test
    void newerToolkitsComeFirst() throws IOException {
        for (String name : List.of("12.2", "12.10", "12.9")) {
            install("usr/local/cuda-" + name + "/lib64", 12, Part.NVRTC);
        }
        Path found = locator(Map.of()).search().found().get(Part.NVRTC).getLast();
        assertEquals(root.resolve("usr/local/cuda-12.10/lib64/libnvrtc.so.12"), found);
        Files.createDirectories(root.resolve("usr/local/cuda-12.10/include"));
        Files.createFile(root.resolve("usr/local/cuda-12.10/include/cuda_fp16.h"));
        LibraryLocator locator = locator(Map.of());
        assertEquals(
                root.resolve("usr/local/cuda-12.10/include"),
                locator.includeFolder(locator.search()).orElseThrow());
    }

    @Test
    void theJarIsExtractedOnceIntoAPrivateFolder() throws IOException {
        Path jar = root.resolve("cuda-99-redist.jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            for (Part part : Part.values()) {
                for (String name : part.files(12)) {
                    out.putNextEntry(new JarEntry("org/bytedeco/cuda/linux-x86_64/" + name.replace("*", "6")));
                    out.write(name.getBytes(StandardCharsets.UTF_8));
                }
            }
        }
        Path cache = root.resolve("cache");
        try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, null)) {
            RedistributableLibraries libraries = new RedistributableLibraries(loader, cache);
            assertEquals(jar.toString(), libraries.jar().orElseThrow());
            for (Part part : Part.values()) {
                assertEquals(part.files(12).size(), libraries.extract(part).size());
            }
            Path cublas = cache.resolve("cuda-99-redist/libcublas.so.12");
            assertEquals("libcublas.so.12", Files.readString(cublas));
            assertEquals(
                    "rwx------",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(cublas.getParent())));
            Files.writeString(cublas, "changed, same s");
            Files.writeString(cache.resolve("cuda-99-redist/libcudnn.so.9"), "half");
            libraries.extract(Part.CUBLAS);
            libraries.extract(Part.CUDNN);
            assertEquals("changed, same s", Files.readString(cublas), "complete files are kept");
            assertEquals("libcudnn.so.9", Files.readString(cache.resolve("cuda-99-redist/libcudnn.so.9")));
            // an installed toolkit without cuDNN does not shadow the jar
            install("usr/local/cuda/lib64", 12, Part.CUBLAS, Part.NVRTC);
            DriverProbe.State driver =
                    new DriverProbe.State(Optional.of("libcuda.so.1"), 12_060, 1, Optional.empty());
            assertTrue(CudaLibraries.find(locator(Map.of()), loader, driver, cache)
                    .whyUnusable()
                    .isEmpty());
            // nor does a complete one that is newer than the driver
            install("usr/local/cuda-13.0/lib64", 13, Part.values());
            assertTrue(CudaLibraries.find(locator(Map.of()), loader, driver, cache)
                    .whyUnusable()
                    .isEmpty());
        }
    }

    @Test
    void librariesThatDoNotLoadAreReported() throws IOException {
        install("usr/local/cuda/lib64", 12, Part.values());
        List<ComponentReport> reports = libraries(Map.of(), NO_DRIVER).report();
        ComponentReport cublas = reports.get(1);
        assertFalse(cublas.isUsable());
        assertEquals(
                Optional.of(root.resolve("usr/local/cuda/lib64/libcublas.so.12").toString()), cublas.location());
        assertTrue(cublas.fix().orElseThrow().contains("install CUDA and cuDNN again"), cublas.toString());
    }

    @Test
    void thisMachineIsDescribedInOneSentence() {
        CudaLibraries libraries = CudaLibraries.find();
        Optional<String> why = libraries.whyUnusable();
        assertTrue(why.isPresent() || libraries.deviceCount() > 0);
        assertFalse(why.orElse("").contains("\n"), why::toString);
    }
}
