package io.tandem.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.tandem.compile.Compiler;
import io.tandem.cuda.driver.Architecture;
import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaLibraries;
import io.tandem.cuda.driver.KernelCache;
import io.tandem.cuda.driver.KernelSource;
import io.tandem.cuda.driver.ModuleImage;
import io.tandem.cuda.driver.NvrtcCompiler;
import io.tandem.cuda.lowering.ChannelsLast;
import io.tandem.cuda.simulation.SimulationOptions;
import io.tandem.graph.Graph;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * All kernels of the catalog, those of gradients and of single operations too, are compiled to machine code by NVRTC,
 * the compiler that a GPU's programs use. It needs no GPU; where it is not found, this is skipped and says so.
 */
class NvrtcCompilationTest {
    private static final int SOURCES_PER_UNIT = 60;

    @TempDir
    private Path folder;

    @TestFactory
    Stream<DynamicTest> catalogCompiles() {
        NvrtcCompiler compiler = compiler();
        // Where values are computed again, kernels of gradients hold what is otherwise read from memory.
        Set<KernelSource> sources = new LinkedHashSet<>();
        for (OptionalLong recomputedFrom : List.of(OptionalLong.empty(), OptionalLong.of(1))) {
            try (CudaDevice device = SimulatedDevices.open(
                    SimulationOptions.DEFAULT,
                    SimulatedDevices.DETERMINISTIC,
                    SimulatedDevices.SETTINGS.withRecomputedFrom(recomputedFrom))) {
                sources.addAll(CatalogPlans.sources(device));
            }
        }
        assertTrue(sources.size() > 1000, () -> "only " + sources.size() + " sources");
        return compile(compiler, List.copyOf(sources));
    }

    @TestFactory
    Stream<DynamicTest> channelsLastCompile() {
        return compile(compiler(), List.copyOf(channelsLast()));
    }

    private NvrtcCompiler compiler() {
        try {
            return new NvrtcCompiler(CudaLibraries.find(), new KernelCache(folder.resolve("kernels")));
        } catch (CudaException missing) {
            return Assumptions.abort("no NVRTC: " + missing.getMessage());
        }
    }

    private static Stream<DynamicTest> compile(NvrtcCompiler compiler, List<KernelSource> sources) {
        List<KernelSource> units = units(sources);
        return Stream.of(70, 80, 90)
                .map(Architecture::ofNumber)
                .filter(compiler.architectures()::contains)
                .map(target -> dynamicTest(
                        "%d sources by %s for %s".formatted(sources.size(), compiler.version(), target.realName()),
                        () -> {
                            List<ModuleImage> images = compiler.compileAll(units, target);
                            assertEquals(units.size(), images.size());
                            images.forEach(image -> assertEquals(ModuleImage.Format.CUBIN, image.format()));
                        }));
    }

    /** Those of networks whose activations have their channels innermost. */
    private static Set<KernelSource> channelsLast() {
        Set<KernelSource> sources = new LinkedHashSet<>();
        try (CudaDevice device = SimulatedDevices.open(
                SimulationOptions.DEFAULT,
                SimulatedDevices.DETERMINISTIC,
                SimulatedDevices.SETTINGS.withChannelsLast(ChannelsLast.Where.EVERYWHERE))) {
            for (Graph graph : ChannelsLastChecks.graphs()) {
                sources.addAll(device.sources(new Compiler(device.lowering(), true).compile(graph, Map.of())));
            }
        }
        return sources;
    }

    /** Several sources as one, which saves the start of a compilation for each. */
    private static List<KernelSource> units(List<KernelSource> sources) {
        List<KernelSource> units = new ArrayList<>();
        for (int from = 0; from < sources.size(); from += SOURCES_PER_UNIT) {
            StringBuilder text = new StringBuilder();
            for (int i = from; i < Math.min(sources.size(), from + SOURCES_PER_UNIT); i++) {
                assertEquals(sources.getFirst().options(), sources.get(i).options());
                text.append("namespace n%d {\n%s}\n".formatted(i, sources.get(i).text()));
            }
            units.add(new KernelSource("unit" + from + ".cu", text.toString(), sources.getFirst().options()));
        }
        return units;
    }
}
