package io.tandem.cuda.driver;

import java.util.Objects;
import java.util.Optional;

/**
 * What was found of one part of CUDA, as a diagnosis prints it.
 *
 * @param component name of the part, for example {@code cuDNN}
 * @param location  where it was found
 * @param version   its version, where it could be asked
 * @param needed    what is needed
 * @param fix       the one thing to do, if the part is missing or unusable
 */
public record ComponentReport(
        String component, Optional<String> location, Optional<String> version, String needed, Optional<String> fix) {

    /** Refuses missing values. */
    public ComponentReport {
        Objects.requireNonNull(component, "component");
        Objects.requireNonNull(location, "location");
        Objects.requireNonNull(version, "version");
        Objects.requireNonNull(needed, "needed");
        Objects.requireNonNull(fix, "fix");
    }

    /** Whether the part can be used. */
    public boolean isUsable() {
        return fix.isEmpty();
    }

    @Override
    public String toString() {
        StringBuilder line = new StringBuilder(component).append(": ");
        line.append(location.map(where -> "found " + where).orElse("not found"));
        version.ifPresent(v -> line.append(", version ").append(v));
        line.append("; needed: ").append(needed);
        fix.ifPresent(what -> line.append("; fix: ").append(what));
        return line.toString();
    }
}
