package io.tandem.nn;

import io.tandem.graph.Tensor;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The parameters of one direction of one recurrent layer, laid out as PyTorch's: the rows of all gates below each
 * other.
 *
 * @param inputWeight [gates units, inputs]
 * @param recurrentWeight [gates units, units]
 * @param inputBias [gates units], if there are biases
 * @param recurrentBias [gates units], if there are biases
 */
public record RecurrentWeights(
        Param inputWeight, Param recurrentWeight, Optional<Param> inputBias, Optional<Param> recurrentBias) {

    /** The values of {@link RecurrentWeights} in a trace; biases that are missing are zeros. */
    record Values(Tensor inputWeight, Tensor recurrentWeight, Tensor inputBias, Tensor recurrentBias) {}

    /**
     * Parameters for all layers and directions: weights uniform within 1 / sqrt(units), biases zero but for the given
     * part.
     *
     * @param options of the layer
     * @param inputBias initial value of the input bias
     */
    static List<RecurrentWeights> make(RecurrentOptions options, Initializer inputBias) {
        double limit = 1 / Math.sqrt(options.units());
        List<RecurrentWeights> weights = new ArrayList<>();
        for (int i = 0; i < options.layers() * options.directions(); i++) {
            weights.add(new RecurrentWeights(
                    Param.of(Initializers.uniform(-limit, limit)),
                    Param.of(Initializers.uniform(-limit, limit)),
                    options.bias() ? Optional.of(Param.of(inputBias)) : Optional.empty(),
                    options.bias() ? Optional.of(Param.of(Initializers.zeros())) : Optional.empty()));
        }
        return List.copyOf(weights);
    }

    /** New parameters for all layers and directions, which start as those of {@code first} do. */
    static List<RecurrentWeights> like(RecurrentOptions options, RecurrentWeights first) {
        return Stream.generate(() -> new RecurrentWeights(
                first.inputWeight.fresh(),
                first.recurrentWeight.fresh(),
                options.bias() ? first.inputBias.map(Param::fresh) : Optional.empty(),
                options.bias() ? first.recurrentBias.map(Param::fresh) : Optional.empty()))
                .limit((long) options.layers() * options.directions())
                .toList();
    }

    /** These parameters, new, with other initial weights. */
    RecurrentWeights with(Initializer inputs, Initializer recurrent) {
        return new RecurrentWeights(Param.of(inputs), Param.of(recurrent), inputBias, recurrentBias);
    }

    Values values(Trace trace, int gates, int inputs, int units) {
        Shape rows = Shape.of(gates * units);
        return new Values(
                trace.param(inputWeight, Shape.of(gates * units, inputs)),
                trace.param(recurrentWeight, Shape.of(gates * units, units)),
                bias(trace, inputBias, rows),
                bias(trace, recurrentBias, rows));
    }

    private static Tensor bias(Trace trace, Optional<Param> bias, Shape shape) {
        return bias.map(b -> trace.param(b, shape))
                .orElseGet(() -> trace.graph().zeros(new TensorType(trace.dtype(), shape)));
    }
}
