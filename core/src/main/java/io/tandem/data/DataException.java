package io.tandem.data;

/** A data file cannot be used. The message names the file, the position in it, what is wrong and what to do. */
public class DataException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** With a message for the user. */
    public DataException(String message) {
        super(message);
    }

    /** With a message for the user and the reason. */
    public DataException(String message, Throwable cause) {
        super(message, cause);
    }
}
