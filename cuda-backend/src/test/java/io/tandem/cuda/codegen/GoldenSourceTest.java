package io.tandem.cuda.codegen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.compile.Compiler;
import io.tandem.compile.Kernel;
import io.tandem.compile.Lowering;
import io.tandem.compile.Plan;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.TensorType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The generated source of some typical groups, so that changes of the generator show. The expected texts are the
 * resources of {@code golden}; after a change that is meant, replace them by what the failed assertion prints as
 * actual.
 */
class GoldenSourceTest {

    private record Golden(String name, Kernel kernel) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Kernel kernel(TensorType type, Function<Tensor, Tensor> build) {
        Graph graph = new Graph();
        graph.output("y", build.apply(graph.input("x", type)));
        Plan plan = new Compiler(new Lowering() {}, true).compile(graph.freeze(), Map.of());
        return plan.steps().stream()
                .map(Plan.Step::action)
                .filter(Plan.RunKernel.class::isInstance)
                .map(action -> ((Plan.RunKernel) action).kernel())
                .findFirst()
                .orElseThrow();
    }

    private static Stream<Golden> goldens() {
        TensorType images = TensorType.f32(16, 8, 6, 6);
        return Stream.of(
                new Golden("line", kernel(TensorType.f32(1000), x -> x.mul(0.5).tanh().relu())),
                new Golden("half", kernel(TensorType.of(DType.F16, 1000), x -> x.mul(x).add(1))),
                new Golden("bias",
                        kernel(images, x -> x.add(x.graph().input("b", TensorType.f32(8)).reshape(8, 1, 1)).relu())),
                new Golden("transposed", kernel(TensorType.f32(30, 50), x -> x.permute(1, 0).exp())),
                new Golden("tiles", kernel(TensorType.f32(4, 70, 100), x -> x.permute(0, 2, 1).exp())),
                new Golden("softmax", kernel(TensorType.f32(64, 100), x -> x.softmax(1))),
                new Golden("mean-of-short-rows", kernel(TensorType.f32(64, 10), x -> x.mean(1))),
                new Golden("sum-of-columns", kernel(TensorType.f32(64, 128), x -> x.sum(0))),
                new Golden("sum-of-all", kernel(TensorType.f32(300, 700), x -> x.mul(x).sum())),
                new Golden("block-per-row", kernel(TensorType.f32(64, 1000), x -> x.max(1))));
    }

    private static String read(String name) throws IOException {
        try (InputStream in = GoldenSourceTest.class.getResourceAsStream("golden/" + name + ".cu")) {
            return in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static CudaCode generate(Kernel kernel) {
        Alignments alignments =
                Alignments.full(kernel.operands().size(), kernel.results().size());
        return KernelGenerator.generate(kernel, alignments, false);
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void sourceIsAsExpected(Golden golden) throws IOException {
        CudaCode code = generate(golden.kernel());
        StringBuilder text = new StringBuilder(code.source().text());
        code.stages().forEach(s -> text.append("// ").append(s.function()).append(' ').append(s.shape()).append('\n'));
        assertEquals(read(golden.name()), text.toString());
    }

    @Test
    void linesOfAnySizeHaveOneSource() {
        CudaCode small = generate(kernel(TensorType.f32(10), x -> x.mul(2)));
        CudaCode large = generate(kernel(TensorType.f32(700, 1001), x -> x.mul(2)));
        assertEquals(small.source().text(), large.source().text());
        assertTrue(small.sized());
        assertNotEquals(small.stages(), large.stages());
    }

    @Test
    void sourcesAreTheSameInEachRun() {
        List<String> first = goldens().map(g -> generate(g.kernel()).source().text()).toList();
        assertEquals(first, goldens().map(g -> generate(g.kernel()).source().text()).toList());
    }

    /** A part of a buffer that starts at an odd element cannot be moved four elements at a time. */
    @Test
    void unalignedMemoryIsNotMovedInPacks() {
        Kernel kernel = kernel(TensorType.f32(1000), x -> x.mul(2));
        String aligned = generate(kernel).source().text();
        String odd =
                KernelGenerator.generate(kernel, new Alignments(List.of(4L), List.of(256L)), false).source().text();
        assertTrue(aligned.contains("Pack<float, 4>"), aligned);
        assertTrue(!odd.contains("Pack"), odd);
    }

    /** A result in the memory of an operand: the compiler must not take them for different memory. */
    @Test
    void updatesInPlaceHaveNoRestrictedPointers() {
        Kernel kernel = kernel(TensorType.f32(1000), x -> x.mul(2));
        String inPlace = KernelGenerator.generate(kernel, Alignments.full(1, 1), true).source().text();
        assertTrue(!inPlace.contains("__restrict__"), inPlace);
        assertTrue(generate(kernel).source().text().contains("__restrict__"));
    }

    @Test
    void segmentsFitIntoTheArguments() {
        Kernel kernel = kernel(TensorType.f32(1000), x -> x.mul(2));
        SegmentedCode code = KernelGenerator.generateSegmented(kernel, Alignments.full(1, 1), false).orElseThrow();
        assertTrue(code.capacity() > 30 && code.capacity() * code.segmentBytes() < 4000);
        assertTrue(KernelGenerator.generateSegmented(
                kernel(TensorType.f32(8, 8), x -> x.sum(1)), Alignments.full(1, 1), false)
                .isEmpty());
    }
}
