package io.tandem.conformance;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * One row of the {@link OpCatalog}: a small graph with values for its inputs. The values are the same in each run.
 *
 * @param name unique in the catalog
 * @param inputs the inputs, named {@code x0}, {@code x1}, ... in the graph
 * @param build from the inputs to the outputs, named {@code y0}, {@code y1}, ...; it takes the floating types as they
 *     come
 * @param tolerance how far a backend may be from the reference
 * @param differentiable whether the values are away from kinks and poles, so that derivatives can be checked
 */
public record OpCase(
        String name,
        List<Draw> inputs,
        Function<List<Tensor>, List<Tensor>> build,
        Tolerance tolerance,
        boolean differentiable) {
    /** Copies the list. */
    public OpCase {
        inputs = List.copyOf(inputs);
    }

    /** A differentiable case whose result is exact. */
    public static OpCase of(String name, List<Draw> inputs, Function<List<Tensor>, List<Tensor>> build) {
        return new OpCase(name, inputs, build, Tolerance.EXACT, true);
    }

    /** A differentiable case with one output whose result is exact. */
    public static OpCase one(String name, List<Draw> inputs, Function<List<Tensor>, Tensor> build) {
        return of(name, inputs, in -> List.of(build.apply(in)));
    }

    /** This case with another tolerance. */
    public OpCase within(Tolerance other) {
        return new OpCase(name, inputs, build, other, differentiable);
    }

    /** This case without a check of derivatives. */
    public OpCase valuesOnly() {
        return new OpCase(name, inputs, build, tolerance, false);
    }

    /** This case with another name. */
    public OpCase named(String other) {
        return new OpCase(other, inputs, build, tolerance, differentiable);
    }

    /** This case with its float32 inputs in float64. */
    public OpCase inFloat64() {
        List<Draw> wide = inputs.stream()
                .map(draw -> draw.type().dtype() == DType.F32 ? draw.with(DType.F64) : draw)
                .toList();
        return new OpCase(name + "/f64", wide, build, tolerance, differentiable);
    }

    /** Whether an input is of float32. */
    public boolean hasFloat32Input() {
        return inputs.stream().anyMatch(draw -> draw.type().dtype() == DType.F32);
    }

    /** A new frozen graph of this case. */
    public Graph graph() {
        Graph graph = new Graph();
        List<Tensor> tensors = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            tensors.add(graph.input("x" + i, inputs.get(i).type()));
        }
        List<Tensor> outputs = build.apply(List.copyOf(tensors));
        for (int i = 0; i < outputs.size(); i++) {
            graph.output("y" + i, outputs.get(i));
        }
        return graph.freeze();
    }

    /** A frozen graph of the outputs, {@code y0...}, and gradients of a weighted sum of the floating ones, {@code g0...} */
    public Graph gradient() {
        Graph graph = new Graph();
        List<Tensor> tensors = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            tensors.add(graph.input("x" + i, inputs.get(i).type()));
        }
        List<Tensor> outputs = build.apply(List.copyOf(tensors));
        List<Tensor> floating =
                outputs.stream().filter(y -> y.dtype().isFloating()).toList();
        List<Tensor> wrt = tensors.stream().filter(x -> x.dtype().isFloating()).toList();
        SplittableRandom random = new SplittableRandom(name.hashCode());
        List<Tensor> cotangents = floating.stream()
                .map(y -> graph.constant(NDArray.generate(y.type(), i -> random.nextDouble(-1, 1))))
                .toList();
        for (int i = 0; i < outputs.size(); i++) {
            graph.output("y" + i, outputs.get(i));
        }
        List<Tensor> gradients = Gradients.gradients(floating, cotangents, wrt);
        for (int i = 0; i < gradients.size(); i++) {
            graph.output("g" + i, gradients.get(i));
        }
        return graph.freeze();
    }

    /** This case with the bodies of composites instead of the composites. */
    public OpCase inlined() {
        return new OpCase(name, inputs, Inlining.of(build), tolerance, differentiable);
    }

    /** The values of the inputs in order. */
    public List<NDArray> values() {
        List<NDArray> values = new ArrayList<>();
        // The name alone decides, without the ending for the type, so that float32 and float64 see nearly the same
        // values.
        long seed = name.replace("/f64", "").hashCode();
        for (int i = 0; i < inputs.size(); i++) {
            values.add(inputs.get(i).values(new SplittableRandom(seed * 1000 + i)));
        }
        return values;
    }

    /** The values of the inputs by name. */
    public Map<String, NDArray> bindings() {
        Map<String, NDArray> bindings = new LinkedHashMap<>();
        for (NDArray value : values()) {
            bindings.put("x" + bindings.size(), value);
        }
        return bindings;
    }

    /** The outputs by name, from the reference. */
    public Map<String, NDArray> expected() {
        return new Interpreter().run(graph(), bindings());
    }

    /** The differences between what the reference and another evaluation of this case yield, if too large. */
    public Optional<String> mismatch(Map<String, NDArray> expected, Map<String, NDArray> actual) {
        if (!expected.keySet().equals(actual.keySet())) {
            return Optional.of(name + ": expected outputs " + expected.keySet() + ", got " + actual.keySet());
        }
        String differences = expected.keySet().stream()
                .flatMap(output -> tolerance.mismatch(expected.get(output), actual.get(output)).stream()
                        .map(difference -> output + ": " + difference))
                .collect(Collectors.joining("; "));
        return differences.isEmpty() ? Optional.empty() : Optional.of(name + ": " + differences);
    }

    @Override
    public String toString() {
        return name;
    }
}
