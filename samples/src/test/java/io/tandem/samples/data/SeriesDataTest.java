package io.tandem.samples.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.data.DataException;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Series from files and generated ones, their split, and naive forecasts. */
class SeriesDataTest {
    @TempDir
    Path folder;

    private Path file(String content) throws IOException {
        return Files.writeString(folder.resolve("series.csv"), content);
    }

    private static String failure(Runnable action) {
        return assertThrows(DataException.class, action::run).getMessage();
    }

    @Test
    void anyCsvFile() throws IOException {
        StringBuilder rows = new StringBuilder("time,a,note,b\n");
        for (int i = 0; i < 20; i++) {
            rows.append("2024-01-01 %02d:%02d:00,%d,x,%d\n".formatted(i / 2, i % 2 * 30, i, 100 + i));
        }
        SeriesData data = SeriesData.read(file(rows.toString()), Optional.of("a"));
        assertEquals(List.of("a", "b"), data.columns());
        assertEquals("a", data.targetName());
        assertEquals(List.of(12, 16, 20), List.of(data.trainEnd(), data.validationEnd(), data.testEnd()));
        assertEquals(48, data.stepsPerDay());
        assertEquals(1, SeriesData.read(file(rows.toString()), Optional.empty()).target());
        SeriesData.Forecasting samples = data.forecasting(3, 2);
        assertEquals(List.of(TensorType.f32(3, 2), TensorType.f32(2)), samples.train().types());
        assertEquals(12 - 5 + 1, samples.train().size());
        assertEquals(3, samples.validation().size());
        assertEquals(3, samples.test().size());
        // Mean and deviation are those of rows 0 to 11; the first test target is row 16.
        double std = Math.sqrt((12 * 12 - 1) / 12.0);
        assertEquals((16 - 5.5) / std, samples.test().all().column(1).getDouble(0), 1e-6);
        assertEquals(5.5, samples.scaler().mean().getDouble(0), 1e-12);
    }

    @Test
    void wrongFilesAndColumns() throws IOException {
        Path good = file("date,a\n" + "1,2\n".repeat(10));
        assertTrue(failure(() -> SeriesData.read(good, Optional.of("c"))).contains("no column 'c'"));
        assertTrue(
                failure(() -> SeriesData.read(good, Optional.empty()).forecasting(6, 1)).contains("use smaller ones"));
        Path few = file("a\n1\n2\n");
        assertTrue(failure(() -> SeriesData.read(few, Optional.empty())).contains("too few"));
        Path text = file("a,b\n1,x\n2,y\n");
        assertTrue(failure(() -> SeriesData.read(text, Optional.of("b"))).contains("'x' is not a finite number"));
        Path later = file("a,b\n1,2\n2,-\n");
        assertTrue(failure(() -> SeriesData.read(later, Optional.empty())).contains("line 3, column 'b': '-'"));
        Path none = file("a,b\nx,y\n");
        assertTrue(failure(() -> SeriesData.read(none, Optional.empty()))
                .contains("no column of the first row is a number"));
    }

    @Test
    void ettH1IsToldByItsFormAndSplitAsInThePapers() throws IOException {
        StringBuilder rows = new StringBuilder("date,HUFL,HULL,MUFL,MULL,LUFL,LULL,OT\n");
        for (int i = 0; i < 17_420; i++) {
            rows.append("2016-07-01 00:00:00,1,2,3,4,5,6,").append(i % 100).append('\n');
        }
        Files.writeString(folder.resolve("ETTh1.csv"), rows);
        DataFolders folders = new DataFolders(Optional.of(folder), Optional.empty(), folder.resolve("cache"));
        SeriesData data =
                EttH1.find(folders, Downloads.none(), Optional.empty(), Progress.SILENT).orElseThrow();
        assertEquals(List.of(8640, 11_520, 14_400), List.of(data.trainEnd(), data.validationEnd(), data.testEnd()));
        assertEquals("OT", data.targetName());
        assertEquals(24, data.stepsPerDay());
        assertEquals(2880 - 24 + 1, data.forecasting(96, 24).test().size());
        DataFolders nowhere = new DataFolders(Optional.empty(), Optional.empty(), folder.resolve("cache"));
        assertFalse(EttH1.find(nowhere, Downloads.none(), Optional.empty(), Progress.SILENT).isPresent());
        SeriesData generated =
                EttH1.findOrGenerate(nowhere, Downloads.none(), Optional.empty(), 1, Progress.SILENT);
        assertTrue(generated.description().contains("not real data"), generated.description());
    }

    @Test
    void naiveForecasts() {
        // Rows 0 to 11 have deviation 1 and mean 0; the test rows 16 to 19 are 5, 7, 4, 4.
        double[] values = {1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 0, 0, 2, 3, 5, 7, 4, 4};
        SeriesData data = new SeriesData(
                NDArray.ofDoubles(Shape.of(20, 1), values), List.of("a"), 0, 12, 16, 20, 2, "test");
        // Starts 16 and 17: last values 3 and 5; errors 2 4 1, then 2 -1 -1.
        SeriesData.ForecastError last = data.lastValue(3);
        assertEquals((4 + 16 + 1 + 4 + 1 + 1) / 6.0, last.mse(), 1e-12);
        assertEquals((2 + 4 + 1 + 2 + 1 + 1) / 6.0, last.mae(), 1e-12);
        // Two steps back, four where two are not known yet: 5-2, 7-3, 4-2; 7-3, 4-5, 4-3.
        SeriesData.ForecastError day = data.dayAgo(3);
        assertEquals((9 + 16 + 4 + 16 + 1 + 1) / 6.0, day.mse(), 1e-12);
        assertEquals((3 + 4 + 2 + 4 + 1 + 1) / 6.0, day.mae(), 1e-12);
    }

    @Test
    void theGeneratedLoadHasItsPatterns() {
        SeriesData data = LoadCurve.generate(1, Optional.empty());
        assertEquals(2 * 365 * 24, data.values().shape().dim(0));
        assertEquals("load", data.targetName());
        assertEquals(data.values(), LoadCurve.generate(1, Optional.empty()).values());
        assertFalse(data.values().equals(LoadCurve.generate(2, Optional.empty()).values()));
        double night = 0;
        double evening = 0;
        double weekend = 0;
        double week = 0;
        double least = Double.POSITIVE_INFINITY;
        for (int hour = 0; hour < 2 * 364 * 24; hour++) {
            double load = data.values().getDouble(2L * hour + 1);
            least = Math.min(least, load);
            night += hour % 24 == 3 ? load : 0;
            evening += hour % 24 == 19 ? load : 0;
            weekend += hour / 24 % 7 >= 5 ? load / 2 : 0;
            week += hour / 24 % 7 < 5 ? load / 5 : 0;
        }
        assertTrue(least > 0);
        assertTrue(evening > 1.2 * night);
        assertTrue(week > 1.05 * weekend);
        assertTrue(data.dayAgo(24).mse() < data.lastValue(24).mse());
        assertTrue(
                failure(() -> LoadCurve.generate(1, Optional.of("OT"))).contains("its columns are temperature, load"));
    }
}
