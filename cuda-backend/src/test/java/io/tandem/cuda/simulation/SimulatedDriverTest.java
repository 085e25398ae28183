package io.tandem.cuda.simulation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.cuda.driver.CudaEvent;
import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaGraph;
import io.tandem.cuda.driver.CudaStream;
import io.tandem.cuda.driver.Driver;
import io.tandem.cuda.driver.PinnedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SimulatedDriverTest {

    private static final SimulationOptions DEFERRED = SimulationOptions.DEFAULT.withDeferredStreams();

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void copiesAndFillsInOrder(boolean deferred) {
        try (Driver driver = new SimulatedDriver(deferred ? DEFERRED : SimulationOptions.DEFAULT);
                DeviceArrays arrays = new DeviceArrays(driver)) {
            long a = arrays.upload(1, 2, 3, 4, 5);
            long b = arrays.emptyFloats(5);
            CudaStream stream = arrays.stream();
            stream.copy(b, a, 20);
            stream.fillWords(a, Float.floatToRawIntBits(7), 2);
            stream.fill(b + 16, (byte) 0, 4);
            assertArrayEquals(new float[] {7, 7, 3, 4, 5}, arrays.floats(a, 5));
            assertArrayEquals(new float[] {1, 2, 3, 4, 0}, arrays.floats(b, 5));
        }
    }

    @Test
    void freshMemoryHoldsNaNAndMustNotBeRead() {
        try (Driver driver = new SimulatedDriver();
                DeviceArrays arrays = new DeviceArrays(driver)) {
            long a = arrays.emptyFloats(4);
            arrays.stream().fillWords(a, 0, 3);
            CudaException refused = assertThrows(CudaException.class, () -> arrays.floats(a, 4));
            assertEquals("SIMULATED_UNDEFINED_READ", refused.codeName());
            assertTrue(refused.getMessage().contains("byte 12 was never written"), refused.getMessage());
            assertArrayEquals(new float[3], arrays.floats(a, 3));
        }
    }

    @Test
    void undefinedBytesMayBeCopiedButNotUsed() {
        try (Driver driver = new SimulatedDriver();
                DeviceArrays arrays = new DeviceArrays(driver)) {
            long a = arrays.emptyFloats(2);
            long b = arrays.upload(1, 2);
            arrays.stream().copy(b, a, 8);
            assertThrows(CudaException.class, () -> arrays.floats(b, 2));
            arrays.write(a, 3, 4);
            arrays.stream().copy(b, a, 8);
            assertArrayEquals(new float[] {3, 4}, arrays.floats(b, 2));
            arrays.stream().declareUndefined(b, 4);
            assertThrows(CudaException.class, () -> arrays.floats(b, 2));
            assertArrayEquals(new float[] {4}, arrays.floats(b + 4, 1));
        }
    }

    @Test
    void rangesOutsideOfAllocationsAreRefused() {
        try (Driver driver = new SimulatedDriver();
                DeviceArrays arrays = new DeviceArrays(driver)) {
            long a = arrays.upload(1, 2, 3);
            CudaException beyond = assertThrows(
                    CudaException.class, () -> arrays.stream().fill(a + 4, (byte) 1, 12));
            assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", beyond.codeName());
            assertEquals(700, beyond.code());
            assertTrue(beyond.getMessage().contains("byte 4 of the allocation of 12 bytes"), beyond.getMessage());
            assertThrows(CudaException.class, () -> arrays.stream().fill(0, (byte) 1, 1));
            assertThrows(CudaException.class, () -> arrays.stream().fill(a - 1, (byte) 1, 1));
            assertThrows(CudaException.class, () -> arrays.stream().copy(a, a + 4, 8));
            assertThrows(CudaException.class, () -> arrays.stream().fillWords(a + 2, 1, 1));
        }
    }

    @Test
    void freedMemoryIsNotReused() {
        try (SimulatedDriver driver = new SimulatedDriver();
                CudaStream stream = driver.openStream()) {
            long small = driver.allocate(64);
            long large = driver.allocate(1 << 20);
            driver.free(small);
            driver.free(large);
            long again = driver.allocate(64);
            assertFalse(again == small || again == large);
            for (long gone : new long[] {small, large}) {
                CudaException late = assertThrows(CudaException.class, () -> stream.fill(gone, (byte) 0, 8));
                assertTrue(late.getMessage().contains("in freed memory"), late.getMessage());
                assertThrows(CudaException.class, () -> driver.free(gone));
            }
            assertThrows(CudaException.class, () -> driver.free(again + 8));
            driver.free(again);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, -256, 100, 255, 256, 511})
    void overwrittenGuardZonesAreNoticed(long offset) {
        SimulatedDriver driver = new SimulatedDriver();
        long a = driver.allocate(100);
        assertEquals(0, a % 256);
        MemorySegment.ofAddress(a + offset).reinterpret(1).set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
        CudaException seen = assertThrows(CudaException.class, driver::synchronize);
        assertEquals("SIMULATED_GUARD_OVERWRITTEN", seen.codeName());
        assertThrows(CudaException.class, () -> driver.free(a));
        assertThrows(CudaException.class, driver::close);
    }

    @Test
    void memoryIsLimitedAndLeaksAreReported() {
        SimulatedDriver driver = new SimulatedDriver(SimulationOptions.DEFAULT.withMemory(1 << 20));
        long a = driver.allocate(1 << 19);
        assertEquals(1 << 19, driver.memoryInfo().free());
        CudaException full = assertThrows(CudaException.class, () -> driver.allocate((1 << 19) + 1));
        assertTrue(full.isOutOfMemory());
        assertEquals("cuMemAlloc(524289 bytes): CUDA_ERROR_OUT_OF_MEMORY (2): out of memory", full.getMessage());
        CudaException leak = assertThrows(CudaException.class, driver::close);
        assertEquals("SIMULATED_LEAK", leak.codeName());
        assertThrows(CudaException.class, () -> driver.free(a));
        driver.close();
    }

    @Test
    void addressSpaceIsUsedAgainWhenItIsExhausted() {
        try (SimulatedMemory memory = new SimulatedMemory(1 << 20, 4 << 20)) {
            long kept = memory.allocate(1000);
            memory.write("test", "kept", kept, 1000);
            for (int i = 0; i < 40; i++) {
                long a = memory.allocate(300_000 - 7000 * i);
                long b = memory.allocate(1000);
                memory.free(a);
                memory.free(b);
            }
            assertEquals(1000, memory.read("test", "kept", kept, 1000).byteSize());
            assertThrows(CudaException.class, () -> memory.allocate(1 << 20));
        }
    }

    @Test
    void deferredStreamsRunLate() {
        try (Driver driver = new SimulatedDriver(DEFERRED);
                CudaStream one = driver.openStream();
                CudaStream two = driver.openStream();
                CudaEvent event = driver.openEvent(false);
                PinnedMemory host = driver.allocatePinned(16)) {
            long a = driver.allocate(16);
            MemorySegment first = host.segment().asSlice(0, 4);
            MemorySegment second = host.segment().asSlice(4, 4);
            first.set(ValueLayout.JAVA_INT, 0, 1);
            one.copyToDevice(a, first);
            first.set(ValueLayout.JAVA_INT, 0, 2); // too early: the copy has not run
            one.synchronize();
            one.copyToHost(second, a);
            one.synchronize();
            assertEquals(2, second.get(ValueLayout.JAVA_INT, 0));

            one.fillWords(a, 5, 1);
            two.copyToHost(second, a); // unordered: sees the old value
            two.synchronize();
            assertEquals(2, second.get(ValueLayout.JAVA_INT, 0));
            one.fillWords(a, 6, 1);
            one.record(event);
            two.waitFor(event);
            two.copyToHost(second, a);
            two.synchronize();
            assertEquals(6, second.get(ValueLayout.JAVA_INT, 0));
            assertTrue(one.isIdle());
            one.fillWords(a, 7, 1);
            one.record(event);
            assertFalse(one.isIdle());
            assertTrue(event.isComplete());
            driver.free(a);
        }
    }

    @Test
    void pageableCopiesAreStaged() {
        try (Driver driver = new SimulatedDriver(DEFERRED);
                DeviceArrays arrays = new DeviceArrays(driver);
                Arena arena = Arena.ofConfined()) {
            long a = arrays.emptyFloats(1);
            MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 3);
            arrays.stream().copyToDevice(a, host);
            host.set(ValueLayout.JAVA_FLOAT, 0, 4);
            assertArrayEquals(new float[] {3}, arrays.floats(a, 1));
            CudaException heap = assertThrows(
                    CudaException.class,
                    () -> arrays.stream().copyToDevice(a, MemorySegment.ofArray(new float[1])));
            assertEquals("CUDA_ERROR_INVALID_VALUE", heap.codeName());
        }
    }

    @Test
    void eventsTimeAndRefuse() {
        try (Driver driver = new SimulatedDriver(DEFERRED);
                CudaStream stream = driver.openStream();
                CudaEvent start = driver.openEvent(true);
                CudaEvent end = driver.openEvent(true);
                CudaEvent untimed = driver.openEvent(false)) {
            assertTrue(start.isComplete());
            assertThrows(CudaException.class, () -> end.millisecondsSince(start));
            stream.record(start);
            stream.record(end);
            stream.record(untimed);
            assertEquals(
                    "CUDA_ERROR_NOT_READY",
                    assertThrows(CudaException.class, () -> end.millisecondsSince(start))
                            .codeName());
            end.synchronize();
            assertTrue(end.millisecondsSince(start) >= 0);
            untimed.synchronize();
            assertThrows(CudaException.class, () -> untimed.millisecondsSince(start));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void capturedWorkRunsOnlyWhenLaunched(boolean deferred) {
        try (Driver driver = new SimulatedDriver(deferred ? DEFERRED : SimulationOptions.DEFAULT);
                DeviceArrays arrays = new DeviceArrays(driver);
                PinnedMemory pinned = driver.allocatePinned(8)) {
            long a = arrays.upload(1, 2);
            long b = arrays.upload(0, 0);
            CudaStream stream = arrays.stream();
            try (CudaGraph graph = stream.capture(() -> {
                stream.copyToDevice(a, pinned.segment());
                stream.copy(b, a, 8);
            })) {
                assertEquals(2, graph.size());
                assertArrayEquals(new float[] {0, 0}, arrays.floats(b, 2));
                for (int i = 1; i < 4; i++) {
                    pinned.segment().setAtIndex(ValueLayout.JAVA_FLOAT, 0, i);
                    graph.launch(stream);
                    assertArrayEquals(new float[] {i, 0}, arrays.floats(b, 2));
                }
            }
        }
    }

    @Test
    void forbiddenCallsBreakACapture() {
        try (Driver driver = new SimulatedDriver();
                DeviceArrays arrays = new DeviceArrays(driver);
                Arena arena = Arena.ofConfined()) {
            long a = arrays.upload(1);
            CudaStream stream = arrays.stream();
            Runnable[] forbidden = {
                () -> driver.allocate(4),
                () -> driver.free(a),
                driver::synchronize,
                stream::synchronize,
                () -> stream.copyToDevice(a, arena.allocate(4)),
                stream::beginCapture,
            };
            for (Runnable call : forbidden) {
                CudaException refused = assertThrows(CudaException.class, () -> stream.capture(call));
                assertTrue(refused.codeName().startsWith("CUDA_ERROR_STREAM_CAPTURE"), refused.getMessage());
            }
            assertThrows(CudaException.class, stream::endCapture);
            assertArrayEquals(new float[] {1}, arrays.floats(a, 1));
        }
    }

    @Test
    void streamsForkAndJoinInACapture() {
        try (Driver driver = new SimulatedDriver();
                DeviceArrays arrays = new DeviceArrays(driver);
                CudaStream side = driver.openStream();
                CudaEvent fork = driver.openEvent(false);
                CudaEvent join = driver.openEvent(false)) {
            long a = arrays.upload(0);
            CudaStream main = arrays.stream();
            Runnable forked = () -> {
                main.record(fork);
                side.waitFor(fork);
                side.fillWords(a, Float.floatToRawIntBits(2), 1);
            };
            CudaException unjoined = assertThrows(CudaException.class, () -> main.capture(forked));
            assertEquals("CUDA_ERROR_STREAM_CAPTURE_UNJOINED", unjoined.codeName());
            try (CudaGraph graph = main.capture(() -> {
                forked.run();
                side.record(join);
                main.waitFor(join);
            })) {
                assertArrayEquals(new float[] {0}, arrays.floats(a, 1));
                graph.launch(main);
                assertArrayEquals(new float[] {2}, arrays.floats(a, 1));
            }
        }
    }

    @Test
    void everythingFailsAfterClose() {
        SimulatedDriver driver = new SimulatedDriver();
        CudaStream stream = driver.openStream();
        CudaEvent event = driver.openEvent(true);
        driver.close();
        assertThrows(CudaException.class, () -> driver.allocate(1));
        assertThrows(CudaException.class, stream::synchronize);
        assertThrows(CudaException.class, event::synchronize);
    }
}
