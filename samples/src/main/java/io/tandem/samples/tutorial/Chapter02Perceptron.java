package io.tandem.samples.tutorial;

import io.tandem.backend.Device;
import io.tandem.models.classic.LearningRule;
import io.tandem.models.classic.LogicNetworks;
import io.tandem.models.classic.Perceptron;
import io.tandem.nn.Model;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import java.util.Arrays;

/** A threshold unit that learns AND, cannot learn XOR, and two layers that compute it. */
final class Chapter02Perceptron {
    private Chapter02Perceptron() {}

    // tag: data
    static final NDArray INPUTS = NDArray.of(Shape.of(4, 2), 0, 0, 0, 1, 1, 0, 1, 1);
    static final NDArray AND = NDArray.of(Shape.of(4, 1), 0, 0, 0, 1);
    static final NDArray XOR = NDArray.of(Shape.of(4, 1), 0, 1, 1, 0);
    // end

    static void main() {
        try (Device device = Device.best()) {
            // tag: learn
            Perceptron unit = Perceptron.zeros(2, 1);
            Perceptron.Fit and = unit.fit(device, INPUTS, AND, LearningRule.perceptron(1), 100);
            System.out.println("AND, mistakes per pass: " + and.mistakes());
            Perceptron.Fit xor = unit.fit(device, INPUTS, XOR, LearningRule.perceptron(1), 100);
            System.out.println("XOR learned: " + xor.converged());
            // end
            // tag: two-layers
            Model model = Model.of(LogicNetworks.xor(), 2);
            try (State state = State.of(model, device, 1); Evaluation evaluation = new Evaluation(model, state)) {
                System.out.println("XOR of two layers: " + Arrays.toString(evaluation.predict(INPUTS).toFloats()));
            }
            // end
        }
    }
}
