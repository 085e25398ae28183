package io.tandem.cuda.driver;

import java.util.Comparator;

/**
 * A compute capability, for example 8.0 (Ampere).
 *
 * @param major major number
 * @param minor minor number, one digit
 */
public record Architecture(int major, int minor) implements Comparable<Architecture> {

    /** Checks the range of both numbers. */
    public Architecture {
        if (major < 1 || minor < 0 || minor > 9) {
            throw new IllegalArgumentException("compute capability " + major + "." + minor + " does not exist");
        }
    }

    /**
     * From the number that tools use, {@code major * 10 + minor}.
     *
     * @param number for example 80
     */
    public static Architecture ofNumber(int number) {
        return new Architecture(number / 10, number % 10);
    }

    /** {@code major * 10 + minor}. */
    public int number() {
        return major * 10 + minor;
    }

    /** The real architecture's name, whose compilation gives a cubin: {@code sm_80}. */
    public String realName() {
        return "sm_" + number();
    }

    /** The virtual architecture's name, whose compilation gives PTX: {@code compute_80}. */
    public String virtualName() {
        return "compute_" + number();
    }

    @Override
    public int compareTo(Architecture other) {
        return Comparator.comparingInt(Architecture::number).compare(this, other);
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
