package io.tandem.cuda.driver;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** Compiled device code, as a {@link KernelCompiler} makes and {@link Driver#load} takes it. Immutable. */
public final class ModuleImage {

    /** The form of the code. */
    public enum Format {
        /** Text for a virtual architecture, compiled further by the driver. */
        PTX,
        /** Binary code for one real architecture. */
        CUBIN,
        /** Code for the host that stands in for a device. */
        HOST
    }

    private final String name;
    private final Format format;
    private final byte[] bytes;

    /**
     * Wraps code.
     *
     * @param name   what to call the module in messages
     * @param format the code's form
     * @param bytes  the code; PTX without a terminating zero
     */
    public ModuleImage(String name, Format format, byte[] bytes) {
        this.name = Objects.requireNonNull(name, "name");
        this.format = Objects.requireNonNull(format, "format");
        this.bytes = bytes.clone();
    }

    /** The module's name in messages. */
    public String name() {
        return name;
    }

    /** The code's form. */
    public Format format() {
        return format;
    }

    /** The code, a read-only view. */
    public ByteBuffer bytes() {
        return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    }

    /** Size of the code in bytes. */
    public int byteSize() {
        return bytes.length;
    }

    /** The code as text, for PTX. */
    public String text() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return name + " (" + format + ", " + bytes.length + " bytes)";
    }
}
