package io.tandem.models.classic;

import io.tandem.backend.CompiledFunction;
import io.tandem.backend.Device;
import io.tandem.graph.Composites;
import io.tandem.graph.ScanStep;
import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Initializers;
import io.tandem.nn.Sequential;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;

/**
 * Threshold units side by side (McCulloch and Pitts, 1943; Rosenblatt, 1958): step(x Wᵀ + b). It learns sample by sample, in
 * the order of the data, by a {@link LearningRule}; one pass over the data is one loop in one program on the device. An
 * object is a value: learning gives another one.
 *
 * @param weights [units, inputs], floating
 * @param bias [units], of the weights' type
 * @param step what makes outputs of sums: {@link Activation#heaviside}, {@link Activation#sign} or
 *     {@link Activation#bipolarStep}
 */
public record Perceptron(NDArray weights, NDArray bias, Activation step) {
    /** Checks the shapes. */
    public Perceptron {
        TensorType type = weights.type();
        if (type.shape().rank() != 2
                || !type.dtype().isFloating()
                || !bias.type().equals(TensorType.of(type.dtype(), type.shape().dim(0)))) {
            throw new IllegalArgumentException(
                    "a perceptron has floating weights [units, inputs] and a bias [units], got "
                            + type + " and " + bias.type());
        }
        levels(step);
    }

    /** Units with the Heaviside step whose weights and biases are zero. */
    public static Perceptron zeros(int inputs, int units) {
        return new Perceptron(
                NDArray.zeros(TensorType.f32(units, inputs)),
                NDArray.zeros(TensorType.f32(units)),
                Activation.heaviside());
    }

    /** These units with another step function. */
    public Perceptron withStep(Activation other) {
        return new Perceptron(weights, bias, other);
    }

    /** The same as layers of a model, with these weights as initial ones. */
    public Sequential layers() {
        return Sequential.of(
                Dense.of(weights.shape().dim(0))
                        .withWeights(Initializers.of(weights))
                        .withBias(Initializers.of(bias)),
                step);
    }

    /**
     * The outputs for some samples.
     *
     * @param x [N, inputs]
     * @return [N, units]
     */
    public NDArray predict(Device device, NDArray x) {
        requireInputs(x);
        try (CompiledFunction f = CompiledFunction.of(
                device, in -> List.of(step.forward(in.get(0).matmul(in.get(1), false, true).add(in.get(2)))))) {
            return f.apply(x.cast(dtype()), weights, bias);
        }
    }

    /**
     * What learning gave.
     *
     * @param model the units afterwards
     * @param mistakes for each pass the number of samples that were answered wrongly in it, before they changed anything
     * @param converged whether the last pass had no mistake; then no further pass would change anything
     */
    public record Fit(Perceptron model, List<Integer> mistakes, boolean converged) {
        /** Copies the list. */
        public Fit {
            mistakes = List.copyOf(mistakes);
        }
    }

    /**
     * Learns until a pass over the data has no mistake.
     *
     * @param device where it learns
     * @param x samples in the order in which they are met, [N, inputs]
     * @param targets what the units should yield, [N, units]
     * @param rule how weights change
     * @param maxPasses the most passes over the data, at least 1
     */
    public Fit fit(Device device, NDArray x, NDArray targets, LearningRule rule, int maxPasses) {
        requireInputs(x);
        int samples = x.shape().dim(0);
        if (samples < 1 || !targets.shape().equals(bias.shape().insert(0, samples))) {
            throw new IllegalArgumentException(
                    "a perceptron with %d units needs at least one sample and targets [%d, %d]"
                            .formatted(units(), samples, units()) + ", got " + targets.type());
        }
        if (maxPasses < 1) {
            throw new IllegalArgumentException("a perceptron needs at least 1 pass over the data, got " + maxPasses);
        }
        requireReachable(targets);
        NDArray inputs = x.cast(dtype());
        NDArray wanted = targets.cast(dtype());
        Perceptron model = this;
        List<Integer> mistakes = new ArrayList<>();
        boolean converged = false;
        try (CompiledFunction pass = CompiledFunction.of(device, in -> pass(in, rule))) {
            while (!converged && mistakes.size() < maxPasses) {
                List<NDArray> after = pass.run(model.weights, model.bias, inputs, wanted);
                model = new Perceptron(after.get(0), after.get(1), step);
                mistakes.add((int) after.get(2).item());
                converged = mistakes.getLast() == 0;
            }
        }
        return new Fit(model, mistakes, converged);
    }

    /** One pass: weights and bias afterwards, and the number of mistakes. */
    private List<Tensor> pass(List<Tensor> in, LearningRule rule) {
        Tensor none = in.getFirst().graph().constant(DType.I32, 0);
        return Composites.scan(
                in.get(2).dim(0),
                false,
                List.of(in.get(0), in.get(1), none),
                List.of(in.get(2), in.get(3)),
                List.of(),
                s -> {
                    Tensor x = s.scanned(0);
                    Tensor target = s.scanned(1);
                    Tensor sums = s.carry(0).mul(x.expandDims(0)).sum(1).add(s.carry(1));
                    Tensor output = step.forward(sums);
                    Tensor wrong = output.ne(target).cast(DType.I32).max();
                    return new ScanStep.Next(
                            List.of(
                                    s.carry(0).add(rule.weightChange(x, output, target)),
                                    s.carry(1).add(rule.signal(output, target)),
                                    s.carry(2).add(wrong)),
                            List.of());
                });
    }

    /** The values that a step function takes. */
    private static List<Double> levels(Activation step) {
        if (step instanceof Activation.Heaviside) {
            return List.of(0.0, 1.0);
        }
        if (step instanceof Activation.BipolarStep) {
            return List.of(-1.0, 1.0);
        }
        if (step instanceof Activation.Sign) {
            return List.of(-1.0, 0.0, 1.0);
        }
        throw new IllegalArgumentException(
                "the step of a perceptron is heaviside, sign or bipolarStep, got " + step);
    }

    private void requireReachable(NDArray targets) {
        List<Double> levels = levels(step);
        for (long i = 0; i < targets.shape().size(); i++) {
            double target = targets.getDouble(i);
            if (!levels.contains(target)) {
                throw new IllegalArgumentException(
                        "perceptron: the target of sample %d, unit %d is %s, but units yield %s"
                                .formatted(i / units(), i % units(), target, levels));
            }
        }
    }

    private void requireInputs(NDArray x) {
        if (x.shape().rank() != 2 || x.shape().dim(1) != weights.shape().dim(1)) {
            throw new IllegalArgumentException(
                    "a perceptron with " + weights.shape().dim(1) + " inputs needs samples [N, "
                            + weights.shape().dim(1) + "], got " + x.type());
        }
    }

    private int units() {
        return bias.shape().dim(0);
    }

    private DType dtype() {
        return weights.dtype();
    }
}
