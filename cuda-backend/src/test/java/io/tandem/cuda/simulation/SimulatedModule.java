package io.tandem.cuda.simulation;

import io.tandem.cuda.driver.CudaKernel;
import io.tandem.cuda.driver.CudaModule;
import io.tandem.cuda.driver.ModuleImage;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** A shared object that {@link GppCompiler} made, opened. */
final class SimulatedModule implements CudaModule {

    private static final int MAX_PARAMETERS = 512;

    private final ModuleImage image;
    private final Arena arena = Arena.ofShared();
    private final String module;
    private final SymbolLookup symbols;
    private final Map<String, SimulatedKernel> kernels = new HashMap<>();
    private boolean closed;

    SimulatedModule(ModuleImage image) {
        this.image = image;
        String[] place = image.text().split("\n");
        module = place[1];
        symbols = SymbolLookup.libraryLookup(Path.of(place[0]), arena);
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public CudaKernel kernel(String name) {
        if (closed) {
            throw DriverErrors.invalidHandle("cuModuleGetFunction(" + name + ")", "the module is unloaded");
        }
        return kernels.computeIfAbsent(name, this::find);
    }

    private SimulatedKernel find(String name) {
        String suffix = "_" + module + "_" + name;
        MemorySegment launch = symbols.find("sim_launch" + suffix)
                .orElseThrow(() -> DriverErrors.notFound(
                        "cuModuleGetFunction(" + name + ")", "module " + image.name() + " has no such kernel"));
        Linker linker = Linker.nativeLinker();
        MethodHandle parameters = linker.downcallHandle(
                symbols.findOrThrow("sim_parameters" + suffix),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
        MethodHandle shared = linker.downcallHandle(
                symbols.findOrThrow("sim_shared" + suffix), FunctionDescriptor.of(ValueLayout.JAVA_LONG));
        MethodHandle run = linker.downcallHandle(
                launch, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment sizes = scratch.allocate(ValueLayout.JAVA_LONG, MAX_PARAMETERS);
            int count = (int) parameters.invokeExact(sizes);
            int[] parameterSizes = new int[count];
            for (int i = 0; i < count; i++) {
                parameterSizes[i] = (int) sizes.getAtIndex(ValueLayout.JAVA_LONG, i);
            }
            return new SimulatedKernel(this, name, run, parameterSizes, (int) (long) shared.invokeExact());
        } catch (Throwable failure) {
            throw new IllegalStateException("kernel " + name + " cannot be described", failure);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            arena.close();
        }
    }
}
