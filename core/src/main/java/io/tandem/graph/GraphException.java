package io.tandem.graph;

/**
 * A graph cannot be built or is not valid; the message names the operation, the shapes, the rule, and where it was asked
 * for.
 */
public final class GraphException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /** An exception with the whole message. */
    public GraphException(String message) {
        super(message);
    }
}
