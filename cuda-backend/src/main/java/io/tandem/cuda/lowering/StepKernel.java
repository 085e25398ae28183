package io.tandem.cuda.lowering;

/** What runs a step: launches and library calls on the device's stream, at the addresses that its places have then. */
interface StepKernel {

    /** Asks the device for the work; does not wait. */
    void issue();

    /** What runs, for profiles. */
    String label();

    /** Bytes of the device's scratch memory that it uses while it runs. */
    default long scratchBytes() {
        return 0;
    }

    /** The number of launches and calls, where it is known before. */
    default int launches() {
        return 1;
    }
}
