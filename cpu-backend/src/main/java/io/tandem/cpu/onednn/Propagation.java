package io.tandem.cpu.onednn;

/** What a forward primitive is for. */
public enum Propagation {
    /** Training: what the backward primitive needs is kept in a workspace. */
    TRAINING(64),
    /** Inference alone. */
    INFERENCE(96);

    private final int code;

    Propagation(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }
}
