package io.tandem.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.DeviceException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OwnerThreadTest {
    @Test
    void tasksRunInOrderHoweverManyWait() {
        List<Integer> seen = Collections.synchronizedList(new ArrayList<>());
        try (OwnerThread owner = new OwnerThread("test", 1)) {
            for (int i = 0; i < 1_000; i++) {
                int number = i;
                owner.post(() -> seen.add(number));
            }
            owner.finish();
            assertTrue(owner.isIdle());
        }
        assertEquals(IntStream.range(0, 1_000).boxed().toList(), seen);
    }

    @Test
    void theCallerGoesOnWhileTasksWait() throws InterruptedException {
        CountDownLatch gate = new CountDownLatch(1);
        List<Integer> seen = Collections.synchronizedList(new ArrayList<>());
        try (OwnerThread owner = new OwnerThread("test", 1)) {
            owner.post(() -> {
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            owner.post(() -> seen.add(1));
            assertFalse(owner.isIdle());
            assertEquals(List.of(), List.copyOf(seen));
            gate.countDown();
            owner.finish();
            assertEquals(List.of(1), seen);
        }
    }

    @Test
    void afterAFailureWhatWaitsIsDroppedAndTheCallerIsToldOnce() {
        CountDownLatch gate = new CountDownLatch(1);
        List<String> seen = Collections.synchronizedList(new ArrayList<>());
        try (OwnerThread owner = new OwnerThread("test", 1)) {
            owner.post(() -> {
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                throw new DeviceException("broken");
            });
            owner.post(() -> seen.add("after the failure"));
            gate.countDown();
            assertEquals("broken", assertThrows(DeviceException.class, owner::finish).getMessage());
            owner.call(() -> seen.add("later"));
            assertEquals(List.of("later"), seen);
        }
    }
}
