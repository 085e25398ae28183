package io.tandem.samples.tutorial;

import io.tandem.autodiff.Grad;
import io.tandem.backend.CompiledFunction;
import io.tandem.backend.Device;
import io.tandem.graph.Tensor;
import io.tandem.models.playground.PointSet;
import io.tandem.models.playground.Points;
import io.tandem.nn.Losses;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.List;

/** Logistic regression, written out: a record of parameters, a loss, and steps down its gradient. */
final class Chapter03LogisticRegression {
    private Chapter03LogisticRegression() {}

    // tag: model
    /** The parameters: weights [2, 1] and a bias [1]. */
    record Line(Tensor weights, Tensor bias) {
        /** From points [N, 2] to logits [N, 1]. */
        Tensor logits(Tensor x) {
            return x.matmul(weights).add(bias);
        }

        /** The line after a step down the gradient. */
        Line minus(Line gradient, double rate) {
            return new Line(
                    weights.sub(gradient.weights().mul(rate)), bias.sub(gradient.bias().mul(rate)));
        }
    }
    // end

    // tag: step
    /** From points, targets and parameters to the next parameters and the loss. */
    static List<Tensor> step(List<Tensor> in) {
        Line line = new Line(in.get(2), in.get(3));
        Grad.ValueAndGrad<Line> loss = Grad.valueAndGradOf(
                (Line l) -> Losses.binaryCrossEntropyFromLogits().of(l.logits(in.get(0)), in.get(1)))
                .apply(line);
        Line next = line.minus(loss.gradient(), 0.5);
        return List.of(next.weights(), next.bias(), loss.value());
    }
    // end

    /** 1 for points of one class, 0 for those of the other, [N, 1]. */
    private static NDArray targets(Points points) {
        return NDArray.generate(TensorType.f32(points.size(), 1), i -> points.labels().getDouble(i) > 0 ? 1 : 0);
    }

    /** The share of targets on the right side of the line. */
    private static Tensor accuracy(List<Tensor> in) {
        Tensor answers = new Line(in.get(2), in.get(3)).logits(in.get(0)).gt(0);
        return answers.eq(in.get(1).gt(0.5)).cast(DType.F32).mean();
    }

    static void main() {
        // tag: train
        Points points = PointSet.GAUSSIANS.draw(200, 0.1, 1);
        Points fresh = PointSet.GAUSSIANS.draw(200, 0.1, 2);
        try (Device device = Device.best();
                CompiledFunction step = CompiledFunction.of(device, Chapter03LogisticRegression::step);
                CompiledFunction accuracy = CompiledFunction.of(device, in -> List.of(accuracy(in)))) {
            NDArray weights = NDArray.zeros(TensorType.f32(2, 1));
            NDArray bias = NDArray.zeros(TensorType.f32(1));
            for (int i = 0; i < 100; i++) {
                List<NDArray> results = step.run(points.x(), targets(points), weights, bias);
                weights = results.get(0);
                bias = results.get(1);
                if (i == 0 || i == 99) {
                    System.out.println("loss of step " + i + ": " + results.get(2).item());
                }
            }
            System.out.println("accuracy: " + accuracy.apply(fresh.x(), targets(fresh), weights, bias).item());
        }
        // end
    }
}
