package io.tandem.cuda.driver;

import java.util.Objects;

/**
 * A call into the CUDA driver, NVRTC, cuBLAS or cuDNN that failed, or a CUDA component that cannot be used.
 *
 * <p>The message names the call, the status code, the code's name and its meaning:
 * {@code cuMemAlloc(4096 bytes): CUDA_ERROR_OUT_OF_MEMORY (2): out of memory}.
 */
public final class CudaException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Code of a failure that did not come from a CUDA library: a missing library, a refused argument. */
    public static final int NO_CODE = -1;

    /** The driver's code for exhausted device memory, {@code CUDA_ERROR_OUT_OF_MEMORY}. */
    public static final int OUT_OF_MEMORY = 2;

    private final String call;
    private final int code;
    private final String codeName;
    private final String meaning;

    /**
     * Describes a failed call.
     *
     * @param call     the call, with the arguments that matter
     * @param code     the status that the library returned
     * @param codeName the status' name in the library, for example {@code CUDA_ERROR_INVALID_VALUE}
     * @param meaning  one sentence saying what the status means here
     */
    public CudaException(String call, int code, String codeName, String meaning) {
        super(message(call, code, codeName, meaning));
        this.call = Objects.requireNonNull(call, "call");
        this.code = code;
        this.codeName = Objects.requireNonNull(codeName, "codeName");
        this.meaning = Objects.requireNonNull(meaning, "meaning");
    }

    /**
     * Describes a failure without a status code, for example a library that does not load.
     *
     * @param call    what was tried
     * @param meaning why it failed and what to do about it
     * @param cause   the underlying failure, or {@code null}
     */
    public CudaException(String call, String meaning, Throwable cause) {
        super(call + ": " + meaning, cause);
        this.call = Objects.requireNonNull(call, "call");
        this.code = NO_CODE;
        this.codeName = "";
        this.meaning = Objects.requireNonNull(meaning, "meaning");
    }

    private static String message(String call, int code, String codeName, String meaning) {
        String suffix = meaning.isEmpty() ? "" : ": " + meaning;
        return call + ": " + codeName + " (" + code + ")" + suffix;
    }

    /** The call that failed. */
    public String call() {
        return call;
    }

    /** The library's status code, {@link #NO_CODE} where no library returned one. */
    public int code() {
        return code;
    }

    /** The status code's name in the library, empty without a code. */
    public String codeName() {
        return codeName;
    }

    /** What the failure means. */
    public String meaning() {
        return meaning;
    }

    /** Whether cuDNN does not support a combination of arguments: nothing was started, and the device is well. */
    public boolean isUnsupported() {
        return codeName.startsWith("CUDNN_STATUS_NOT_SUPPORTED");
    }

    /** Whether device memory was exhausted. */
    public boolean isOutOfMemory() {
        return code == OUT_OF_MEMORY && codeName.equals("CUDA_ERROR_OUT_OF_MEMORY");
    }
}
