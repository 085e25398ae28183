package io.tandem.nn;

import io.tandem.graph.Tensor;
import io.tandem.tensor.Shape;
import java.util.List;

/**
 * One step of a recurrent network of the user's own, as a rule a record of parameters; {@link Recurrence} runs it over
 * sequences. A step is traced once, into the body of a loop, where no parameters can be asked for: {@link #parameters}
 * asks for them before.
 */
public interface RecurrentCell {
    /**
     * What one step yields.
     *
     * @param output [N, ...]
     * @param states the next states, of the shapes of those before
     */
    record Step(Tensor output, List<Tensor> states) {}

    /**
     * The shapes of the states of one sequence, without batch axis.
     *
     * @param input shape of one step's input, without batch axis
     */
    List<Shape> states(Shape input);

    /**
     * The values of the parameters, or whatever is computed from them before the loop.
     *
     * @param trace to ask for them
     * @param input shape of one step's input, without batch axis
     */
    List<Tensor> parameters(Trace trace, Shape input);

    /**
     * One step.
     *
     * @param x the step's input [N, ...]
     * @param states the states before, [N, ...] each
     * @param parameters what {@link #parameters} gave
     */
    Step step(Tensor x, List<Tensor> states, List<Tensor> parameters);
}
