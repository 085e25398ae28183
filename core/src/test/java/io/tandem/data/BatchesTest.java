package io.tandem.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Order, reading ahead, resuming, cancelling and failures. */
@Timeout(60)
class BatchesTest {
    private static final int SIZE = 103;

    private static DataLoader loader() {
        return DataLoader.of(DatasetTest.numbered(SIZE), 10).shuffled(7);
    }

    private static int[] order(DataLoader loader, long epoch, int first) {
        List<Integer> labels = new ArrayList<>();
        try (Batches batches = loader.epoch(epoch, first)) {
            for (Batch batch : batches) {
                IntStream.of(batch.column(1).toInts()).forEach(labels::add);
            }
        }
        return labels.stream().mapToInt(Integer::intValue).toArray();
    }

    @Test
    void everySampleComesOnceInAnOrderOfSeedAndEpoch() {
        int[] first = order(loader(), 0, 0);
        assertFalse(Arrays.equals(first, IntStream.range(0, SIZE).toArray()));
        assertArrayEquals(IntStream.range(0, SIZE).toArray(), IntStream.of(first).sorted().toArray());
        assertArrayEquals(first, order(loader(), 0, 0));
        int[] second = order(loader(), 1, 0);
        assertFalse(Arrays.equals(first, second));
        assertArrayEquals(IntStream.range(0, SIZE).toArray(), IntStream.of(second).sorted().toArray());
        assertFalse(Arrays.equals(first, order(loader().withSeed(8), 0, 0)));
    }

    @Test
    void withoutShuffleTheOrderIsThatOfTheData() {
        DataLoader loader = DatasetTest.numbered(SIZE).batches(10);
        assertArrayEquals(IntStream.range(0, SIZE).toArray(), order(loader, 3, 0));
    }

    /** A change of this order would break the resume of saved runs. */
    @Test
    void theOrderOfASeedStaysTheSameFromVersionToVersion() {
        assertArrayEquals(new int[] {9, 5, 8, 0, 4, 7, 3, 2, 1, 6}, Permutation.of(10, new Pass(1, 0)));
    }

    @Test
    void readingAheadAndThreadsChangeNothing() {
        Transform noise = batch -> {
            for (int i = 0; i < batch.size(); i++) {
                NDArray.put(batch.column(0), DType.F32, 2L * i, batch.random(i).nextGaussian());
            }
        };
        DataLoader direct =
                DataLoader.of(DatasetTest.numbered(SIZE).map(noise), 10).shuffled(7).withPrefetch(0);
        List<Batch> expected = new ArrayList<>();
        direct.epoch(4).forEach(expected::add);
        for (DataLoader other : List.of(direct.withPrefetch(1), direct.withPrefetch(5), direct.withThreads(4))) {
            List<Batch> batches = new ArrayList<>();
            other.epoch(4).forEach(batches::add);
            assertEquals(expected, batches);
        }
    }

    @Test
    void sizesOfBatches() {
        List<Integer> sizes = new ArrayList<>();
        List<Integer> indices = new ArrayList<>();
        try (Batches batches = loader().epoch(0)) {
            for (Batch batch : batches) {
                sizes.add(batch.size());
                indices.add(batch.index());
            }
            assertEquals(11, batches.count());
            assertEquals(11, batches.position());
            assertTrue(batches.waitNanos() > 0);
            assertThrows(NoSuchElementException.class, batches::next);
        }
        assertEquals(List.of(10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 3), sizes);
        assertEquals(IntStream.range(0, 11).boxed().toList(), indices);
        DataLoader whole = loader().withDropLast(true);
        assertEquals(10, whole.batchesPerEpoch());
        assertEquals(100, whole.samplesPerEpoch());
        assertArrayEquals(Arrays.copyOf(order(loader(), 0, 0), 100), order(whole, 0, 0));
        assertEquals(1, DataLoader.of(DatasetTest.numbered(3), 10).batchesPerEpoch());
    }

    @Test
    void anEpochGoesOnWhereItWasLeft() {
        int[] all = order(loader(), 5, 0);
        assertArrayEquals(Arrays.copyOfRange(all, 40, SIZE), order(loader(), 5, 4));
        assertEquals(0, order(loader(), 5, 11).length);
        try (Batches batches = loader().epoch(5, 4)) {
            assertEquals(4, batches.next().index());
            assertEquals(5, batches.position());
        }
        assertThrows(IndexOutOfBoundsException.class, () -> loader().epoch(5, 12));
    }

    @Test
    void wrongNumbersAreRefused() {
        Dataset data = DatasetTest.numbered(5);
        assertThrows(IllegalArgumentException.class, () -> DataLoader.of(data, 0));
        assertThrows(IllegalArgumentException.class, () -> DataLoader.of(data.take(0), 1));
        assertThrows(IllegalArgumentException.class, () -> data.batches(2).withThreads(0));
        assertThrows(IllegalArgumentException.class, () -> data.batches(2).withPrefetch(-1));
        var e = assertThrows(
                IllegalArgumentException.class, () -> data.batches(6).withDropLast(true));
        assertTrue(e.getMessage().contains("5 samples, fewer than one batch of 6"), e.getMessage());
    }

    /** A data set that runs an action before each read. */
    private record Watched(Dataset source, Runnable beforeRead) implements Dataset {
        @Override
        public int size() {
            return source.size();
        }

        @Override
        public List<TensorType> types() {
            return source.types();
        }

        @Override
        public void read(int[] indices, Pass pass, List<MemorySegment> into) {
            beforeRead.run();
            source.read(indices, pass, into);
        }
    }

    @Test
    void noMoreThanTheBoundIsReadAhead() throws InterruptedException {
        AtomicInteger reads = new AtomicInteger();
        CountDownLatch three = new CountDownLatch(3);
        Dataset counted = new Watched(DatasetTest.numbered(SIZE), () -> {
            reads.incrementAndGet();
            three.countDown();
        });
        try (Batches batches = counted.batches(10).withPrefetch(3).epoch(0)) {
            assertTrue(three.await(30, TimeUnit.SECONDS));
            assertEquals(3, reads.get());
            batches.next();
        }
        // At most one more was asked for; closing has waited for it.
        assertTrue(reads.get() <= 4, "reads: " + reads);
    }

    @Test
    void failuresOfTheReaderReachTheConsumer() {
        for (int prefetch : new int[] {0, 3}) {
            AtomicInteger reads = new AtomicInteger();
            DataException failure = new DataException("broken");
            Dataset broken = new Watched(DatasetTest.numbered(SIZE), () -> {
                if (reads.incrementAndGet() == 3) {
                    throw failure;
                }
            });
            try (Batches batches = broken.batches(10).withPrefetch(prefetch).epoch(0)) {
                assertEquals(0, batches.next().index());
                assertEquals(1, batches.next().index());
                assertSame(failure, assertThrows(DataException.class, batches::next));
                assertFalse(batches.hasNext());
                assertThrows(IllegalStateException.class, batches::next);
            }
        }
    }

    @Test
    void errorsOfTheReaderReachTheConsumer() {
        Dataset broken = new Watched(DatasetTest.numbered(SIZE), () -> {
            throw new StackOverflowError("too deep");
        });
        try (Batches batches = broken.batches(10).epoch(0)) {
            assertThrows(StackOverflowError.class, batches::next);
        }
    }

    @Test
    void closingEndsReading() {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger reads = new AtomicInteger();
        Dataset watched = new Watched(DatasetTest.numbered(SIZE), () -> {
            running.incrementAndGet();
            reads.incrementAndGet();
            Thread.yield();
            running.decrementAndGet();
        });
        Batches batches = watched.batches(1).withPrefetch(8).withThreads(3).epoch(0);
        batches.next();
        batches.close();
        batches.close();
        int afterClose = reads.get();
        assertEquals(0, running.get());
        assertTrue(afterClose <= 10, "reads: " + afterClose);
        assertFalse(batches.hasNext());
        assertThrows(IllegalStateException.class, batches::next);
        assertEquals(afterClose, reads.get());
    }

    @Test
    void closingFromAnotherThreadEndsAWaitingConsumer() throws InterruptedException {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch reading = new CountDownLatch(1);
        Dataset slow = new Watched(DatasetTest.numbered(SIZE), () -> {
            reading.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException("a reader must not be interrupted", e);
            }
        });
        Batches batches = slow.batches(10).withPrefetch(4).epoch(0);
        List<Throwable> thrown = new ArrayList<>();
        List<Integer> read = new ArrayList<>();
        Thread consumer = Thread.ofPlatform().start(() -> {
            try {
                batches.forEachRemaining(batch -> read.add(batch.index()));
            } catch (IllegalStateException e) {
                thrown.add(e);
            }
        });
        reading.await();
        Thread closer = Thread.ofPlatform().start(batches::close);
        // Closing marks the batches as closed before it waits for the read in progress.
        while (batches.hasNext()) {
            Thread.sleep(1);
        }
        release.countDown();
        closer.join();
        consumer.join();
        // Whatever came first: the consumer got at most the batch in progress, then the loop ended.
        assertTrue(read.size() <= 1, "read " + read);
        for (Throwable e : thrown) {
            assertEquals("these batches are closed", e.getMessage());
        }
    }

    @Test
    void anInterruptedConsumerStopsAndStaysInterrupted() {
        CountDownLatch release = new CountDownLatch(1);
        Dataset slow = new Watched(DatasetTest.numbered(SIZE), () -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        Batches batches = slow.batches(10).epoch(0);
        Thread.currentThread().interrupt();
        var e = assertThrows(IllegalStateException.class, batches::next);
        assertTrue(Thread.interrupted());
        assertEquals("interrupted while waiting for a batch", e.getMessage());
        release.countDown();
        batches.close();
    }
}
