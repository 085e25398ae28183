package io.tandem.cuda;

import io.tandem.backend.Backend;
import io.tandem.backend.Device;
import io.tandem.backend.DeviceException;
import io.tandem.backend.DeviceOptions;
import io.tandem.cuda.driver.Architecture;
import io.tandem.cuda.driver.ComponentReport;
import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaLibraries;
import io.tandem.cuda.driver.JCudaDriver;
import io.tandem.cuda.driver.KernelCache;
import io.tandem.cuda.driver.KernelSource;
import io.tandem.cuda.driver.NvrtcCompiler;
import io.tandem.cuda.lib.JCudaBlas;
import io.tandem.cuda.lib.JCudaDnn;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The backend {@code cuda}: devices {@code cuda:0}, {@code cuda:1}... It works on every machine; where no GPU can be
 * used it has no devices, and says why.
 */
public final class CudaBackend implements Backend {
    private static final String NAME = "cuda";

    private static final String NVRTC = "NVRTC";
    private static final KernelSource CHECK = KernelSource.of(
            "check.cu",
            "extern \"C\" __global__ void check(float* x, int n) {\n"
                    + "    const int i = blockIdx.x * blockDim.x + threadIdx.x;\n"
                    + "    if (i < n) x[i] = expf(x[i]);\n}\n");

    private CudaLibraries libraries;

    /** The one backend of its kind; made by {@link java.util.ServiceLoader}. */
    public CudaBackend() {}

    private synchronized CudaLibraries libraries() {
        if (libraries == null) {
            libraries = CudaLibraries.find();
        }
        return libraries;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> devices() {
        return libraries().whyUnusable().isPresent()
                ? List.of()
                : IntStream.range(0, libraries().deviceCount())
                        .mapToObj(i -> NAME + ":" + i)
                        .toList();
    }

    @Override
    public Optional<String> whyNoDevice() {
        return libraries().whyUnusable();
    }

    @Override
    public int preference() {
        return 100;
    }

    @Override
    public Device open(String name, DeviceOptions options) {
        return open(name, options, CudaSettings.defaults());
    }

    /** Opens a device with settings of CUDA devices. */
    CudaDevice open(String name, DeviceOptions options, CudaSettings settings) {
        int ordinal = ordinal(name);
        libraries().whyUnusable().ifPresent(why -> {
            throw new DeviceException("cannot use " + name + ": " + why);
        });
        try {
            return open(ordinal, options, settings);
        } catch (CudaException e) {
            throw new DeviceException("cannot use " + name + ": " + e.getMessage(), e);
        }
    }

    private static int ordinal(String name) {
        if (name.equals(NAME)) {
            return 0;
        }
        String number = name.startsWith(NAME + ":") ? name.substring(NAME.length() + 1) : "";
        if (!number.matches("\\d{1,4}")) {
            throw new DeviceException("no device '" + name + "': CUDA devices are called cuda:0, cuda:1...");
        }
        return Integer.parseInt(number);
    }

    private CudaDevice open(int ordinal, DeviceOptions options, CudaSettings settings) {
        JCudaDriver driver = JCudaDriver.open(libraries(), ordinal);
        JCudaBlas blas = null;
        JCudaDnn dnn = null;
        try {
            blas = new JCudaBlas(driver);
            dnn = new JCudaDnn(driver);
            CudaRuntime runtime =
                    new CudaRuntime(driver, new NvrtcCompiler(libraries(), KernelCache.ofUser()), blas, dnn);
            return new CudaDevice(NAME + ":" + ordinal, runtime, options, settings);
        } catch (RuntimeException | Error e) {
            if (dnn != null) {
                dnn.close();
            }
            if (blas != null) {
                blas.close();
            }
            driver.close();
            throw e;
        }
    }

    @Override
    public List<Diagnosis> diagnose() {
        List<ComponentReport> reports = libraries().report();
        List<Diagnosis> lines =
                new ArrayList<>(reports.stream().map(CudaBackend::diagnosis).toList());
        if (reports.stream().anyMatch(r -> r.component().equals(NVRTC) && r.isUsable())) {
            lines.add(compiler());
        }
        if (libraries().whyUnusable().isEmpty()) {
            lines.addAll(properties());
        }
        return lines;
    }

    /** Compiles a small kernel, which needs no GPU. */
    private Diagnosis compiler() {
        String component = "kernel compiler";
        try {
            KernelCache cache = KernelCache.ofUser();
            NvrtcCompiler compiler = new NvrtcCompiler(libraries(), cache);
            Architecture target = compiler.architectures().getLast();
            long start = System.nanoTime();
            int bytes = compiler.compile(CHECK, target).byteSize();
            return new Diagnosis(
                    component,
                    true,
                    "%s compiles for compute capability %s to %s (%,d bytes in %d ms), cache %s"
                            .formatted(
                                    compiler.version(),
                                    compiler.architectures().getFirst(),
                                    target,
                                    bytes,
                                    (System.nanoTime() - start) / 1_000_000,
                                    cache.folder()),
                    "");
        } catch (CudaException unusable) {
            return new Diagnosis(component, false, "a kernel was not compiled: " + unusable.getMessage(),
                    "see NVRTC above");
        }
    }

    private List<Diagnosis> properties() {
        try {
            return JCudaDriver.devices(libraries()).stream()
                    .map(device -> new Diagnosis(NAME + ":" + device.ordinal(), true, device.toString(), ""))
                    .toList();
        } catch (CudaException unusable) {
            return List.of(new Diagnosis("GPU", false, unusable.getMessage(), "check nvidia-smi"));
        }
    }

    private static Diagnosis diagnosis(ComponentReport report) {
        String found = report.location()
                .map(where -> report.version().map(v -> "version " + v + " at ").orElse("") + where)
                .orElse("not found; needed: " + report.needed());
        return new Diagnosis(report.component(), report.isUsable(), found, report.fix().orElse(""));
    }
}
