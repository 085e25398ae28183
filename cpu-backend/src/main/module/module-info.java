/** The CPU backend: devices cpu and reference, found through the service loader. */
module io.tandem.cpu {
    requires io.tandem.core;
    requires org.slf4j;
    requires static org.jspecify;
    // Present only where the JVM was started with --add-modules; the backend runs without it.
    requires static jdk.incubator.vector;

    provides io.tandem.backend.Backend with
            io.tandem.cpu.CpuBackend,
            io.tandem.cpu.reference.ReferenceBackend;
}
