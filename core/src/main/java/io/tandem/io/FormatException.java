package io.tandem.io;

/** A file does not follow its format, or holds what Tandem cannot represent; the message names file and fault. */
public final class FormatException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** An exception with the whole message. */
    public FormatException(String message) {
        super(message);
    }
}
