package io.tandem.cpu.onednn;

/**
 * A copy into another layout or type. Arguments: {@link Argument#SRC}, {@link Argument#DST}.
 *
 * @param src what is copied
 * @param dst sizes of src, another layout or type
 */
public record Reorder(MemoryDescriptor src, MemoryDescriptor dst) implements Operation {
    /** Checks sizes and that both layouts are known. */
    public Reorder {
        if (!src.sameDims(dst.dims()) || src.isAny() || dst.isAny()) {
            throw new IllegalArgumentException(
                    "reorder: " + src + " -> " + dst + ": sizes must be equal and both layouts known");
        }
    }
}
