package io.tandem.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Data sets in memory and the data sets that are made of others. */
class DatasetTest {
    /** Sample i: the pair (10 i, 10 i + 1) and the label i. */
    static ArrayDataset numbered(int size) {
        NDArray pairs = NDArray.generate(TensorType.f32(size, 2), i -> 10 * (i / 2) + i % 2);
        NDArray labels = NDArray.generate(TensorType.of(DType.I32, size), i -> i);
        return ArrayDataset.of(pairs, labels);
    }

    private static int[] labels(Dataset dataset) {
        return dataset.all().column(1).toInts();
    }

    @Test
    void rowsAreReadInTheOrderOfTheIndices() {
        ArrayDataset data = numbered(5);
        assertEquals(5, data.size());
        assertEquals(List.of(TensorType.f32(2), TensorType.of(DType.I32)), data.types());
        Batch batch = data.read(new int[] {3, 0, 3}, new Pass(0, 0), 7);
        assertEquals(NDArray.of(Shape.of(3, 2), 30, 31, 0, 1, 30, 31), batch.column(0));
        assertEquals(NDArray.ofInts(Shape.of(3), 3, 0, 3), batch.column(1));
        assertEquals(3, batch.size());
        assertEquals(7, batch.index());
    }

    @Test
    void differentNumbersOfRowsAreRefused() {
        var e = assertThrows(
                IllegalArgumentException.class,
                () -> ArrayDataset.of(
                        NDArray.zeros(TensorType.f32(4, 2)), NDArray.zeros(TensorType.of(DType.I32, 3))));
        assertEquals("column 0 has 4 rows, column 1 has 3: every column needs one row per sample", e.getMessage());
        var scalar =
                assertThrows(IllegalArgumentException.class, () -> ArrayDataset.of(NDArray.scalar(DType.F32, 1)));
        assertTrue(scalar.getMessage().contains("scalar type f32[]"), scalar.getMessage());
        assertThrows(IllegalArgumentException.class, ArrayDataset::of);
    }

    @Test
    void wrongReadsAreRefused() {
        ArrayDataset data = numbered(5);
        Pass pass = new Pass(0, 0);
        var outside = assertThrows(IndexOutOfBoundsException.class, () -> data.read(new int[] {5}, pass, 0));
        assertEquals("sample 5 of a data set of 5 samples", outside.getMessage());
        MemorySegment pairs = MemorySegment.ofArray(new byte[8]);
        var few = assertThrows(
                IllegalArgumentException.class, () -> data.read(new int[] {1}, pass, List.of(pairs)));
        assertTrue(few.getMessage().contains("needs as many memories, got 1"), few.getMessage());
        var small = assertThrows(
                IllegalArgumentException.class,
                () -> data.read(new int[] {1, 2}, pass, List.of(pairs, MemorySegment.ofArray(new byte[8]))));
        assertEquals("2 samples of column 0 (f32[2]) need 16 bytes, got 8", small.getMessage());
    }

    @Test
    void bytesAreNormalisedWhileTheyAreRead() {
        NDArray bytes = NDArray.ofBytes(Shape.of(2, 2, 2), new byte[] {0, 51, 102, (byte) 255, 1, 2, 3, 4});
        ArrayDataset data = new ArrayDataset(List.of(
                Column.normalized(bytes, new float[] {0.5f, 0.25f}, new float[] {0.5f, 2}), Column.unit(bytes)));
        assertEquals(List.of(TensorType.f32(2, 2), TensorType.f32(2, 2)), data.types());
        Batch first = data.rows(0, 1);
        assertArrayEquals(new float[] {-1, -0.6f, 0.075f, 0.375f}, first.column(0).toFloats(), 1e-6f);
        assertArrayEquals(new float[] {0, 0.2f, 0.4f, 1}, first.column(1).toFloats(), 1e-6f);
        assertEquals(4 / 255f, data.rows(1, 2).column(1).toFloats()[3]);
    }

    @Test
    void wrongNormalisationIsRefused() {
        NDArray bytes = NDArray.zeros(TensorType.of(DType.U8, 2, 3, 4));
        float[] one = {1};
        float[] two = {1, 1};
        assertThrows(IllegalArgumentException.class, () -> Column.normalized(bytes, two, two));
        assertThrows(IllegalArgumentException.class, () -> Column.normalized(bytes, one, two));
        assertThrows(IllegalArgumentException.class, () -> Column.normalized(bytes, one, new float[] {0}));
        assertThrows(IllegalArgumentException.class, () -> Column.unit(NDArray.zeros(TensorType.f32(2))));
    }

    @Test
    void labelsBecomeVectors() {
        ArrayDataset data =
                new ArrayDataset(List.of(Column.oneHot(NDArray.ofInts(Shape.of(3), 2, 0, 1), 3)));
        assertEquals(NDArray.of(Shape.of(2, 3), 0, 0, 1, 0, 1, 0), data.subset(0, 2).all().column(0));
        var e = assertThrows(
                IllegalArgumentException.class, () -> Column.oneHot(NDArray.ofInts(Shape.of(2), 0, 3), 3));
        assertEquals("label 3 of sample 1 is outside of 3 classes (0 to 2)", e.getMessage());
    }

    @Test
    void partsOfADataSet() {
        Dataset data = numbered(10);
        assertArrayEquals(new int[] {9, 2, 2}, labels(data.subset(9, 2, 2)));
        assertArrayEquals(new int[] {2, 9}, labels(data.subset(9, 2, 2).subset(1, 0)));
        assertArrayEquals(new int[] {3, 4}, labels(data.slice(3, 5)));
        assertArrayEquals(new int[] {0, 1}, labels(data.take(2)));
        assertEquals(10, data.take(99).size());
        assertArrayEquals(new int[] {8, 9}, labels(data.skip(8)));
        assertArrayEquals(new int[] {5, 6, 7, 8, 9, 0, 1}, labels(data.skip(5).concat(data.take(2))));
        assertArrayEquals(
                new int[] {1, 5, 0, 6},
                labels(data.skip(5).concat(data.take(2)).subset(6, 0, 5, 1)));
        assertEquals(NDArray.ofInts(Shape.of(2), 4, 5), data.columns(1).rows(4, 6).column(0));
        assertEquals(
                List.of(TensorType.of(DType.I32), TensorType.f32(2)),
                data.columns(1, 0).types());
        assertThrows(IndexOutOfBoundsException.class, () -> data.subset(10));
        assertThrows(IndexOutOfBoundsException.class, () -> data.slice(5, 11));
        assertThrows(IndexOutOfBoundsException.class, () -> data.columns(2));
        Batch twice = data.columns(1, 0, 1).rows(4, 6);
        assertEquals(NDArray.ofInts(Shape.of(2), 4, 5), twice.column(0));
        assertEquals(twice.column(0), twice.column(2));
        assertThrows(IllegalArgumentException.class, () -> data.concat(data.columns(0)));
        assertThrows(IllegalArgumentException.class, () -> data.take(-1));
    }

    @Test
    void splitsCoverEverySampleOnce() {
        Dataset data = numbered(11);
        List<Dataset> ordered = data.split(0.6, 0.2, 0.2);
        assertArrayEquals(new int[] {7, 2, 2}, ordered.stream().mapToInt(Dataset::size).toArray());
        assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5, 6}, labels(ordered.get(0)));
        List<Dataset> random = data.randomSplit(5, 0.5, 0.5);
        int[] both = labels(random.get(0).concat(random.get(1)));
        assertFalse(Arrays.equals(both, IntStream.range(0, 11).toArray()));
        assertArrayEquals(
                IntStream.range(0, 11).toArray(), IntStream.of(both).sorted().toArray());
        assertArrayEquals(labels(random.get(0)), labels(data.randomSplit(5, 0.5, 0.5).get(0)));
        assertFalse(Arrays.equals(labels(random.get(0)), labels(data.randomSplit(6, 0.5, 0.5).get(0))));
        assertThrows(IllegalArgumentException.class, () -> data.split(0.5, 0.4));
        assertThrows(IllegalArgumentException.class, () -> data.split(1.5, -0.5));
        assertThrows(IllegalArgumentException.class, () -> data.split(0.99, 0.01));
    }

    @Test
    void transformsDependOnSeedEpochAndSampleAlone() {
        Transform addNoise = batch -> {
            for (int i = 0; i < batch.size(); i++) {
                double noise = batch.random(i).nextDouble();
                NDArray.put(batch.column(0), DType.F32, 2L * i, noise);
            }
        };
        Dataset data = numbered(10).map(addNoise);
        NDArray all = data.read(IntStream.range(0, 10).toArray(), new Pass(1, 2), 0).column(0);
        NDArray some = data.read(new int[] {7, 1}, new Pass(1, 2), 0).column(0);
        assertEquals(all.rows(7, 8), some.rows(0, 1));
        assertEquals(all.rows(1, 2), some.rows(1, 2));
        assertEquals(some, data.subset(1, 7).read(new int[] {1, 0}, new Pass(1, 2), 0).column(0));
        assertFalse(some.equals(data.read(new int[] {7, 1}, new Pass(1, 3), 0).column(0)));
        assertFalse(some.equals(data.read(new int[] {7, 1}, new Pass(2, 2), 0).column(0)));
        assertEquals(10, Arrays.stream(all.toDoubles()).filter(v -> v < 1).distinct().count());
    }

    @Test
    void eachTransformOfAChainHasItsOwnRandomNumbers() {
        // Each link moves the last number on and puts its own in front.
        Transform link = batch -> {
            for (int i = 0; i < batch.size(); i++) {
                float last = (float) NDArray.get(batch.column(0), DType.F32, 2L * i);
                NDArray.put(batch.column(0), DType.F32, 2L * i + 1, last);
                NDArray.put(batch.column(0), DType.F32, 2L * i, batch.random(i).nextDouble());
            }
        };
        Dataset nested = numbered(3).map(link).map(link);
        float[] values = nested.all().column(0).toFloats();
        assertEquals(6, IntStream.range(0, 6).mapToDouble(i -> values[i]).distinct().count());
        float[] left = numbered(3).map(link.then(link).then(link)).all().column(0).toFloats();
        float[] right = numbered(3).map(link.then(link.then(link))).all().column(0).toFloats();
        assertArrayEquals(left, right);
        assertEquals(6, IntStream.range(0, 6).mapToDouble(i -> left[i]).distinct().count());
    }
}
