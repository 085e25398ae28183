package io.tandem.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.CompositeKind;
import io.tandem.graph.Distribution;
import io.tandem.graph.Op;
import io.tandem.graph.Pooling;
import io.tandem.graph.Reduction;
import io.tandem.graph.UnaryFunction;
import io.tandem.graph.Verifier;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class OpCatalogTest {
    private static final List<OpCase> CASES = OpCatalog.cases();
    private static final Set<Op> OPERATIONS = CASES.stream()
            .flatMap(row -> OpCatalog.operations(row.graph()).stream())
            .collect(Collectors.toSet());

    @Test
    void everyOperationHasACase() {
        Set<Class<?>> seen = OPERATIONS.stream().map(Object::getClass).collect(Collectors.toSet());
        assertEquals(Set.of(Op.class.getPermittedSubclasses()), seen);
    }

    @Test
    void everyFunctionHasACase() {
        Set<Object> seen = new HashSet<>();
        for (Op op : OPERATIONS) {
            switch (op) {
                case Op.Unary(UnaryFunction function) -> seen.add(function);
                case Op.Binary(BinaryFunction function) -> seen.add(function);
                case Op.Compare(Comparison comparison) -> seen.add(comparison);
                case Op.Reduce reduce -> seen.add(reduce.reduction());
                case Op.Random random -> seen.add(random.distribution());
                case Op.Pool pool -> seen.add(pool.pooling());
                case Op.PoolGradient pool -> seen.add(Map.entry("gradient", pool.pooling()));
                case Op.Cast(DType dtype) -> seen.add(dtype);
                default -> {}
            }
        }
        assertTrue(seen.containsAll(List.of(UnaryFunction.values())), seen::toString);
        assertTrue(seen.containsAll(List.of(BinaryFunction.values())), seen::toString);
        assertTrue(seen.containsAll(List.of(Comparison.values())), seen::toString);
        assertTrue(seen.containsAll(List.of(Reduction.values())), seen::toString);
        assertTrue(seen.containsAll(List.of(Distribution.values())), seen::toString);
        assertTrue(seen.containsAll(List.of(Pooling.values())), seen::toString);
        assertTrue(seen.containsAll(List.of(DType.values())), seen::toString);
        for (Pooling pooling : Pooling.values()) {
            assertTrue(seen.contains(Map.entry("gradient", pooling)), pooling::name);
        }
    }

    @Test
    void everyCompositeAndItsGradientHasACase() {
        Set<Class<?>> seen = new HashSet<>();
        Set<Class<?>> differentiated = new HashSet<>();
        for (Op op : OPERATIONS) {
            if (op instanceof Op.Composite composite) {
                seen.add(composite.kind().getClass());
                if (composite.kind() instanceof CompositeKind.Gradient gradient) {
                    differentiated.add(gradient.of().getClass());
                }
            }
        }
        assertEquals(Set.of(CompositeKind.class.getPermittedSubclasses()), seen);
        // A custom function's gradient is not a composite, and gradients are inlined before they are differentiated
        // again.
        seen.removeAll(Set.of(CompositeKind.Custom.class, CompositeKind.Gradient.class));
        assertTrue(differentiated.containsAll(seen), () -> "no gradient of some of " + seen + " in " + differentiated);
    }

    @Test
    void namesAreUnique() {
        Set<String> names = new HashSet<>();
        for (OpCase row : CASES) {
            assertTrue(names.add(row.name()), row::name);
        }
    }

    @Test
    void graphsAreValidAndPrint() {
        for (OpCase row : CASES) {
            Verifier.verify(row.graph(), row.name());
            assertFalse(row.graph().toString().isEmpty());
            assertEquals(row.graph(), row.graph(), row::name);
        }
    }

    @Test
    void valuesAreEqualInEachRunAndFitTheirTypes() {
        for (OpCase row : CASES) {
            List<NDArray> values = row.values();
            assertEquals(values, row.values(), row::name);
            assertEquals(
                    row.inputs().stream().map(Draw::type).toList(),
                    values.stream().map(NDArray::type).toList(),
                    row::name);
        }
    }

    @Test
    void differentiableCasesAreFinite() {
        for (OpCase row : CASES) {
            if (row.differentiable()) {
                row.expected().forEach((output, value) -> {
                    for (double number : value.toDoubles()) {
                        assertTrue(Double.isFinite(number), () -> row + " " + output + " is " + value);
                    }
                });
            }
        }
    }

    @Test
    void float32AgreesWithFloat64() {
        for (OpCase wide : OpCatalog.inFloat64()) {
            OpCase narrow = CASES.stream()
                    .filter(row -> wide.name().equals(row.name() + "/f64"))
                    .findFirst()
                    .orElseThrow();
            // The same float32 numbers in both: what differs is the rounding of each step.
            Map<String, NDArray> exact = new Interpreter().run(wide.graph(), wide(narrow, wide));
            Map<String, NDArray> rounded = narrow.expected();
            OpCase comparison = narrow.within(
                    new Tolerance(narrow.tolerance().relative() + 1, narrow.tolerance().absolute()));
            exact.replaceAll((output, value) -> value.cast(rounded.get(output).dtype()));
            assertEquals(java.util.Optional.empty(), comparison.mismatch(exact, rounded));
        }
    }

    private static Map<String, NDArray> wide(OpCase narrow, OpCase wide) {
        Map<String, NDArray> values = narrow.bindings();
        values.replaceAll((input, value) -> value.cast(
                wide.inputs().get(Integer.parseInt(input.substring(1))).type().dtype()));
        return values;
    }

    @Test
    void outOfRangeCasesReportTheIndex() {
        for (OpCase row : OpCatalog.outOfRange()) {
            Interpreter interpreter = new Interpreter();
            interpreter.run(row.graph(), row.bindings());
            String message = interpreter.indexError().orElseThrow();
            assertTrue(message.contains("whose size is 7"), message);
            assertTrue(message.startsWith(row.name().substring(0, row.name().indexOf('/'))), message);
        }
    }

    @Test
    void toleranceTellsNumbersApart() {
        NDArray one = NDArray.of(Shape.of(2), 1, Float.NaN);
        assertTrue(Tolerance.EXACT.mismatch(one, NDArray.of(Shape.of(2), 1, Float.NaN)).isEmpty());
        assertTrue(Tolerance.EXACT.mismatch(one, NDArray.of(Shape.of(2), Math.nextUp(1f), Float.NaN)).isPresent());
        assertTrue(Tolerance.ARITHMETIC.mismatch(one, NDArray.of(Shape.of(2), Math.nextUp(1f), Float.NaN)).isEmpty());
        assertTrue(Tolerance.FUNCTION.mismatch(one, NDArray.of(Shape.of(2), 1.00001f, Float.NaN)).isPresent());
        assertTrue(Tolerance.FUNCTION.mismatch(one, NDArray.of(Shape.of(2), 1, 0)).isPresent());
        assertTrue(Tolerance.FUNCTION.mismatch(one, NDArray.of(Shape.of(1, 2), 1, Float.NaN)).isPresent());
        assertTrue(Tolerance.FUNCTION.mismatch(
                NDArray.full(TensorType.f32(1), Float.POSITIVE_INFINITY), NDArray.full(TensorType.f32(1), 1e38))
                .isPresent());
        assertTrue(Tolerance.sum(10).mismatch(NDArray.scalar(DType.F32, 0), NDArray.scalar(DType.F32, 1e-6)).isEmpty());
        assertTrue(Tolerance.sum(10).mismatch(NDArray.scalar(DType.F32, 0), NDArray.scalar(DType.F32, 1e-5))
                .isPresent());
    }
}
