package io.tandem.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Windows of series and scaling. */
class SeriesTest {
    /** Row r of column c is 10 r + c. */
    private static NDArray series(int rows, int columns) {
        return NDArray.generate(TensorType.f32(rows, columns), i -> 10 * (i / columns) + i % columns);
    }

    @Test
    void windowsAndTargets() {
        SeriesWindows windows = SeriesWindows.of(series(8, 3), 3, 2, 1);
        assertEquals(4, windows.size());
        assertEquals(List.of(TensorType.f32(3, 3), TensorType.f32(2)), windows.types());
        Batch batch = windows.subset(3, 0).all();
        assertEquals(
                NDArray.of(Shape.of(2, 3, 3), 30, 31, 32, 40, 41, 42, 50, 51, 52, 0, 1, 2, 10, 11, 12, 20, 21, 22),
                batch.column(0));
        assertEquals(NDArray.of(Shape.of(2, 2), 61, 71, 31, 41), batch.column(1));
        SeriesWindows two = SeriesWindows.of(series(8, 3), 3, 2, new int[] {2, 0});
        assertEquals(NDArray.of(Shape.of(1, 2, 2), 42, 40, 52, 50), two.rows(1, 2).column(1));
        SeriesWindows all = SeriesWindows.of(series(8, 3), 3, 2);
        assertEquals(NDArray.of(Shape.of(1, 2, 3), 40, 41, 42, 50, 51, 52), all.rows(1, 2).column(1));
        SeriesWindows doubles = SeriesWindows.of(series(8, 1).cast(DType.F64), 7, 1, 0);
        assertEquals(NDArray.ofDoubles(Shape.of(1, 1), 70), doubles.all().column(1));
    }

    @Test
    void forecastsOfARange() {
        SeriesWindows windows = SeriesWindows.of(series(20, 1), 4, 2, 0);
        Dataset test = windows.forecasting(10, 15);
        Batch batch = test.all();
        // First forecasts are rows 10 and 11, last ones 13 and 14.
        assertEquals(4, test.size());
        assertArrayEquals(new float[] {100, 110, 110, 120, 120, 130, 130, 140}, batch.column(1).toFloats());
        assertEquals(60, batch.column(0).getDouble(0));
        // At the start the window must fit too.
        assertEquals(40, windows.forecasting(0, 7).all().column(1).getDouble(0));
        assertThrows(IllegalArgumentException.class, () -> windows.forecasting(10, 11));
        assertThrows(IllegalArgumentException.class, () -> windows.forecasting(10, 21));
    }

    @Test
    void wrongWindows() {
        var e = assertThrows(IllegalArgumentException.class, () -> SeriesWindows.of(series(8, 1), 6, 3, 0));
        assertEquals(
                "the series has 8 rows, too few for a window of 6 and a horizon of 3; use a shorter window or horizon",
                e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> SeriesWindows.of(series(8, 1), 0, 3, 0));
        assertThrows(IllegalArgumentException.class, () -> SeriesWindows.of(series(8, 2), 2, 3, 2));
        assertThrows(IllegalArgumentException.class, () -> SeriesWindows.of(NDArray.zeros(TensorType.f32(8)), 2, 3));
    }

    @Test
    void scaling() {
        NDArray values = NDArray.ofDoubles(Shape.of(4, 2), 1, 7, 2, 7, 3, 7, 6, 7);
        StandardScaler scaler = StandardScaler.fit(values);
        assertArrayEquals(new double[] {3, 7}, scaler.mean().toDoubles());
        assertArrayEquals(new double[] {Math.sqrt(3.5), 1}, scaler.std().toDoubles(), 1e-15);
        NDArray scaled = scaler.transform(values);
        assertArrayEquals(
                new double[] {-2 / Math.sqrt(3.5), 0, -1 / Math.sqrt(3.5), 0, 0, 0, 3 / Math.sqrt(3.5), 0},
                scaled.toDoubles(),
                1e-15);
        assertArrayEquals(values.toDoubles(), scaler.inverse(scaled).toDoubles(), 1e-15);
        NDArray forecast = NDArray.of(Shape.of(2, 1, 2), 0, 1, -1, 2);
        assertEquals(NDArray.of(Shape.of(2, 1, 2), 7, 8, 6, 9), scaler.inverse(forecast, 1));
        assertEquals(DType.F32, scaler.transform(values.cast(DType.F32)).dtype());
    }

    @Test
    void aConstantColumnWithRoundingIsConstant() {
        StandardScaler scaler = StandardScaler.fit(NDArray.full(TensorType.of(DType.F64, 1000, 1), 0.1));
        assertEquals(1, scaler.std().item());
    }

    @Test
    void wrongScaling() {
        NDArray values = NDArray.ofDoubles(Shape.of(2, 1), 1, Double.NaN);
        var e = assertThrows(IllegalArgumentException.class, () -> StandardScaler.fit(values));
        assertTrue(e.getMessage().startsWith("row 1, column 0 is NaN"), e.getMessage());
        StandardScaler scaler = StandardScaler.fit(series(4, 2));
        assertThrows(IllegalArgumentException.class, () -> scaler.transform(series(4, 3)));
        assertThrows(IndexOutOfBoundsException.class, () -> scaler.inverse(series(4, 3), 2));
        assertThrows(IllegalArgumentException.class, () -> StandardScaler.fit(NDArray.zeros(TensorType.f32(0, 2))));
    }
}
