package io.tandem.samples.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * How many processors were busy, told by Linux; empty on other systems.
 *
 * @param own processor seconds of this process
 * @param all processor seconds of everything, other guests of the machine included
 * @param seconds the clock
 */
record Load(OptionalDouble own, OptionalDouble all, double seconds) {
    private static final double TICKS = 100;

    static Load now() {
        double clock = System.nanoTime() * 1e-9;
        Path stat = Path.of("/proc/stat");
        if (!Files.isReadable(stat)) {
            return new Load(OptionalDouble.empty(), OptionalDouble.empty(), clock);
        }
        try {
            String self = Files.readString(Path.of("/proc/self/stat"));
            String[] fields = self.substring(self.lastIndexOf(')') + 2).split(" ");
            double own = (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS;
            String[] machine = Files.readAllLines(stat).getFirst().trim().split("\\s+");
            double all = 0;
            // user, nice, system, irq, softirq, steal
            for (int field : new int[] {1, 2, 3, 6, 7, 8}) {
                all += Long.parseLong(machine[field]) / TICKS;
            }
            return new Load(OptionalDouble.of(own), OptionalDouble.of(all), clock);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Processors that this process kept busy since an earlier look. */
    double ownSince(Load earlier) {
        return own.isEmpty() ? Double.NaN
                : (own.getAsDouble() - earlier.own.getAsDouble()) / (seconds - earlier.seconds);
    }

    /** Processors that others kept busy since an earlier look; 0 where that is not known. */
    double othersSince(Load earlier) {
        if (all.isEmpty()) {
            return 0;
        }
        double busy = (all.getAsDouble() - earlier.all.getAsDouble()) / (seconds - earlier.seconds);
        return Math.max(0, busy - ownSince(earlier));
    }

    /** The most memory that this process ever had resident, in MB. */
    static OptionalLong peakMegabytes() {
        Path status = Path.of("/proc/self/status");
        if (!Files.isReadable(status)) {
            return OptionalLong.empty();
        }
        try {
            return Files.readAllLines(status).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                    .findFirst();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
