package io.tandem.cuda.simulation;

import io.tandem.cuda.driver.CudaException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;

/**
 * The memory of a simulated device: native memory of the host in which every byte has a state.
 *
 * <p>Fresh memory holds NaN bits and counts as undefined until it is written. Each allocation lies between guard zones,
 * whose pattern is checked. Addresses of freed memory are not used again before the address space is exhausted, so that
 * uses after free are seen. Library stand-ins and copies check ranges here; kernels check each access themselves.
 */
final class SimulatedMemory implements AutoCloseable {

    /** State of a byte outside of any allocation. */
    static final byte UNALLOCATED = 0;

    /** State of an allocated byte that nobody wrote. */
    static final byte UNDEFINED = 1;

    /** State of a written byte. */
    static final byte DEFINED = 2;

    private static final byte POISON = (byte) 0xFF;
    private static final byte GUARD = (byte) 0xA5;
    private static final long GUARD_BYTES = 256;
    private static final long ALIGNMENT = 256;
    private static final long ADDRESS_SPACE = 16L << 30;
    private static final long DISCARD_FROM = 64 << 10;
    private static final MemorySegment ALL_DEFINED = pattern(DEFINED, 1 << 16);
    private static final MemorySegment ALL_GUARD = pattern(GUARD, (int) GUARD_BYTES);

    private final long capacity;
    private final HostMemory bytes;
    private final HostMemory states;
    private final long base;
    private final TreeMap<Long, Long> live = new TreeMap<>();
    private final TreeMap<Long, Long> freed = new TreeMap<>();
    private final Deque<Long> freedOrder = new ArrayDeque<>();
    private long used;
    private long next;

    SimulatedMemory(long capacity) {
        this(capacity, Math.max(ADDRESS_SPACE, 2 * capacity));
    }

    SimulatedMemory(long capacity, long space) {
        this.capacity = capacity;
        bytes = new HostMemory(space);
        states = new HostMemory(space);
        base = bytes.segment().address();
        next = base + ALIGNMENT;
    }

    private static MemorySegment pattern(byte value, int size) {
        byte[] array = new byte[size];
        Arrays.fill(array, value);
        return MemorySegment.ofArray(array);
    }

    long base() {
        return base;
    }

    long size() {
        return bytes.segment().byteSize();
    }

    MemorySegment states() {
        return states.segment();
    }

    long free() {
        return capacity - used;
    }

    long capacity() {
        return capacity;
    }

    synchronized long allocate(long size) {
        if (size < 1) {
            throw DriverErrors.invalidValue("cuMemAlloc(" + size + " bytes)", "the size must be positive");
        }
        if (size > capacity - used) {
            throw DriverErrors.outOfMemory("cuMemAlloc(" + size + " bytes)");
        }
        long room = GUARD_BYTES + Math.ceilDiv(size, ALIGNMENT) * ALIGNMENT + GUARD_BYTES;
        long start = place(room);
        long address = start + GUARD_BYTES;
        live.put(address, size);
        used += size;
        slice(start, room).fill(GUARD);
        slice(address, size).fill(POISON);
        stateSlice(address, size).fill(UNDEFINED);
        return address;
    }

    /** A range that no live allocation uses; never used addresses first, then the ones that were freed longest ago. */
    private long place(long room) {
        if (next + room <= base + size()) {
            long start = next;
            next += room;
            return start;
        }
        for (long start : freedOrder) {
            if (freed.getOrDefault(start, 0L) >= room) {
                long rest = freed.remove(start) - room;
                freedOrder.remove(start);
                if (rest > 0) {
                    freed.put(start + room, rest);
                    freedOrder.addFirst(start + room);
                }
                return start;
            }
        }
        throw DriverErrors.outOfMemory("cuMemAlloc(" + room + " bytes, address space of the simulation)");
    }

    synchronized void free(long address) {
        Long size = live.get(address);
        if (size == null) {
            throw DriverErrors.invalidValue(
                    "cuMemFree(0x" + Long.toHexString(address) + ")", "not an allocation: " + locate(address));
        }
        checkGuards(address, size);
        live.remove(address);
        used -= size;
        long start = address - GUARD_BYTES;
        long room = GUARD_BYTES + Math.ceilDiv(size, ALIGNMENT) * ALIGNMENT + GUARD_BYTES;
        stateSlice(address, size).fill(UNALLOCATED);
        if (size >= DISCARD_FROM) {
            bytes.discard(start - base, room);
            states.discard(start - base, room);
        } else {
            slice(start, room).fill(POISON);
        }
        freed.put(start, room);
        freedOrder.addLast(start);
    }

    int liveAllocations() {
        return live.size();
    }

    synchronized void checkAllGuards() {
        live.forEach(this::checkGuards);
    }

    private void checkGuards(long address, long size) {
        long behind = address + Math.ceilDiv(size, ALIGNMENT) * ALIGNMENT;
        checkGuard(address, size, address - GUARD_BYTES, GUARD_BYTES);
        checkGuard(address, size, address + size, behind - address - size);
        checkGuard(address, size, behind, GUARD_BYTES);
    }

    private void checkGuard(long address, long size, long zone, long length) {
        long at = slice(zone, length).mismatch(ALL_GUARD.asSlice(0, length));
        if (at >= 0) {
            throw DriverErrors.fault(
                    "SIMULATED_GUARD_OVERWRITTEN",
                    "guard zones of 0x" + Long.toHexString(address) + " (" + size + " bytes)",
                    "something wrote to " + relation(zone + at, address, size));
        }
    }

    /** A range for reading; all of it must be allocated and written. */
    MemorySegment read(String call, String operand, long address, long size) {
        MemorySegment state = allocated(call, operand, "reads", address, size);
        long at = firstOther(state);
        if (at >= 0) {
            throw DriverErrors.fault(
                    "SIMULATED_UNDEFINED_READ",
                    call,
                    operand + " reads " + size + " bytes, of which byte " + at + " was never written: "
                            + locate(address + at));
        }
        return slice(address, size);
    }

    /** A range for writing, which counts as written from then on. */
    MemorySegment write(String call, String operand, long address, long size) {
        allocated(call, operand, "writes", address, size).fill(DEFINED);
        return slice(address, size);
    }

    /** Copies bytes with their states: copying undefined bytes is no error, using them is. */
    void copy(String call, long target, long source, long size) {
        if (size == 0) {
            return;
        }
        MemorySegment from = allocated(call, "source", "reads", source, size);
        MemorySegment to = allocated(call, "target", "writes", target, size);
        if (target < source + size && source < target + size) {
            throw DriverErrors.invalidValue(call, "the ranges overlap");
        }
        MemorySegment.copy(slice(source, size), 0, slice(target, size), 0, size);
        MemorySegment.copy(from, 0, to, 0, size);
    }

    void declareUndefined(String call, long address, long size) {
        if (size > 0) {
            allocated(call, "range", "covers", address, size).fill(UNDEFINED);
            slice(address, size).fill(POISON);
        }
    }

    /** The states of a range that must lie in one live allocation. */
    synchronized MemorySegment allocated(String call, String operand, String verb, long address, long size) {
        Map.Entry<Long, Long> owner = live.floorEntry(address);
        if (owner == null || size < 0 || address + size > owner.getKey() + owner.getValue()) {
            String where = address == 0 ? "the null pointer" : locate(address);
            throw DriverErrors.illegalAddress(call, operand + " " + verb + " " + size + " bytes at " + where);
        }
        return stateSlice(address, size);
    }

    private long firstOther(MemorySegment state) {
        long chunk = ALL_DEFINED.byteSize();
        for (long at = 0; at < state.byteSize(); at += chunk) {
            long length = Math.min(chunk, state.byteSize() - at);
            long other = MemorySegment.mismatch(state, at, at + length, ALL_DEFINED, 0, length);
            if (other >= 0) {
                return at + other;
            }
        }
        return -1;
    }

    private MemorySegment slice(long address, long size) {
        return bytes.segment().asSlice(address - base, size);
    }

    private MemorySegment stateSlice(long address, long size) {
        return states.segment().asSlice(address - base, size);
    }

    /** Says in words where an address lies. */
    synchronized String locate(long address) {
        String hex = "0x" + Long.toHexString(address);
        Map.Entry<Long, Long> below = live.floorEntry(address);
        Map.Entry<Long, Long> above = live.higherEntry(address);
        Map.Entry<Long, Long> gone = freed.floorEntry(address);
        if (gone != null && address < gone.getKey() + gone.getValue()) {
            return hex + ", in freed memory";
        }
        if (below != null
                && (above == null || address - below.getKey() - below.getValue() < above.getKey() - address)) {
            return hex + ", " + relation(address, below.getKey(), below.getValue());
        }
        if (above != null && above.getKey() - address <= 1 << 20) {
            return hex + ", " + relation(address, above.getKey(), above.getValue());
        }
        return hex + ", not device memory";
    }

    private static String relation(long address, long start, long size) {
        String block = " the allocation of " + size + " bytes at 0x" + Long.toHexString(start);
        if (address < start) {
            return (start - address) + " bytes before" + block;
        }
        if (address < start + size) {
            return "byte " + (address - start) + " of" + block;
        }
        return (address - start - size) + " bytes behind the end of" + block;
    }

    /** Whether a device byte is defined, for tests. */
    boolean isDefined(long address) {
        return stateSlice(address, 1).get(ValueLayout.JAVA_BYTE, 0) == DEFINED;
    }

    @Override
    public void close() {
        bytes.close();
        states.close();
    }

    /** Refuses a driver that is closed with memory still allocated. */
    void requireEmpty() throws CudaException {
        if (!live.isEmpty()) {
            throw DriverErrors.fault(
                    "SIMULATED_LEAK",
                    "close of the driver",
                    live.size() + " allocations were not freed, the first of " + live.firstEntry().getValue()
                            + " bytes");
        }
    }
}
