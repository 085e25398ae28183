package io.tandem.cpu.kernel;

/** Reads indices, clamps them to the axis, and reports those that were outside. */
final class Indices {
    private final String op;
    private final int axis;
    private final int size;
    private final Place from;
    private final Faults faults;
    private final int[] places;

    Indices(String op, int axis, int size, Place from, Faults faults) {
        this.op = op;
        this.axis = axis;
        this.size = size;
        this.from = from;
        this.faults = faults;
        this.places = new int[Math.toIntExact(from.type().shape().size())];
    }

    /** The indices of this run; the array is used again by the next. */
    int[] read() {
        int bytes = from.type().dtype().bytes();
        for (int i = 0; i < places.length; i++) {
            long index = NativeMemory.getLong(from.type().dtype(), from.address() + (long) i * bytes);
            int place = (int) Math.clamp(index, 0L, size - 1L);
            places[i] = place;
            if (place != index && !faults.any()) {
                faults.report(("%s: index %d (number %d of %d) is outside of axis %d, whose size is %d;"
                        + " %d was used instead")
                        .formatted(op, index, i, places.length, axis, size, place));
            }
        }
        return places;
    }
}
