package io.tandem.cpu.codegen.machine;

import java.util.ArrayList;
import java.util.List;

/** A position in code, which may be used before it is known. */
public final class Label {
    /** A place that holds a distance to the label: of four bytes, counted from {@code end}. */
    record Use(int at, int end) {}

    final List<Use> uses = new ArrayList<>();
    private int position = -1;

    boolean isPlaced() {
        return position >= 0;
    }

    int position() {
        if (position < 0) {
            throw new IllegalStateException("a label was used but never placed");
        }
        return position;
    }

    void place(int position) {
        if (isPlaced()) {
            throw new IllegalStateException("a label was placed twice");
        }
        this.position = position;
    }
}
