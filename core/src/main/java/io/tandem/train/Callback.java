package io.tandem.train;

/** Is told what happens during training; changes nothing but through what it returns. */
public interface Callback {
    /** Whether training goes on. */
    enum Verdict {
        /** It does. */
        CONTINUE,
        /** It ends after this epoch. */
        STOP
    }

    /** An epoch begins, with this number of batches. */
    default void epochStarted(int epoch, int batches) {}

    /** A step has been asked for; reading its loss waits for the device. */
    default void stepDone(int epoch, int batch, int samples, StepResult result) {}

    /** An epoch has ended. */
    default Verdict epochEnded(Epoch epoch) {
        return Verdict.CONTINUE;
    }
}
