package io.tandem.cpu.onednn;

/** What a call of oneDNN reports. */
public enum Status {
    /** It worked. */
    SUCCESS("success"),
    /** There is not enough memory. */
    OUT_OF_MEMORY("out of memory"),
    /** The arguments contradict each other or the call's rules. */
    INVALID_ARGUMENTS("invalid arguments"),
    /** The arguments make sense, but no implementation takes them. */
    UNIMPLEMENTED("no implementation takes these arguments"),
    /** There is no further implementation. */
    LAST_IMPLEMENTATION_REACHED("no further implementation"),
    /** A primitive or the engine failed while it ran. */
    RUNTIME_ERROR("runtime error"),
    /** A query does not apply. */
    NOT_REQUIRED("the queried element is not required"),
    /** A graph is invalid. */
    INVALID_GRAPH("invalid graph"),
    /** An operation of a graph is invalid. */
    INVALID_GRAPH_OPERATION("invalid operation in a graph"),
    /** A shape is invalid. */
    INVALID_SHAPE("invalid shape"),
    /** A data type is invalid. */
    INVALID_DATA_TYPE("invalid data type"),
    /** A code that this version of Tandem does not know. */
    UNKNOWN("unknown status");

    private final String text;

    Status(String text) {
        this.text = text;
    }

    /** The status in words. */
    public String text() {
        return text;
    }

    static Status of(int code) {
        return code >= 0 && code < UNKNOWN.ordinal() ? values()[code] : UNKNOWN;
    }
}
