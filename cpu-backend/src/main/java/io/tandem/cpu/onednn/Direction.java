package io.tandem.cpu.onednn;

/** In which order a recurrent layer walks its sequence. Outputs stand at the positions of their inputs either way. */
public enum Direction {
    /** From the first step to the last. */
    FORWARD(1),
    /** From the last step to the first. */
    REVERSE(2);

    private final int code;

    Direction(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }
}
