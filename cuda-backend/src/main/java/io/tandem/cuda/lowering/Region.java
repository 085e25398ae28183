package io.tandem.cuda.lowering;

/** A range of device memory whose address is known when a program is bound, and may change between runs. */
final class Region {
    private final long alignment;
    private long address;

    /**
     * A range without an address yet.
     *
     * @param alignment what its addresses will be multiples of, in bytes
     */
    Region(long alignment) {
        this.alignment = alignment;
    }

    void moveTo(long newAddress) {
        if (newAddress % alignment != 0) {
            throw new IllegalArgumentException(
                    "address 0x%x is no multiple of %d".formatted(newAddress, alignment));
        }
        address = newAddress;
    }

    long address() {
        return address;
    }

    long alignment() {
        return alignment;
    }
}
