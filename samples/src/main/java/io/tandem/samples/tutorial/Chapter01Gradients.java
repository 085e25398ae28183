package io.tandem.samples.tutorial;

import io.tandem.autodiff.Grad;
import io.tandem.backend.CompiledFunction;
import io.tandem.backend.Device;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.Arrays;
import java.util.List;

/** Tensors, gradients, and gradient descent. */
final class Chapter01Gradients {
    private Chapter01Gradients() {}

    // tag: function
    /** The sum of the squares of all elements. */
    static Tensor squares(Tensor x) {
        return x.square().sum();
    }
    // end

    static void main() {
        try (Device device = Device.best()) {
            gradient(device);
            descent(device);
        }
    }

    private static void gradient(Device device) {
        // tag: gradient
        try (CompiledFunction f = CompiledFunction.of(device, in -> {
            Tensor x = in.getFirst();
            return List.of(squares(x), Grad.grad(Chapter01Gradients::squares).apply(x));
        })) {
            List<NDArray> results = f.run(NDArray.of(Shape.of(3), 1, 2, 3));
            System.out.println("value: " + results.get(0).item());
            System.out.println("gradient: " + Arrays.toString(results.get(1).toFloats()));
        }
        // end
    }

    private static void descent(Device device) {
        // tag: descent
        try (CompiledFunction step = CompiledFunction.of(device, in -> {
            Tensor slope = Grad.grad((Tensor w) -> w.sub(3).square()).apply(in.getFirst());
            return List.of(in.getFirst().sub(slope.mul(0.1)));
        })) {
            NDArray w = NDArray.scalar(DType.F32, 0);
            for (int i = 0; i < 50; i++) {
                w = step.apply(w);
            }
            System.out.println("minimum at: " + w.item());
        }
        // end
    }
}
