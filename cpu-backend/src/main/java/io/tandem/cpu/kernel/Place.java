package io.tandem.cpu.kernel;

import io.tandem.compile.Plan;
import io.tandem.tensor.TensorType;

/**
 * Where an operand or result of one step lies in native memory. Its address changes only between runs, and kernels are
 * told by {@link StepKernel#bind}.
 */
public final class Place {
    private final TensorType type;
    private final Plan.Layout layout;
    private final long offset;
    private long address;

    /**
     * A place that has no address yet.
     *
     * @param type element type and shape of what is there
     * @param layout arrangement of the elements
     * @param offset in bytes from the start of the value that it is a view of
     */
    public Place(TensorType type, Plan.Layout layout, long offset) {
        this.type = type;
        this.layout = layout;
        this.offset = offset;
    }

    /** Element type and shape. */
    public TensorType type() {
        return type;
    }

    /** The arrangement of the elements. */
    public Plan.Layout layout() {
        return layout;
    }

    /** The address of the first byte. */
    public long address() {
        return address;
    }

    /** Puts the place into the value that starts at the given address. */
    public void moveTo(long value) {
        address = value + offset;
    }
}
