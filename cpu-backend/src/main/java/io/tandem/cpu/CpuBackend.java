package io.tandem.cpu;

import io.tandem.backend.Backend;
import io.tandem.backend.Device;
import io.tandem.backend.DeviceException;
import io.tandem.backend.DeviceOptions;
import io.tandem.cpu.codegen.KernelCompiler;
import io.tandem.cpu.codegen.machine.Processor;
import io.tandem.cpu.onednn.OneDnn;
import java.util.List;

/** The backend {@code cpu}: oneDNN and generated vector code on the cores of this machine. */
public final class CpuBackend implements Backend {
    private static final String NAME = "cpu";

    /** The one backend of its kind; made by {@link java.util.ServiceLoader}. */
    public CpuBackend() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> devices() {
        return List.of(NAME);
    }

    @Override
    public int preference() {
        return 10;
    }

    @Override
    public Device open(String name, DeviceOptions options) {
        if (!name.equals(NAME) && !name.equals("cpu:0")) {
            throw new DeviceException("no device '" + name + "': the CPU is one device, 'cpu'; say how many threads it"
                    + " uses by DeviceOptions.withThreads");
        }
        CpuSettings.threads(options); // fails before anything is opened
        return new CpuDevice(options, CpuSettings.DEFAULT);
    }

    @Override
    public List<Diagnosis> diagnose() {
        boolean found = OneDnn.find().isPresent();
        Processor.Findings processor = Processor.find();
        boolean vectors = KernelCompiler.isVectorModulePresent();
        return List.of(
                new Diagnosis(
                        "oneDNN",
                        found,
                        OneDnn.explanation(),
                        found ? "" : "add org.bytedeco:dnnl with the classifier of this platform to the class path"),
                new Diagnosis(
                        "fused kernels",
                        processor.avx512() || vectors,
                        processor.explanation()
                                + (processor.avx512() ? "" : vectors ? "; Vector API" : "; scalar code"),
                        processor.avx512() || vectors ? "" : "start Java with --add-modules jdk.incubator.vector"));
    }
}
