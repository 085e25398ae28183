package io.tandem.oracle;

/** A case uses something that this test does not know. */
final class NotCovered extends RuntimeException {
    private static final long serialVersionUID = 1;

    NotCovered(String what) {
        super(what);
    }
}
