package io.tandem.cpu.onednn;

/** Layouts of filters [O, C, height, width] in blocks of 16 times 16: [O / 16, C / 16, height, width, 16, 16]. */
public enum FilterTag {
    /** The 16 results are innermost: OIhw16i16o. */
    RESULTS_INNERMOST(79),
    /** The 16 inputs are innermost: OIhw16o16i. */
    INPUTS_INNERMOST(75);

    private final int code;

    FilterTag(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }
}
