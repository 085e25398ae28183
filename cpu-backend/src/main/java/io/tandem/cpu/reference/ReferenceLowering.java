package io.tandem.cpu.reference;

import io.tandem.compile.Lowering;
import io.tandem.graph.Op;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.Optional;

/** No composite is native, so that the reference runs their definitions; epilogues are applied by definition too. */
enum ReferenceLowering implements Lowering {
    /** The one instance. */
    INSTANCE;

    @Override
    public boolean epilogue(Op op, List<TensorType> operands, boolean bias, Optional<UnaryFunction> activation) {
        return operands.getFirst().dtype().isFloating();
    }
}
