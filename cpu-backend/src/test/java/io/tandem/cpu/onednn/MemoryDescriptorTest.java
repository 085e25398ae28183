package io.tandem.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class MemoryDescriptorTest {

    @Test
    void tellsSizesStridesAndLayout() {
        MemoryDescriptor plain = MemoryDescriptor.of(DataType.F32, 2, 17, 5, 7);
        assertEquals("f32[2, 17, 5, 7] abcd", plain.toString());
        assertArrayEquals(new long[] {595, 35, 7, 1}, plain.strides());
        assertEquals(2 * 17 * 35 * 4, plain.size());
        assertTrue(plain.isPlain());
        assertTrue(plain.isRowMajor());
        assertEquals(DataType.F32, plain.type());
        assertEquals(4, plain.rank());
        assertEquals(17, plain.dim(1));

        MemoryDescriptor last = MemoryDescriptor.of(DataType.F32, FormatTag.CHANNELS_LAST, 2, 17, 5, 7);
        assertEquals("f32[2, 17, 5, 7] acdb", last.toString());
        assertArrayEquals(new long[] {595, 1, 119, 17}, last.strides());
        assertTrue(last.isPlain());
        assertFalse(last.isRowMajor());

        MemoryDescriptor blocked = MemoryDescriptor.of(DataType.F32, FormatTag.BLOCKED_16, 2, 17, 5, 7);
        assertEquals("f32[2, 17, 5, 7] aBcd16b", blocked.toString());
        assertEquals(2 * 32 * 35 * 4, blocked.size());
        assertFalse(blocked.isPlain());
        assertEquals(plain, blocked.withPlainLayout());

        MemoryDescriptor any = MemoryDescriptor.any(DataType.BF16, 3, 3);
        assertEquals("bf16[3, 3] any", any.toString());
        assertTrue(any.isAny());
        assertThrows(IllegalStateException.class, any::strides);

        MemoryDescriptor apart = MemoryDescriptor.strided(DataType.F32, new long[] {4, 3}, new long[] {10, 1});
        assertEquals("f32[4, 3] ab strides [10, 1]", apart.toString());
        assertFalse(apart.isRowMajor());
    }

    @Test
    void equalLayoutsAreEqualHoweverMade() {
        long[] dims = {2, 3, 4, 5};
        MemoryDescriptor tagged = MemoryDescriptor.of(DataType.F32, FormatTag.CHANNELS_LAST, dims);
        MemoryDescriptor permuted = MemoryDescriptor.permuted(DataType.F32, dims, 0, 2, 3, 1);
        MemoryDescriptor strided = MemoryDescriptor.strided(DataType.F32, dims, new long[] {60, 1, 15, 3});
        assertEquals(tagged, permuted);
        assertEquals(tagged, strided);
        assertEquals(tagged.hashCode(), strided.hashCode());
        assertNotEquals(tagged, MemoryDescriptor.of(DataType.F32, dims));
        assertNotEquals(tagged, MemoryDescriptor.of(DataType.BF16, FormatTag.CHANNELS_LAST, dims));
        assertNotEquals(MemoryDescriptor.of(DataType.F32, dims), MemoryDescriptor.any(DataType.F32, dims));
    }

    @Test
    void emptyTensorsHaveNoBytes() {
        assertEquals(0, MemoryDescriptor.of(DataType.F32, 0, 3).size());
    }

    @Test
    void badDescriptorsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> MemoryDescriptor.of(DataType.F32));
        assertThrows(IllegalArgumentException.class, () -> MemoryDescriptor.of(DataType.F32, new long[13]));
        assertThrows(IllegalArgumentException.class, () -> MemoryDescriptor.of(DataType.F32, 3, -1));
        assertThrows(IllegalArgumentException.class,
                () -> MemoryDescriptor.strided(DataType.F32, new long[] {3}, new long[] {1, 1}));
        assertThrows(IllegalArgumentException.class,
                () -> MemoryDescriptor.permuted(DataType.F32, new long[] {3, 4}, 0, 0));
        assertThrows(IllegalArgumentException.class,
                () -> MemoryDescriptor.of(DataType.F32, FormatTag.CHANNELS_LAST, 3, 4));
        MemoryDescriptor whole = MemoryDescriptor.of(DataType.F32, 3, 4);
        OneDnnException outside = assertThrows(OneDnnException.class,
                () -> whole.slice(new long[] {2, 2}, new long[] {2, 0}));
        assertEquals(Status.INVALID_ARGUMENTS, outside.status());
        assertTrue(outside.getMessage().contains("[2, 2] at [2, 0] of f32[3, 4] ab"), outside.getMessage());
    }

    @Test
    void memoriesCheckWhatTheyPointTo() {
        MemoryDescriptor layout = MemoryDescriptor.of(DataType.F32, 3, 4);
        Engine engine = OneDnn.require().engine();
        try (Arena arena = Arena.ofConfined(); Memory memory = engine.memory(layout, arena.allocate(48, 64))) {
            assertThrows(IllegalArgumentException.class, () -> memory.pointTo(arena.allocate(47, 64)));
            assertThrows(IllegalArgumentException.class, () -> memory.pointTo(arena.allocate(64, 64).asSlice(2)));
            assertThrows(IllegalArgumentException.class, () -> memory.pointTo(MemorySegment.ofArray(new float[12])));
            memory.requireUsable();
            try (Arena brief = Arena.ofConfined()) {
                memory.pointTo(brief.allocate(48, 64));
            }
            IllegalStateException freed = assertThrows(IllegalStateException.class, memory::requireUsable);
            assertTrue(freed.getMessage().contains("was freed"), freed.getMessage());
        }
        assertThrows(IllegalArgumentException.class, () -> engine.memory(layout.withAnyLayout()));
    }
}
