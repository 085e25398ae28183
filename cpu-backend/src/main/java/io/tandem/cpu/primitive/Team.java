package io.tandem.cpu.primitive;

import io.tandem.cpu.codegen.Parallel;
import java.util.function.Supplier;

/** The threads of a device, which either work on one primitive together, or each on primitives of its own. */
public interface Team extends Parallel {
    /** The number of threads. */
    int threads();

    /** Makes primitives that each run on one thread, so that the team's threads can run different ones. */
    <T> T alone(Supplier<T> make);
}
