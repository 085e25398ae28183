package io.tandem.cpu.threads;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.cpu.onednn.NativeLibraries;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WorkersTest {
    enum Kind {
        OPEN_MP, POOL;

        Workers open(int threads) {
            return switch (this) {
                case OPEN_MP -> {
                    boolean possible =
                            NativeLibraries.discover().libraries().map(OpenMpWorkers::possible).orElse(false);
                    Assumptions.assumeTrue(possible, "needs GNU's OpenMP runtime");
                    yield Workers.open(threads);
                }
                case POOL -> Workers.openPool(threads);
            };
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyItemIsVisitedOnceInPartsOfWholeGrains(Kind kind) {
        for (int threads : new int[] {1, 2, 3, 5}) {
            try (Workers workers = kind.open(threads)) {
                assertEquals(threads, workers.threads());
                for (long items : new long[] {0, 1, 2, 3, 7, 13, 17, 100, 4095, 4096, 4097, 10_000}) {
                    for (long grain : new long[] {1, 3, 16, 4096, 1_000_000}) {
                        check(workers, items, grain);
                    }
                }
            }
        }
    }

    private static void check(Workers workers, long items, long grain) {
        int[] visits = new int[(int) items];
        List<long[]> ranges = Collections.synchronizedList(new ArrayList<>());
        workers.parallel(items, grain, (part, from, to) -> {
            ranges.add(new long[] {part, from, to});
            for (long i = from; i < to; i++) {
                visits[(int) i]++;
            }
        });
        String what = items + " items, grain " + grain + ", " + workers;
        assertTrue(Arrays.stream(visits).allMatch(v -> v == 1), what);
        long expected = Math.min(workers.threads(), Math.ceilDiv(items, grain));
        if (workers.threads() == 1) {
            expected = Math.min(1, items);
        }
        assertEquals(expected, ranges.size(), what);
        assertEquals(expected, ranges.stream().map(r -> r[0]).distinct().count(), what);
        for (long[] range : ranges) {
            assertTrue(range[0] >= 0 && range[0] < workers.threads(), what);
            assertEquals(0, range[1] % grain, what);
            assertTrue(range[1] < range[2], what);
        }
    }

    @ParameterizedTest
    @EnumSource
    void theSplitIsTheSameInEveryRun(Kind kind) {
        try (Workers workers = kind.open(3)) {
            Set<String> splits = ConcurrentHashMap.newKeySet();
            for (int i = 0; i < 200; i++) {
                long[] bounds = new long[6];
                workers.parallel(1001, 7, (part, from, to) -> {
                    bounds[2 * part] = from;
                    bounds[2 * part + 1] = to;
                });
                splits.add(Arrays.toString(bounds));
            }
            assertEquals(1, splits.size(), splits.toString());
        }
    }

    @ParameterizedTest
    @EnumSource
    void smallLoopsStayOnTheOwner(Kind kind) {
        try (Workers workers = kind.open(2)) {
            AtomicReference<Thread> thread = new AtomicReference<>();
            workers.parallel(4096, 4096, (part, from, to) -> thread.set(Thread.currentThread()));
            assertSame(Thread.currentThread(), thread.get());
        }
    }

    @ParameterizedTest
    @EnumSource
    void largeLoopsUseSeveralThreads(Kind kind) {
        try (Workers workers = kind.open(2)) {
            Set<Thread> threads = ConcurrentHashMap.newKeySet();
            workers.parallel(10_000, 1, (part, from, to) -> threads.add(Thread.currentThread()));
            assertEquals(2, threads.size());
            assertTrue(threads.contains(Thread.currentThread()));
        }
    }

    @ParameterizedTest
    @EnumSource
    void exceptionsReachTheOwnerAndTheWorkersGoOn(Kind kind) {
        try (Workers workers = kind.open(3)) {
            for (int failing = 0; failing < 3; failing++) {
                int culprit = failing;
                IllegalArgumentException thrown = assertThrows(IllegalArgumentException.class,
                        () -> workers.parallel(300, 1, (part, from, to) -> {
                            if (part == culprit) {
                                throw new IllegalArgumentException("part " + part);
                            }
                        }));
                assertEquals("part " + culprit, thrown.getMessage());
                AtomicLong sum = new AtomicLong();
                workers.parallel(300, 1, (part, from, to) -> sum.addAndGet(to - from));
                assertEquals(300, sum.get());
            }
            IllegalStateException all = assertThrows(IllegalStateException.class,
                    () -> workers.parallel(300, 1, (part, from, to) -> {
                        throw new IllegalStateException("part " + part);
                    }));
            assertEquals("part 0", all.getMessage());
            assertEquals(2, all.getSuppressed().length);
            AssertionError error = assertThrows(AssertionError.class, () -> workers.parallel(300, 1, (p, from, to) -> {
                throw new AssertionError("an error");
            }));
            assertEquals("an error", error.getMessage());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHundredThousandLoopsGiveTheSameSum(Kind kind) {
        int count = 1000;
        try (Workers workers = kind.open(2); Arena arena = Arena.ofShared()) {
            MemorySegment values = arena.allocate(ValueLayout.JAVA_LONG, count);
            RangeBody increment = (part, from, to) -> {
                for (long i = from; i < to; i++) {
                    values.setAtIndex(ValueLayout.JAVA_LONG, i, values.getAtIndex(ValueLayout.JAVA_LONG, i) + i);
                }
            };
            int loops = 100_000;
            for (int i = 0; i < loops; i++) {
                workers.parallel(count, 100, increment);
            }
            for (int i = 0; i < count; i++) {
                assertEquals((long) i * loops, values.getAtIndex(ValueLayout.JAVA_LONG, i));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void onlyTheOwnerStartsLoopsAndOnlyOneAtATime(Kind kind) throws InterruptedException {
        try (Workers workers = kind.open(2)) {
            AtomicReference<Throwable> other = new AtomicReference<>();
            Thread thread = new Thread(() -> {
                try {
                    workers.parallel(1, 1, (part, from, to) -> {});
                } catch (Throwable e) {
                    other.set(e);
                }
            });
            thread.start();
            thread.join();
            assertInstanceOf(IllegalStateException.class, other.get());

            for (long items : new long[] {1, 1000}) {
                IllegalStateException nested = assertThrows(IllegalStateException.class,
                        () -> workers.parallel(items, 1,
                                (part, from, to) -> workers.parallel(10, 1, (p, f, t) -> {})));
                assertTrue(nested.getMessage().contains("cannot"), nested.getMessage());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void closedWorkersRefuseLoops(Kind kind) {
        Workers workers = kind.open(2);
        workers.close();
        workers.close();
        assertThrows(IllegalStateException.class, () -> workers.parallel(10, 1, (part, from, to) -> {}));
    }

    @ParameterizedTest
    @EnumSource
    void severalOwnersWorkSideBySide(Kind kind) throws InterruptedException {
        AtomicLong total = new AtomicLong();
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        kind.open(1).close();
        List<Thread> owners = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            owners.add(Thread.ofPlatform().start(() -> {
                try (Workers workers = kind.open(2)) {
                    for (int loop = 0; loop < 200; loop++) {
                        workers.parallel(1000, 10, (part, from, to) -> total.addAndGet(to - from));
                    }
                } catch (Throwable e) {
                    failures.add(e);
                }
            }));
        }
        for (Thread owner : owners) {
            owner.join();
        }
        assertEquals(List.of(), failures);
        assertEquals(3 * 200 * 1000, total.get());
    }

    @Test
    void badArgumentsAreRefused() throws InterruptedException {
        assertThrows(IllegalArgumentException.class, () -> Workers.open(0));
        assertThrows(IllegalArgumentException.class, () -> Workers.openPool(0));
        try (Workers workers = Workers.openPool(1)) {
            assertThrows(IllegalArgumentException.class, () -> workers.parallel(-1, 1, (part, from, to) -> {}));
            assertThrows(IllegalArgumentException.class, () -> workers.parallel(1, 0, (part, from, to) -> {}));
        }
        AtomicReference<Throwable> refused = new AtomicReference<>();
        Thread.ofVirtual().start(() -> {
            try {
                Workers.open(2).close();
            } catch (Throwable e) {
                refused.set(e);
            }
        }).join();
        assertInstanceOf(IllegalArgumentException.class, refused.get());
    }
}
