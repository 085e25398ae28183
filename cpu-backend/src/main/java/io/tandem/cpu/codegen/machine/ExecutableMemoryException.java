package io.tandem.cpu.codegen.machine;

/** The system gives this process no memory for machine code. */
public final class ExecutableMemoryException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ExecutableMemoryException(String message) {
        super(message);
    }
}
