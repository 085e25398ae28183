package io.tandem.io;

/** Says clearly that a file is too large, before memory is taken for it. */
final class Memory {
    private Memory() {}

    /** The bytes that a file's arrays may take: most of the heap. */
    static long limit() {
        return Runtime.getRuntime().maxMemory() / 4 * 3;
    }

    /**
     * Requires that so many bytes may be taken.
     *
     * @param name what the message calls the file
     * @throws FormatException otherwise
     */
    static void require(String name, long bytes) {
        require(name, bytes, limit());
    }

    /** As above, where only {@code left} bytes of the limit are left. */
    static void require(String name, long bytes, long left) {
        if (bytes > left) {
            throw new FormatException("%s needs %,d MB of memory, Java may use %,d MB; use a smaller file or raise -Xmx"
                    .formatted(name, bytes >> 20, Runtime.getRuntime().maxMemory() >> 20));
        }
    }
}
