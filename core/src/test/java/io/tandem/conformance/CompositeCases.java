package io.tandem.conformance;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Composites;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Composites, and their gradients as backends see them. */
final class CompositeCases {
    private static final Tolerance COMPOSED = new Tolerance(64, 16);

    private CompositeCases() {}

    static List<OpCase> cases() {
        List<OpCase> forward = new ArrayList<>();
        softmax(forward);
        normalization(forward);
        attention(forward);
        recurrent(forward);
        forward.add(OpCase.one(
                "composite/custom", List.of(Draw.f32(7, 3)), in -> cube(in.get(0)))
                .within(new Tolerance(16, 4)));
        // Most models use one result alone, and there are shorter rules for the gradient then.
        for (OpCase row : List.copyOf(forward)) {
            int results = row.graph().outputs().size();
            for (int i = 0; results > 1 && i < results; i++) {
                int chosen = i;
                forward.add(new OpCase(
                        row.name() + ", result " + i + " alone",
                        row.inputs(),
                        in -> List.of(row.build().apply(in).get(chosen)),
                        row.tolerance(),
                        row.differentiable()));
            }
        }
        List<OpCase> cases = new ArrayList<>(forward);
        for (OpCase row : forward) {
            if (row.differentiable()) {
                cases.add(gradient(row));
            }
        }
        cases.addAll(partialGradients());
        return cases;
    }

    /** x³ by way of a function that brings its own gradient. */
    static Tensor cube(Tensor x) {
        return Composites.custom(
                "cube",
                List.of(x),
                in -> List.of(in.get(0).mul(in.get(0)).mul(in.get(0))),
                (values, cotangents) -> {
                    Tensor at = values.operands().getFirst();
                    return List.of(Optional.of(cotangents.getFirst().mul(at).mul(at).mul(3)));
                })
                .getFirst();
    }

    private static void softmax(List<OpCase> cases) {
        int[][] shapes = {{1}, {7}, {3, 13}, {5, 100}, {2, 1000}, {2, 3, 17}, {33, 1}};
        for (int[] shape : shapes) {
            String name = Arrays.toString(shape);
            cases.add(OpCase.one("softmax/" + name, List.of(Draw.uniform(-4, 4, shape)), in -> in.get(0)
                    .softmax(-1))
                    .within(COMPOSED));
            cases.add(OpCase.one("log-softmax/" + name, List.of(Draw.uniform(-4, 4, shape)), in -> in.get(0)
                    .logSoftmax(-1))
                    .within(COMPOSED));
        }
        for (int axis = 0; axis < 2; axis++) {
            int along = axis;
            cases.add(OpCase.one("softmax/axis " + axis, List.of(Draw.uniform(-4, 4, 3, 5, 7)), in -> in.get(0)
                    .softmax(along))
                    .within(COMPOSED));
            cases.add(OpCase.one("log-softmax/axis " + axis, List.of(Draw.uniform(-4, 4, 3, 5, 7)), in -> in.get(0)
                    .logSoftmax(along))
                    .within(COMPOSED));
        }
        cases.add(OpCase.one("softmax/large logits", List.of(Draw.uniform(-1000, 1000, 5, 13)), in -> in.get(0)
                .softmax(1))
                .within(new Tolerance(1000, 1000))
                .valuesOnly());
        for (DType labels : List.of(DType.I32, DType.I64)) {
            cases.add(OpCase.of(
                    "cross-entropy/" + ElementwiseCases.lower(labels),
                    List.of(Draw.uniform(-4, 4, 13, 7), Draw.integers(labels, 0, 7, 13)),
                    in -> allResults(Composites.crossEntropy(in.get(0), in.get(1))))
                    .within(COMPOSED));
        }
        cases.add(OpCase.one(
                "cross-entropy/mean loss",
                List.of(Draw.uniform(-4, 4, 33, 10), Draw.integers(DType.I32, 0, 10, 33)),
                in -> Composites.crossEntropy(in.get(0), in.get(1)).mean())
                .within(COMPOSED));
        cases.add(OpCase.of(
                "cross-entropy/labels outside the classes",
                List.of(Draw.f32(4, 3), Draw.exactly(NDArray.ofInts(Shape.of(4), 0, 3, -1, 2))),
                in -> allResults(Composites.crossEntropy(in.get(0), in.get(1))))
                .within(COMPOSED)
                .valuesOnly());
        for (boolean tanhForm : new boolean[] {false, true}) {
            cases.add(OpCase.one(
                    "gelu/" + (tanhForm ? "tanh form" : "exact"),
                    List.of(Draw.uniform(-4, 4, 7, 33)),
                    in -> Composites.gelu(in.get(0), tanhForm))
                    .within(COMPOSED));
        }
    }

    private static void normalization(List<OpCase> cases) {
        int[][] shapes = {{5, 13}, {2, 3, 33}, {1, 7}, {4, 100}};
        for (int[] shape : shapes) {
            int last = shape[shape.length - 1];
            cases.add(OpCase.of(
                    "layer-norm/" + Arrays.toString(shape),
                    List.of(Draw.f32(shape), Draw.uniform(0.5, 1.5, last), Draw.f32(last)),
                    in -> Composites.layerNorm(in.get(0), in.get(1), in.get(2), 1e-5))
                    .within(COMPOSED));
        }
        cases.add(OpCase.of(
                "layer-norm/two axes",
                List.of(Draw.f32(3, 5, 7), Draw.uniform(0.5, 1.5, 5, 7), Draw.f32(5, 7)),
                in -> Composites.layerNorm(in.get(0), in.get(1), in.get(2), 1e-3))
                .within(COMPOSED));
        cases.add(OpCase.of(
                "layer-norm/all axes",
                List.of(Draw.f32(13), Draw.uniform(0.5, 1.5, 13), Draw.f32(13)),
                in -> Composites.layerNorm(in.get(0), in.get(1), in.get(2), 1e-3))
                .within(COMPOSED));
        int[][] images = {{7, 3}, {5, 3, 7}, {2, 5, 3, 4}, {3, 2, 2, 3, 2}, {3, 33, 5, 5}};
        for (int[] shape : images) {
            int channels = shape[1];
            cases.add(OpCase.of(
                    "batch-norm/training " + Arrays.toString(shape),
                    List.of(Draw.f32(shape), Draw.uniform(0.5, 1.5, channels), Draw.f32(channels)),
                    in -> Composites.batchNormTraining(in.get(0), in.get(1), in.get(2), 1e-3))
                    .within(COMPOSED));
            cases.add(OpCase.one(
                    "batch-norm/inference " + Arrays.toString(shape),
                    List.of(
                            Draw.f32(shape),
                            Draw.uniform(0.5, 1.5, channels),
                            Draw.f32(channels),
                            Draw.f32(channels),
                            Draw.uniform(0.5, 2, channels)),
                    in -> Composites.batchNormInference(
                            in.get(0), in.get(1), in.get(2), in.get(3), in.get(4), 1e-3))
                    .within(COMPOSED));
        }
    }

    private static void attention(List<OpCase> cases) {
        int[][] batches = {{}, {3}, {2, 3}};
        for (int[] batch : batches) {
            for (boolean causal : new boolean[] {false, true}) {
                for (boolean masked : new boolean[] {false, true}) {
                    List<Draw> inputs = new ArrayList<>(List.of(
                            Draw.f32(with(batch, 7, 5)), Draw.f32(with(batch, 7, 5)), Draw.f32(with(batch, 7, 3))));
                    if (masked) {
                        inputs.add(Draw.mask(with(batch, 7, 7)));
                    }
                    cases.add(attention(
                            "attention/batch %s%s%s"
                                    .formatted(Arrays.toString(batch), causal ? ", causal" : "",
                                            masked ? ", masked" : ""),
                            causal,
                            inputs));
                }
            }
        }
        cases.add(attention(
                "attention/cross", false, List.of(Draw.f32(2, 3, 4), Draw.f32(2, 13, 4), Draw.f32(2, 13, 4))));
        cases.add(attention(
                "attention/one mask for all",
                false,
                List.of(Draw.f32(2, 3, 4), Draw.f32(2, 5, 4), Draw.f32(2, 5, 4), Draw.mask(3, 5))));
        cases.add(attention(
                "attention/longer", true, List.of(Draw.f32(2, 33, 16), Draw.f32(2, 33, 16), Draw.f32(2, 33, 16))));
    }

    private static OpCase attention(String name, boolean causal, List<Draw> inputs) {
        double scale = 1 / Math.sqrt(inputs.get(0).type().shape().dim(-1));
        return OpCase.one(
                name,
                inputs,
                in -> Composites.attention(
                        in.get(0),
                        in.get(1),
                        in.get(2),
                        in.size() > 3 ? Optional.of(in.get(3)) : Optional.empty(),
                        causal,
                        scale))
                .within(COMPOSED);
    }

    private static void recurrent(List<OpCase> cases) {
        int[][] sizes = {{1, 1, 1, 1}, {3, 2, 3, 5}, {5, 3, 7, 4}, {7, 1, 4, 3}};
        for (int[] size : sizes) {
            int length = size[0];
            int rows = size[1];
            int inputs = size[2];
            int hidden = size[3];
            for (boolean reverse : new boolean[] {false, true}) {
                String name = "%d steps, %d rows, %d to %d%s"
                        .formatted(length, rows, inputs, hidden, reverse ? ", reverse" : "");
                cases.add(OpCase.of(
                        "lstm/" + name,
                        List.of(
                                Draw.f32(length, rows, inputs),
                                Draw.f32(rows, hidden),
                                Draw.f32(rows, hidden),
                                Draw.f32(4 * hidden, inputs),
                                Draw.f32(4 * hidden, hidden),
                                Draw.f32(4 * hidden)),
                        in -> Composites.lstm(
                                in.get(0), in.get(1), in.get(2), in.get(3), in.get(4), in.get(5), reverse))
                        .within(new Tolerance(64, 64)));
                cases.add(OpCase.of(
                        "gru/" + name,
                        List.of(
                                Draw.f32(length, rows, inputs),
                                Draw.f32(rows, hidden),
                                Draw.f32(3 * hidden, inputs),
                                Draw.f32(3 * hidden, hidden),
                                Draw.f32(3 * hidden),
                                Draw.f32(3 * hidden)),
                        in -> Composites.gru(
                                in.get(0), in.get(1), in.get(2), in.get(3), in.get(4), in.get(5), reverse))
                        .within(new Tolerance(64, 64)));
            }
        }
        for (boolean reverse : new boolean[] {false, true}) {
            cases.add(OpCase.of(
                    // Enough rows for backends that divide them among threads, of unequal numbers.
                    "lstm/many rows" + (reverse ? ", reversed" : ""),
                    List.of(
                            Draw.f32(3, 37, 4),
                            Draw.f32(37, 5),
                            Draw.f32(37, 5),
                            Draw.f32(20, 4),
                            Draw.f32(20, 5),
                            Draw.f32(20)),
                    in -> Composites.lstm(
                            in.get(0), in.get(1), in.get(2), in.get(3), in.get(4), in.get(5), reverse))
                    .within(new Tolerance(64, 64)));
        }
        cases.add(OpCase.one(
                "lstm/two layers, last state",
                List.of(
                        Draw.f32(4, 2, 3),
                        Draw.f32(2, 5),
                        Draw.f32(20, 3),
                        Draw.f32(20, 5),
                        Draw.f32(20, 5),
                        Draw.f32(20)),
                in -> {
                    Tensor first = Composites.lstm(
                            in.get(0), in.get(1), in.get(1), in.get(2), in.get(3), in.get(5), false)
                            .getFirst();
                    return Composites.lstm(first, in.get(1), in.get(1), in.get(4), in.get(3), in.get(5), false)
                            .get(1);
                })
                .within(new Tolerance(64, 64)));
    }

    /** Results and gradients of a case: its inputs and one cotangent per floating result. */
    static OpCase gradient(OpCase row) {
        List<TensorType> results =
                row.graph().outputTensors().stream().map(Tensor::type).toList();
        List<Draw> inputs = new ArrayList<>(row.inputs());
        results.stream().filter(type -> type.dtype().isFloating()).forEach(type -> inputs.add(
                Draw.uniform(type, -1, 1)));
        int count = row.inputs().size();
        return OpCase.of("gradient of " + row.name(), inputs, in -> {
            List<Tensor> operands = in.subList(0, count);
            List<Tensor> outputs = row.build().apply(operands).stream()
                    .filter(y -> y.dtype().isFloating())
                    .toList();
            List<Tensor> all = new ArrayList<>(outputs);
            all.addAll(Gradients.gradients(
                    outputs,
                    in.subList(count, in.size()),
                    operands.stream().filter(x -> x.dtype().isFloating()).toList()));
            return all;
        })
                .within(new Tolerance(256, 512));
    }

    /** Gradients with some cotangents or some operands only. */
    private static List<OpCase> partialGradients() {
        Draw x = Draw.f32(3, 5, 4);
        Draw channels = Draw.uniform(0.5, 1.5, 5);
        Draw features = Draw.uniform(0.5, 1.5, 4);
        List<Draw> lstm = List.of(
                Draw.f32(3, 2, 4), Draw.f32(2, 5), Draw.f32(2, 5), Draw.f32(20, 4), Draw.f32(20, 5), Draw.f32(20));
        return List.of(
                OpCase.of("gradient of batch-norm/first result, x alone", List.of(x, channels, channels), in -> wrt(
                        Composites.batchNormTraining(in.get(0), in.get(1), in.get(2), 1e-3).subList(0, 1),
                        in.subList(0, 1)))
                        .within(new Tolerance(256, 512)),
                OpCase.of("gradient of batch-norm/first result, parameters alone", List.of(x, channels, channels),
                        in -> wrt(
                                Composites.batchNormTraining(in.get(0), in.get(1), in.get(2), 1e-3).subList(0, 1),
                                in.subList(1, 3)))
                        .within(new Tolerance(256, 512)),
                OpCase.of("gradient of batch-norm/variance", List.of(x, channels, channels), in -> wrt(
                        Composites.batchNormTraining(in.get(0), in.get(1), in.get(2), 1e-3).subList(2, 3),
                        in.subList(0, 1)))
                        .within(new Tolerance(256, 512)),
                OpCase.of("gradient of layer-norm/first result", List.of(x, features, features), in -> wrt(
                        Composites.layerNorm(in.get(0), in.get(1), in.get(2), 1e-3).subList(0, 1), in))
                        .within(new Tolerance(256, 512)),
                OpCase.of("gradient of cross-entropy/first result", List.of(
                        Draw.f32(5, 7), Draw.integers(DType.I32, 0, 7, 5)),
                        in -> wrt(
                                List.of(Composites.crossEntropy(in.get(0), in.get(1))), in.subList(0, 1)))
                        .within(new Tolerance(256, 512)),
                OpCase.of("gradient of lstm/all h", lstm, in -> wrt(
                        Composites.lstm(in.get(0), in.get(1), in.get(2), in.get(3), in.get(4), in.get(5), false)
                                .subList(0, 1),
                        in))
                        .within(new Tolerance(256, 512)),
                OpCase.of("gradient of lstm/last h, weights alone", lstm, in -> wrt(
                        Composites.lstm(in.get(0), in.get(1), in.get(2), in.get(3), in.get(4), in.get(5), true)
                                .subList(1, 2),
                        in.subList(3, 6)))
                        .within(new Tolerance(256, 512)));
    }

    private static List<Tensor> wrt(List<Tensor> outputs, List<Tensor> operands) {
        List<Tensor> cotangents = outputs.stream().map(y -> y.mul(0.5).add(0.25)).toList();
        return Gradients.gradients(outputs, cotangents, operands);
    }

    private static List<Tensor> allResults(Tensor first) {
        return first.node().results();
    }

    private static int[] with(int[] batch, int... rest) {
        return Shape.of(batch).concat(Shape.of(rest)).toArray();
    }
}
