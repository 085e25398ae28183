package io.tandem.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tables in CSV files, right and wrong. */
class CsvTableTest {
    @TempDir
    Path folder;

    private Path file(String content) throws IOException {
        return Files.writeString(folder.resolve("table.csv"), content);
    }

    private static String failure(Runnable action) {
        return assertThrows(DataException.class, action::run).getMessage();
    }

    @Test
    void columnsByName() throws IOException {
        Path path = file("date,a,\"b, c\",name\n2016-07-01 00:00:00,1.5,-2e3,x\n\"day \"\"two\"\"\", 2 ,.5,y\n");
        CsvTable table = CsvTable.withHeader(path);
        assertEquals(List.of("date", "a", "b, c", "name"), table.columns());
        assertEquals(2, table.rows());
        assertEquals(NDArray.ofDoubles(Shape.of(2, 2), -2000, 1.5, 0.5, 2), table.numbers("b, c", "a"));
        assertEquals(NDArray.ofDoubles(Shape.of(2, 2), 1.5, -2000, 2, 0.5), table.numbersExcept("date", "name"));
        assertEquals(List.of("2016-07-01 00:00:00", "day \"two\""), table.text("date"));
    }

    @Test
    void withoutHeaderOtherSeparatorsGzipAndByteOrderMark() throws IOException {
        CsvTable plain = CsvTable.withoutHeader(file("\ufeff1,2\r\n3,4\r\n\r\n5,6"));
        assertEquals(List.of("0", "1"), plain.columns());
        assertEquals(NDArray.ofDoubles(Shape.of(3, 1), 1, 3, 5), plain.numbers("0"));
        assertEquals(
                NDArray.ofDoubles(Shape.of(1, 2), 1, 2),
                CsvTable.open(file("a;b\n1;2"), true, ';').numbers("a", "b"));
        Path packed = folder.resolve("t.csv.gz");
        Files.write(packed, IdxReaderTest.gzip("a\n7\n".getBytes(StandardCharsets.UTF_8)));
        assertEquals(7, CsvTable.withHeader(packed).numbers("a").item());
    }

    @Test
    void namesBecomeClasses() throws IOException {
        CsvTable table = CsvTable.withoutHeader(file("1,setosa\n2,virginica\n3,setosa\n4,iris\n"));
        CsvTable.Classes classes = table.classes("1");
        assertEquals(List.of("iris", "setosa", "virginica"), classes.names());
        assertEquals(NDArray.ofInts(Shape.of(4), 1, 2, 1, 0), classes.labels());
    }

    @Test
    void textInANumberColumnIsReportedWithItsPlace() throws IOException {
        Path path = file("a,OT\n1,2\n3,n/a\n");
        CsvTable table = CsvTable.withHeader(path);
        assertEquals(
                path + ": line 3, column 'OT': 'n/a' is not a finite number; correct it, or leave the column out",
                failure(() -> table.numbers("OT")));
        for (String wrong : List.of("1d", "NaN", "Infinity", "0x1p3", "1e999", "1,", "--1", "1 2")) {
            Path other = folder.resolve("other.csv");
            Files.writeString(other, "a\n\"" + wrong + "\"\n");
            assertTrue(failure(() -> CsvTable.withHeader(other).numbers("a")).contains("is not a finite number"),
                    wrong);
        }
    }

    @Test
    void missingCells() throws IOException {
        CsvTable table = CsvTable.withHeader(file("a,b\n1,\n,2\n"));
        assertTrue(failure(() -> table.numbers("b")).contains("line 2, column 'b': the cell is empty"));
        assertEquals(
                NDArray.ofDoubles(Shape.of(2, 2), 1, Double.NaN, Double.NaN, 2),
                table.withMissing(Double.NaN).numbers("a", "b"));
    }

    @Test
    void wrongTables() throws IOException {
        assertTrue(failure(() -> CsvTable.withHeader(folder.resolve("none.csv"))).startsWith("file not found"));
        Path empty = file("");
        assertTrue(failure(() -> CsvTable.withHeader(empty)).contains("the file is empty"));
        Path onlyHeader = file("a,b\n");
        assertTrue(failure(() -> CsvTable.withHeader(onlyHeader)).contains("the table has no rows"));
        Path ragged = file("a,b\n1,2\n3\n");
        assertTrue(failure(() -> CsvTable.withHeader(ragged)).contains("line 3 has 1 cells, the first line has 2"));
        Path twice = file("a,a\n1,2\n");
        assertTrue(failure(() -> CsvTable.withHeader(twice)).contains("two columns are named 'a'"));
        Path unnamed = file("a,\n1,2\n");
        assertTrue(failure(() -> CsvTable.withHeader(unnamed)).contains("column 2 has no name"));
        Path quote = file("a,b\n1,\"2\n3,4\n");
        assertTrue(failure(() -> CsvTable.withHeader(quote)).contains("line 2"));
        Path latin = Files.write(folder.resolve("latin.csv"), new byte[] {'a', '\n', (byte) 0xe4, '\n'});
        assertTrue(failure(() -> CsvTable.withHeader(latin)).contains("not UTF-8"));
        Path good = file("a,b\n1,2\n");
        assertTrue(
                failure(() -> CsvTable.withHeader(good).numbers("c")).contains("no column 'c'; the columns are a, b"));
    }

    @Test
    void aQuoteThatIsNeverClosedDoesNotFillTheMemory() throws IOException {
        byte[] cells = new byte[40_000_000];
        Arrays.fill(cells, (byte) 'x');
        cells[0] = '"';
        Path packed = Files.write(folder.resolve("bomb.csv.gz"), IdxReaderTest.gzip(cells));
        // How many are too many depends on the memory that there is.
        String message = failure(() -> CsvTable.withHeader(packed));
        assertTrue(message.matches("(?s).*line 1: the row has more than \\d{5,8} characters.*"), message);
    }

    @Test
    void truncatedGzip() throws IOException {
        StringBuilder rows = new StringBuilder("a,b\n");
        new Random(3).doubles(2000).forEach(value -> rows.append(value).append(",1\n"));
        byte[] packed = IdxReaderTest.gzip(rows.toString().getBytes(StandardCharsets.UTF_8));
        Path cut = Files.write(folder.resolve("cut.csv.gz"), Arrays.copyOf(packed, packed.length / 2));
        assertTrue(failure(() -> CsvTable.withHeader(cut)).contains("the gz file is truncated"));
    }
}
