package io.tandem.nn;

import io.tandem.graph.Tensor;
import java.util.List;

/** A model with any number of inputs and outputs, as a rule a record of layers. */
@FunctionalInterface
public interface Network {
    /** Adds the model's computation to the graph of the inputs. */
    List<Tensor> forward(List<Tensor> inputs);
}
