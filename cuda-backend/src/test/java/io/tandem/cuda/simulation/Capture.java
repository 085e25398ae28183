package io.tandem.cuda.simulation;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Work that is being recorded: of the stream where the capture began and of those that joined it through events. */
final class Capture {

    private final SimulatedStream origin;
    private final List<Operation.Work> operations = new ArrayList<>();
    private final Set<SimulatedStream> unjoined = new HashSet<>();
    private boolean broken;

    Capture(SimulatedStream origin) {
        this.origin = origin;
    }

    SimulatedStream origin() {
        return origin;
    }

    void add(SimulatedStream stream, Operation.Work work) {
        operations.add(work);
        if (stream != origin) {
            unjoined.add(stream);
        }
    }

    /** A stream waits for an event of this capture: it belongs to the capture from now on. */
    void join(SimulatedStream waiting, SimulatedStream recorded) {
        if (waiting == origin) {
            unjoined.remove(recorded);
        } else {
            unjoined.add(waiting);
        }
    }

    Set<SimulatedStream> unjoined() {
        return unjoined;
    }

    void invalidate() {
        broken = true;
    }

    boolean isBroken() {
        return broken;
    }

    List<Operation.Work> operations() {
        return List.copyOf(operations);
    }
}
