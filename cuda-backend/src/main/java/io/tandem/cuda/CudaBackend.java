package io.tandem.cuda;

import io.tandem.backend.Backend;
import io.tandem.backend.Device;
import io.tandem.backend.DeviceException;
import io.tandem.backend.DeviceOptions;
import io.tandem.cuda.driver.ComponentReport;
import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaLibraries;
import io.tandem.cuda.driver.JCudaDriver;
import io.tandem.cuda.driver.KernelCache;
import io.tandem.cuda.driver.NvrtcCompiler;
import io.tandem.cuda.lib.JCudaBlas;
import io.tandem.cuda.lib.JCudaDnn;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The backend {@code cuda}: devices {@code cuda:0}, {@code cuda:1}... It works on every machine; where no GPU can be
 * used it has no devices, and says why.
 */
public final class CudaBackend implements Backend {
    private static final String NAME = "cuda";

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
    public int preference() {
        return 100;
    }

    @Override
    public Device open(String name, DeviceOptions options) {
        int ordinal = ordinal(name);
        libraries().whyUnusable().ifPresent(why -> {
            throw new DeviceException("cannot use " + name + ": " + why);
        });
        try {
            return open(ordinal, options);
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

    private Device open(int ordinal, DeviceOptions options) {
        JCudaDriver driver = JCudaDriver.open(libraries(), ordinal);
        JCudaBlas blas = null;
        JCudaDnn dnn = null;
        try {
            blas = new JCudaBlas(driver);
            dnn = new JCudaDnn(driver);
            CudaRuntime runtime =
                    new CudaRuntime(driver, new NvrtcCompiler(libraries(), KernelCache.ofUser()), blas, dnn);
            return new CudaDevice(NAME + ":" + ordinal, runtime, options, CudaSettings.fromProperties());
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
        return libraries().report().stream().map(CudaBackend::diagnosis).toList();
    }

    private static Diagnosis diagnosis(ComponentReport report) {
        String found = report.location()
                .map(where -> report.version().map(v -> "version " + v + " at ").orElse("") + where)
                .orElse("not found; needed: " + report.needed());
        return new Diagnosis(report.component(), report.isUsable(), found, report.fix().orElse(""));
    }
}
