package io.tandem.io;

import java.lang.management.ManagementFactory;

/** How much memory a piece of work asks for. */
final class Allocation {
    private Allocation() {}

    /** The bytes of all objects that the current thread makes in an action, also of those that are garbage at once. */
    static long of(Runnable action) {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        action.run();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }
}
