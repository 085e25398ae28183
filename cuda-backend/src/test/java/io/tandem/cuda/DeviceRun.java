package io.tandem.cuda;

import io.tandem.backend.Buffer;
import io.tandem.backend.Device;
import io.tandem.backend.Executable;
import io.tandem.compile.Compiler;
import io.tandem.compile.Plan;
import io.tandem.graph.Graph;
import io.tandem.tensor.NDArray;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A graph with buffers for its inputs and outputs on a device. */
final class DeviceRun implements AutoCloseable {
    private final Device device;
    private final Executable executable;
    private final List<Buffer> buffers = new ArrayList<>();

    DeviceRun(Device device, Graph graph, Map<String, NDArray> inputs) {
        this(device, new Compiler(device.lowering(), true).compile(graph, Map.of()), inputs);
    }

    DeviceRun(Device device, Plan plan, Map<String, NDArray> inputs) {
        this.device = device;
        this.executable = device.compile(plan);
        for (Plan.Argument argument : plan.arguments()) {
            Buffer buffer = device.allocate(argument.type().bytes());
            buffers.add(buffer);
            if (argument.role() != Plan.Role.OUTPUT) {
                device.write(buffer, 0, inputs.get(argument.name()).segment());
            }
        }
    }

    /** Runs once on a device and gives everything back. */
    static Map<String, NDArray> once(Device device, Graph graph, Map<String, NDArray> inputs) {
        try (DeviceRun run = new DeviceRun(device, graph, inputs)) {
            run.run();
            return run.outputs();
        }
    }

    Executable executable() {
        return executable;
    }

    List<Buffer> buffers() {
        return buffers;
    }

    void run() {
        executable.run(buffers);
    }

    /** The outputs, and what updated inputs have become. */
    Map<String, NDArray> outputs() {
        Map<String, NDArray> outputs = new LinkedHashMap<>();
        for (int i = 0; i < buffers.size(); i++) {
            Plan.Argument argument = executable.plan().arguments().get(i);
            if (argument.role() != Plan.Role.INPUT) {
                MemorySegment memory = NDArray.allocate(argument.type());
                device.read(buffers.get(i), 0, memory);
                outputs.put(argument.name(), NDArray.wrap(argument.type(), memory));
            }
        }
        return outputs;
    }

    @Override
    public void close() {
        executable.close();
        buffers.forEach(Buffer::close);
    }
}
