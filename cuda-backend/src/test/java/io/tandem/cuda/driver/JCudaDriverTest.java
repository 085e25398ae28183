package io.tandem.cuda.driver;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;

@Tag("gpu")
class JCudaDriverTest extends DriverSemantics {

    @Override
    Machine open() {
        CudaLibraries libraries = CudaLibraries.find();
        libraries.whyUnusable().ifPresent(why -> Assumptions.abort("no GPU: " + why));
        return new Machine(JCudaDriver.open(libraries, 0), new NvrtcCompiler(libraries, KernelCache.ofUser()));
    }
}
