package io.tandem.cuda.lib;

/**
 * Device memory lent to a library for one call, or for as long as the call's Javadoc says.
 *
 * @param address device address, a multiple of 256; 0 for none
 * @param bytes   size
 */
public record Workspace(long address, long bytes) {

    /** No memory. */
    public static final Workspace NONE = new Workspace(0, 0);

    /** Refuses a size without an address. */
    public Workspace {
        if (bytes < 0 || bytes > 0 && address == 0) {
            throw new IllegalArgumentException("workspace of " + bytes + " bytes at address " + address);
        }
    }
}
