package io.tandem.cpu.kernel;

import io.tandem.graph.Op;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.List;

/** Runs an operation by its definition in the reference: for rare cases, where being correct is enough. */
public final class DefinitionKernel implements StepKernel {
    private final Op op;
    private final List<Place> operands;
    private final List<Place> results;
    private final List<TensorType> types;
    private final Interpreter interpreter = new Interpreter();
    private final Faults faults;

    /** A kernel for any operation. */
    public DefinitionKernel(Op op, List<Place> operands, List<Place> results, Faults faults) {
        this.op = op;
        this.operands = List.copyOf(operands);
        this.results = List.copyOf(results);
        this.types = results.stream().map(Place::type).toList();
        this.faults = faults;
    }

    @Override
    public void run() {
        List<NDArray> values = operands.stream()
                .map(p -> NDArray.wrap(p.type(), NativeMemory.at(p)))
                .toList();
        List<NDArray> outcome = interpreter.apply(op, values, types);
        for (int i = 0; i < results.size(); i++) {
            NativeMemory.at(results.get(i)).copyFrom(outcome.get(i).segment());
        }
        interpreter.indexError().ifPresent(faults::report);
        interpreter.clearIndexError();
    }

    @Override
    public String label() {
        return "reference";
    }
}
