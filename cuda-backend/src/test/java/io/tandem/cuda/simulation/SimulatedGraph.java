package io.tandem.cuda.simulation;

import io.tandem.cuda.driver.CudaGraph;
import io.tandem.cuda.driver.CudaStream;
import java.util.List;

/** Captured operations, run again with the arguments that they were captured with. */
final class SimulatedGraph implements CudaGraph {

    private final List<Operation.Work> operations;
    private boolean closed;

    SimulatedGraph(List<Operation.Work> operations) {
        this.operations = operations;
    }

    @Override
    public void launch(CudaStream stream) {
        if (closed) {
            throw DriverErrors.invalidHandle("cuGraphLaunch", "the graph is closed");
        }
        ((SimulatedStream) stream).issue("cuGraphLaunch", () -> operations.forEach(o -> o.action()
                .run()));
    }

    @Override
    public int size() {
        return operations.size();
    }

    /** Names of the captured calls, in order. */
    List<String> calls() {
        return operations.stream().map(Operation.Work::name).toList();
    }

    @Override
    public void close() {
        closed = true;
    }
}
