package io.tandem.cuda.simulation;

/** One piece of work in a stream or a captured graph. */
sealed interface Operation {

    /** What the driver was asked for, in words. */
    String name();

    /**
     * Work on memory.
     *
     * @param name   the call
     * @param action what it does; may run many times in a graph
     */
    record Work(String name, Runnable action) implements Operation {}

    /**
     * Marks a point of a stream.
     *
     * @param event  the event
     * @param ticket which recording of it
     */
    record Record(SimulatedEvent event, long ticket) implements Operation {
        @Override
        public String name() {
            return "cuEventRecord";
        }
    }

    /**
     * Waits for a point of another stream.
     *
     * @param event  the event
     * @param ticket which recording of it
     */
    record Wait(SimulatedEvent event, long ticket) implements Operation {
        @Override
        public String name() {
            return "cuStreamWaitEvent";
        }
    }
}
