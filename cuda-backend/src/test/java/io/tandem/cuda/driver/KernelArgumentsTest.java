package io.tandem.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class KernelArgumentsTest {

    @Test
    void valuesLieAtMultiplesOfTheirAlignment() {
        KernelArguments arguments = KernelArguments.builder()
                .int32(7)
                .pointer(0x1234)
                .float32(1.5f)
                .struct(new byte[] {1, 2, 3}, 1)
                .float64(-2)
                .struct(new byte[32], 16)
                .int64(9)
                .build();
        int[] offsets = {0, 8, 16, 20, 24, 32, 64};
        assertEquals(offsets.length, arguments.count());
        for (int i = 0; i < offsets.length; i++) {
            assertEquals(offsets[i], arguments.offset(i), "argument " + i);
        }
        assertEquals(72, arguments.byteSize());
        assertEquals(3, arguments.size(3));
        assertEquals(7, arguments.block().getInt(0));
        assertEquals(0x1234, arguments.block().getLong(8));
        assertEquals(1.5f, arguments.block().getFloat(16));
        assertEquals(3, arguments.block().get(22));
        assertEquals(-2, arguments.block().getDouble(24));
        assertEquals(0, KernelArguments.NONE.byteSize());
    }

    @Test
    void tooManyBytesAreRefused() {
        KernelArguments.Builder builder = KernelArguments.builder();
        for (int i = 0; i < 512; i++) {
            builder.int64(i);
        }
        assertThrows(IllegalArgumentException.class, () -> builder.int32(1));
        assertThrows(
                IllegalArgumentException.class,
                () -> KernelArguments.builder().struct(new byte[3], 3));
    }

    @Test
    void launchesAreCheckedEarly() {
        assertEquals(4, LaunchShape.covering(1000, 256, 100).gridX());
        assertEquals(100, LaunchShape.covering(1L << 40, 256, 100).gridX());
        assertEquals(1, LaunchShape.covering(0, 256, 100).gridX());
        assertThrows(IllegalArgumentException.class, () -> LaunchShape.of(0, 32));
        assertThrows(IllegalArgumentException.class, () -> LaunchShape.of(1, 1025));
        assertThrows(IllegalArgumentException.class, () -> new LaunchShape(1, 70_000, 1, 1, 1, 1, 0));
        assertThrows(
                IllegalArgumentException.class, () -> LaunchShape.of(1, 1).withSharedMemory(-1));
    }
}
