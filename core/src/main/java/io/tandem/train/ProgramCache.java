package io.tandem.train;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Programs by batch size. Usually there are two, one for whole batches and one for the last; where a caller brings ever new
 * sizes, the program that was not used for the longest time is given back.
 */
final class ProgramCache implements AutoCloseable {
    /** The most programs that are kept. */
    static final int CAPACITY = 8;

    private static final Logger log = LoggerFactory.getLogger(ProgramCache.class);

    private final Map<Integer, Program> programs = new LinkedHashMap<>(16, 0.75f, true);

    /** The program for a batch size, compiled if it is not there. */
    Program get(int batch, IntFunction<Program> compile) {
        Program known = programs.get(batch);
        if (known != null) {
            return known;
        }
        Program fresh = compile.apply(batch);
        if (programs.size() >= CAPACITY) {
            Iterator<Map.Entry<Integer, Program>> oldest = programs.entrySet().iterator();
            Map.Entry<Integer, Program> entry = oldest.next();
            log.info(
                    "{} batch sizes are in use: the program for {} samples makes room for that for {}; batches of few"
                            + " different sizes save compiling",
                    CAPACITY + 1,
                    entry.getKey(),
                    batch);
            oldest.remove();
            entry.getValue().close();
        }
        programs.put(batch, fresh);
        return fresh;
    }

    /**
     * The program for a batch size that has been run.
     *
     * @throws IllegalStateException if it has not
     */
    Program require(int batch) {
        Program known = programs.get(batch);
        if (known == null) {
            throw new IllegalStateException("no batch of %d samples has been run; those that have: %s"
                    .formatted(batch, programs.keySet()));
        }
        return known;
    }

    /** Bytes of intermediate values, for the largest program. */
    long arenaBytes() {
        return programs.values().stream().mapToLong(Program::arenaBytes).max().orElse(0);
    }

    @Override
    public void close() {
        programs.values().forEach(Program::close);
        programs.clear();
    }
}
