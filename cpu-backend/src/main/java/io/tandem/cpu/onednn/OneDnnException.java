package io.tandem.cpu.onednn;

/** A call of oneDNN that did not succeed. The message names the call, the status and the arguments. */
public final class OneDnnException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final Status status;

    OneDnnException(String call, int code, String arguments) {
        super(message(call, code, arguments));
        this.call = call;
        this.status = Status.of(code);
    }

    OneDnnException(String call, String arguments, Throwable cause) {
        super(call + " cannot be called: " + arguments, cause);
        this.call = call;
        this.status = Status.UNKNOWN;
    }

    /** The C function. */
    public String call() {
        return call;
    }

    /** What it reported. */
    public Status status() {
        return status;
    }

    private static String message(String call, int code, String arguments) {
        return call + ": " + Status.of(code).text() + " (status " + code + "): " + arguments;
    }
}
