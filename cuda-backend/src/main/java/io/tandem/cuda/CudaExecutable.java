package io.tandem.cuda;

import io.tandem.backend.Buffer;
import io.tandem.backend.DeviceException;
import io.tandem.backend.Executable;
import io.tandem.compile.Plan;
import io.tandem.cuda.driver.CudaEvent;
import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaGraph;
import io.tandem.cuda.lowering.CompiledPlan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A plan on a GPU. The first run issues its launches one by one, since libraries may still allocate then. Later runs
 * are captured into a CUDA graph, one per set of addresses, and replayed.
 */
final class CudaExecutable implements Executable {
    private static final Logger log = LoggerFactory.getLogger(CudaExecutable.class);

    /** Graphs that are kept, for callers that alternate between buffers. */
    private static final int MAX_GRAPHS = 8;

    private final CudaDevice device;
    private final CompiledPlan compiled;
    private final LinkedHashMap<Addresses, CudaGraph> graphs = new LinkedHashMap<>(16, 0.75f, true);
    private boolean warm;
    private boolean capturing;
    private boolean closed;

    /** What a graph has been captured with. */
    private record Addresses(long workspace, List<Long> arguments) {}

    CudaExecutable(CudaDevice device, CompiledPlan compiled) {
        this.device = device;
        this.compiled = compiled;
        this.capturing = device.options().graphs();
    }

    @Override
    public Plan plan() {
        return compiled.plan();
    }

    @Override
    public long arenaBytes() {
        return compiled.workspaceBytes();
    }

    long constantBytes() {
        return compiled.constantBytes();
    }

    @Override
    public void run(List<Buffer> arguments) {
        Addresses addresses = locate(arguments);
        CudaDevice.checked(() -> run(addresses));
    }

    private void run(Addresses addresses) {
        if (!capturing || !warm || compiled.launches() < 2) {
            compiled.bind(addresses.workspace(), addresses.arguments());
            compiled.issue();
            warm = true;
            return;
        }
        CudaGraph known = graphs.get(addresses);
        Optional<CudaGraph> graph = known != null ? Optional.of(known) : capture(addresses);
        if (graph.isPresent()) {
            graph.get().launch(device.stream());
        } else {
            compiled.issue();
        }
    }

    /** The captured work, or nothing if it cannot be captured; then no other attempt is made. */
    private Optional<CudaGraph> capture(Addresses addresses) {
        compiled.bind(addresses.workspace(), addresses.arguments());
        try {
            CudaGraph graph = device.stream().capture(compiled::issue);
            graphs.put(addresses, graph);
            if (graphs.size() > MAX_GRAPHS) {
                device.stream().synchronize();
                graphs.pollFirstEntry().getValue().close();
            }
            return Optional.of(graph);
        } catch (CudaException | DeviceException e) {
            capturing = false;
            log.warn("the plan runs without a CUDA graph, since it could not be captured: {}", e.getMessage());
            return Optional.empty();
        }
    }

    private Addresses locate(List<Buffer> buffers) {
        device.requireOpen();
        if (closed) {
            throw new DeviceException("the executable was closed before this use");
        }
        List<Plan.Argument> expected = plan().arguments();
        if (buffers.size() != expected.size()) {
            throw new DeviceException("the plan has %d arguments %s, got %d buffers"
                    .formatted(
                            expected.size(),
                            expected.stream().map(Plan.Argument::name).toList(),
                            buffers.size()));
        }
        List<Long> addresses = new ArrayList<>();
        for (int i = 0; i < expected.size(); i++) {
            Plan.Argument argument = expected.get(i);
            addresses.add(device.address(buffers.get(i)));
            if (buffers.get(i).bytes() < argument.type().bytes()) {
                throw new DeviceException("argument '%s' of type %s needs %d bytes, its buffer has %d"
                        .formatted(
                                argument.name(),
                                argument.type(),
                                argument.type().bytes(),
                                buffers.get(i).bytes()));
            }
        }
        return new Addresses(device.workspace(compiled.workspaceBytes(), plan()), List.copyOf(addresses));
    }

    @Override
    public List<StepTime> profile(List<Buffer> arguments) {
        Addresses addresses = locate(arguments);
        return CudaDevice.checked(() -> {
            List<CudaEvent> events = new ArrayList<>();
            try {
                for (int i = 0; i <= plan().steps().size(); i++) {
                    events.add(device.driver().openEvent(true));
                }
                compiled.bind(addresses.workspace(), addresses.arguments());
                compiled.issue(step -> device.stream().record(events.get(step)));
                device.stream().synchronize();
                List<StepTime> times = new ArrayList<>();
                for (int i = 0; i < plan().steps().size(); i++) {
                    double seconds = events.get(i + 1).millisecondsSince(events.get(i)) * 1e-3;
                    times.add(new StepTime(plan().steps().get(i), compiled.label(i), seconds));
                }
                return times;
            } finally {
                events.forEach(CudaEvent::close);
            }
        });
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            CudaDevice.checked(() -> {
                if (!graphs.isEmpty()) {
                    device.stream().synchronize();
                    graphs.values().forEach(CudaGraph::close);
                    graphs.clear();
                }
                compiled.release(device.driver());
            });
            device.release(this);
        }
    }
}
