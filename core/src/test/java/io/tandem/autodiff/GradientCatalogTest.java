package io.tandem.autodiff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.conformance.Inlining;
import io.tandem.conformance.OpCase;
import io.tandem.conformance.OpCatalog;
import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Composites;
import io.tandem.graph.GraphException;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

@Tag("contract")
class GradientCatalogTest {
    private static final List<OpCase> CASES = OpCatalog.inFloat64();

    @TestFactory
    Stream<DynamicTest> gradientsAreTheSlopes() {
        return CASES.stream()
                .map(row -> DynamicTest.dynamicTest(
                        row.name(), () -> passes(GradientCheck.check(row.name(), row.build(), row.values()))));
    }

    @TestFactory
    Stream<DynamicTest> gradientsOfInlinedCompositesAreTheSlopes() {
        return CASES.stream()
                .filter(row -> OpCatalog.operations(row.graph()).stream().anyMatch(op -> op instanceof Op.Composite))
                .map(row -> DynamicTest.dynamicTest(
                        row.name() + ", inlined",
                        () -> passes(GradientCheck.check(row.name(), Inlining.of(row.build()), row.values()))));
    }

    private static void passes(GradientCheck.Report report) {
        assertTrue(report.passed(), report::toString);
    }

    @Test
    void everyDifferentiableOperationHasACase() {
        Set<Class<?>> expected = new HashSet<>(Set.of(Op.class.getPermittedSubclasses()));
        // These have no derivative: no operand, or a result that moves in steps.
        expected.removeAll(Set.of(Op.Compare.class, Op.ArgReduce.class, Op.Random.class));
        Set<Class<?>> seen = new HashSet<>();
        Set<UnaryFunction> unary = EnumSet.noneOf(UnaryFunction.class);
        Set<BinaryFunction> binary = EnumSet.noneOf(BinaryFunction.class);
        for (OpCase row : CASES) {
            for (Op op : OpCatalog.operations(row.graph())) {
                seen.add(op.getClass());
                if (op instanceof Op.Unary(UnaryFunction function)) {
                    unary.add(function);
                }
                if (op instanceof Op.Binary(BinaryFunction function)) {
                    binary.add(function);
                }
            }
        }
        assertTrue(seen.containsAll(expected), () -> "missing among " + seen);
        Set<UnaryFunction> allUnary = EnumSet.complementOf(
                EnumSet.of(UnaryFunction.NOT, UnaryFunction.IS_FINITE, UnaryFunction.STOP_GRADIENT));
        assertTrue(unary.containsAll(allUnary), () -> "missing among " + unary);
        Set<BinaryFunction> allBinary =
                EnumSet.complementOf(EnumSet.of(BinaryFunction.AND, BinaryFunction.OR, BinaryFunction.XOR));
        assertTrue(binary.containsAll(allBinary), () -> "missing among " + binary);
    }

    @Test
    void aWrongGradientIsFound() {
        NDArray x = NDArray.ofDoubles(Shape.of(3), 0.5, -1, 2);
        // The gradient of x² is given as 2x but for a factor of 1.0001.
        GradientCheck.Report report = GradientCheck.check("almost square", in -> wrongSquare(in, 2.0002), List.of(x));
        assertEquals(2 + 2 * 3, report.comparisons());
        assertTrue(report.faults().stream().anyMatch(fault -> fault.order() == 1 && fault.input() < 0),
                report::toString);
        GradientCheck.Fault element = report.faults().stream()
                .filter(fault -> fault.order() == 1 && fault.index().equals(List.of(2)))
                .findFirst()
                .orElseThrow();
        assertEquals(0, element.input());
        assertEquals(1.0001, element.gradient() / element.quotient(), 1e-7);
        assertTrue(report.toString().startsWith("almost square: 8 comparisons"), report::toString);
        passes(GradientCheck.check("square", in -> wrongSquare(in, 2), List.of(x)));
    }

    private static List<Tensor> wrongSquare(List<Tensor> in, double factor) {
        return Composites.custom(
                "square",
                in,
                x -> List.of(x.getFirst().square()),
                (values, g) -> List.of(Optional.of(g.getFirst().mul(values.operands().getFirst()).mul(factor))));
    }

    @Test
    void checksNeedFloat64() {
        NDArray narrow = NDArray.of(Shape.of(1), 1);
        GraphException e =
                assertThrows(GraphException.class, () -> GradientCheck.check("f", in -> in, List.of(narrow)));
        assertEquals("f: gradients are checked in float64, input 0 is f32[1]", e.getMessage());
        assertThrows(
                GraphException.class,
                () -> GradientCheck.check("f", in -> in, List.of(NDArray.ofInts(Shape.of(1), 1))));
    }
}
