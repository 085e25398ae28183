package io.tandem.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Composites;
import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CompilerTest {
    private static final Lowering PLAIN = new Lowering() {};
    private static final Lowering WITH_EPILOGUES = new Lowering() {
        @Override
        public boolean epilogue(
                Op op, List<TensorType> operands, boolean bias, Optional<UnaryFunction> activation) {
            return activation.isEmpty() || activation.get() == UnaryFunction.RELU;
        }
    };

    private final Graph graph = new Graph();

    private Tensor input(String name, int... dims) {
        return graph.input(name, TensorType.f32(dims));
    }

    private Plan plan(Lowering lowering, boolean fuse) {
        return new Compiler(lowering, fuse).compile(graph, Map.of());
    }

    private static List<String> labels(Plan plan) {
        return plan.steps().stream().map(Plan.Step::label).toList();
    }

    @Test
    void chainsBecomeOneKernel() {
        Tensor x = input("x", 5, 7);
        Tensor bias = input("b", 7);
        graph.output("y", x.add(bias).tanh().mul(x.sigmoid()));
        assertEquals(1, plan(PLAIN, true).steps().size());
        assertTrue(plan(PLAIN, false).steps().size() >= 4);
    }

    @Test
    void softmaxIsOneKernelOverRows() {
        Tensor x = input("x", 6, 10);
        graph.output("y", x.softmax(1));
        Plan plan = plan(PLAIN, true);
        assertEquals(1, plan.steps().size(), plan.toString());
        Kernel kernel = ((Plan.RunKernel) plan.steps().getFirst().action()).kernel();
        assertEquals(2, java.util.Arrays.stream(kernel.passes()).max().orElseThrow());
    }

    @Test
    void biasAndActivationJoinAProduct() {
        Tensor x = input("x", 4, 3);
        Tensor w = input("w", 5, 3);
        Tensor b = input("b", 5);
        graph.output("y", x.matmul(w, false, true).add(b).relu());
        assertEquals(List.of("matmul[transposed=b]+bias+relu"), labels(plan(WITH_EPILOGUES, true)));
        assertEquals(2, plan(PLAIN, true).steps().size());
    }

    @Test
    void biasJoinsAProductOfManyAxes() {
        Tensor x = input("x", 2, 4, 3);
        Tensor w = input("w", 5, 3);
        Tensor b = input("b", 5);
        graph.output("y", x.matmul(w, false, true).add(b).tanh());
        assertEquals(List.of("matmul[transposed=b]+bias", "tanh"), labels(plan(WITH_EPILOGUES, true)));
    }

    @Test
    void theForwardPassIsComputedOnce() {
        Tensor x = input("x", 4, 6);
        Tensor w = input("w", 6);
        Tensor b = input("b", 6);
        Tensor loss = Composites.layerNorm(x, w, b, 1e-5).getFirst().square().sum();
        graph.output("loss", loss);
        List<Tensor> gradients = Gradients.of(loss, List.of(x, w, b));
        graph.output("dx", gradients.get(0));
        graph.output("dw", gradients.get(1));
        graph.output("db", gradients.get(2));
        long roots = plan(PLAIN, false).steps().stream()
                .filter(s -> s.label().contains("rsqrt"))
                .count();
        assertEquals(1, roots);
    }

    @Test
    void updatesHappenInPlaceWhereTheyCan() {
        Tensor p = input("p", 100);
        Tensor g = input("g", 100);
        graph.output("p'", p.sub(g.mul(0.1)));
        Plan plan = new Compiler(PLAIN, true).compile(graph, Map.of("p'", "p"));
        assertEquals(1, plan.steps().size());
        assertEquals(0, MemoryPlan.of(plan, 64).bytes());
    }

    @Test
    void updatesThatAreReadLaterAreCopied() {
        Tensor p = input("p", 3, 3);
        Tensor q = input("q", 3, 3);
        graph.output("p'", p.transpose().add(p));
        graph.output("y", p.matmul(q));
        Plan plan = new Compiler(PLAIN, true).compile(graph, Map.of("p'", "p"));
        assertEquals("copy", plan.steps().getLast().label());
    }

    @Test
    void swappedStatesSurvive() {
        Tensor a = input("a", 8);
        Tensor b = input("b", 8);
        graph.output("a'", b);
        graph.output("b'", a);
        Plan plan = new Compiler(PLAIN, true).compile(graph, Map.of("a'", "a", "b'", "b"));
        assertEquals(4, plan.steps().size(), plan.toString());
    }

    @Test
    void memoryIsShared() {
        Tensor x = input("x", 64, 64);
        Tensor y = x;
        for (int i = 0; i < 10; i++) {
            y = y.matmul(x);
        }
        graph.output("y", y);
        Plan plan = plan(PLAIN, true);
        MemoryPlan memory = MemoryPlan.of(plan, 64);
        PlanVerifier.verify(plan, memory);
        assertTrue(memory.bytes() <= 2 * 64 * 64 * 4, "two buffers are enough, got " + memory.bytes());
    }

    @Test
    void longChainsCompileWithoutDeepRecursion() {
        Tensor x = input("x", 3);
        Tensor y = x;
        for (int i = 0; i < 5_000; i++) {
            y = y.sin().add(x);
        }
        graph.output("y", y);
        assertFalse(plan(PLAIN, true).steps().isEmpty());
    }

    @Test
    void unusedScanHistoriesAreNotProduced() {
        Tensor x = input("x", 4, 3);
        Tensor h = graph.zeros(TensorType.f32(3));
        List<Tensor> results = Composites.scan(
                4, false, List.of(h), List.of(x), List.of(), s -> new io.tandem.graph.ScanStep.Next(
                        List.of(s.carry(0).add(s.scanned(0))), List.of()));
        graph.output("sum", results.getFirst());
        Plan.Loop loop = plan(PLAIN, true).steps().stream()
                .map(Plan.Step::action)
                .filter(Plan.Loop.class::isInstance)
                .map(Plan.Loop.class::cast)
                .findFirst()
                .orElseThrow();
        assertEquals(List.of(0), loop.produced());
    }

    @Test
    void integersAreExact() {
        Tensor i = graph.input("i", TensorType.of(DType.I64));
        graph.output("y", i.add(1));
        assertEquals(1, plan(PLAIN, true).steps().size());
    }
}
