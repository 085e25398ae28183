package io.tandem.cuda.lowering;

import io.tandem.cuda.driver.CudaKernel;
import io.tandem.cuda.driver.CudaModule;
import io.tandem.cuda.driver.Driver;
import io.tandem.cuda.driver.KernelCompiler;
import io.tandem.cuda.driver.KernelSource;
import io.tandem.cuda.driver.ModuleImage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The kernels of one device: compiled together when they are needed, each source once. */
public final class KernelLibrary implements AutoCloseable {
    private final Driver driver;
    private final KernelCompiler compiler;
    private final Map<Key, CudaModule> modules = new HashMap<>();
    private final Map<Key, KernelSource> pending = new LinkedHashMap<>();
    private boolean closed;

    private record Key(String text, List<String> options) {
        static Key of(KernelSource source) {
            return new Key(source.text(), source.options());
        }
    }

    /** A kernel that is compiled when {@link #build} is called. */
    final class Handle {
        private final Key key;
        private final String name;
        private CudaKernel kernel;

        private Handle(Key key, String name) {
            this.key = key;
            this.name = name;
        }

        CudaKernel kernel() {
            if (kernel == null) {
                CudaModule module = modules.get(key);
                if (module == null) {
                    throw new IllegalStateException("kernel " + name + " has not been compiled");
                }
                kernel = module.kernel(name);
            }
            return kernel;
        }
    }

    /** An empty library. */
    public KernelLibrary(Driver driver, KernelCompiler compiler) {
        this.driver = driver;
        this.compiler = compiler;
    }

    /** Notes that a kernel will be needed. */
    Handle request(KernelSource source, String name) {
        Key key = Key.of(source);
        if (!modules.containsKey(key)) {
            pending.putIfAbsent(key, source);
        }
        return new Handle(key, name);
    }

    /** The sources that the next {@link #build} compiles. */
    public List<KernelSource> pending() {
        return List.copyOf(pending.values());
    }

    /** Forgets what was requested and is not compiled. */
    public void forgetPending() {
        pending.clear();
    }

    /** Compiles and loads all that was requested. */
    public void build() {
        if (pending.isEmpty()) {
            return;
        }
        List<KernelSource> sources = new ArrayList<>(pending.values());
        pending.clear();
        List<ModuleImage> images = compiler.compileAll(sources, driver.properties().architecture());
        for (int i = 0; i < sources.size(); i++) {
            modules.put(Key.of(sources.get(i)), driver.load(images.get(i)));
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            modules.values().forEach(CudaModule::close);
            modules.clear();
        }
    }
}
