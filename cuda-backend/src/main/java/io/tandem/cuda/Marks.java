package io.tandem.cuda;

import io.tandem.cuda.driver.CudaEvent;
import io.tandem.cuda.driver.CudaStream;
import io.tandem.cuda.driver.Driver;
import java.util.ArrayList;
import java.util.List;

/** Numbered points in the work of a stream. Events are used again: an old mark's event has moved to a later point. */
final class Marks implements AutoCloseable {
    private static final int EVENTS = 1024;

    private final Driver driver;
    private final CudaStream stream;
    private final List<CudaEvent> events = new ArrayList<>();
    private long next;

    Marks(Driver driver, CudaStream stream) {
        this.driver = driver;
        this.stream = stream;
    }

    /** Marks the end of the work so far. */
    long set() {
        int place = (int) (next % EVENTS);
        if (place == events.size()) {
            events.add(driver.openEvent(false));
        }
        stream.record(events.get(place));
        return next++;
    }

    /** An event at a mark or behind it. */
    CudaEvent event(long mark) {
        if (mark < 0 || mark >= next) {
            throw new IllegalArgumentException("there is no mark " + mark + " among " + next);
        }
        return events.get((int) (mark % EVENTS));
    }

    @Override
    public void close() {
        events.forEach(CudaEvent::close);
    }
}
