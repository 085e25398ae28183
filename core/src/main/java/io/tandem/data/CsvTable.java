package io.tandem.data;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * A table in a CSV file (RFC 4180, UTF-8, packed by gzip or not), with a line of column names or without. Values are
 * read from the file when they are asked for, and only those columns are kept, so memory is bounded by what is used.
 *
 * <pre>{@code
 * CsvTable table = CsvTable.withHeader(Path.of("ETTh1.csv"));
 * NDArray series = table.numbers("HUFL", "OT");   // f64[rows, 2]
 * }</pre>
 */
public final class CsvTable {
    /** What a short text and the references to it take. */
    private static final long TEXT_BYTES = 64;

    private final CsvScan scan;
    private final List<String> columns;
    private final int rows;
    private final OptionalDouble missing;

    private CsvTable(CsvScan scan, List<String> columns, int rows, OptionalDouble missing) {
        this.scan = scan;
        this.columns = columns;
        this.rows = rows;
        this.missing = missing;
    }

    /**
     * A table whose first line names the columns, with commas between the cells.
     *
     * @throws DataException if the file is missing, damaged or empty, a column name is empty or there twice, or a row
     *     has another number of cells than the first line
     */
    public static CsvTable withHeader(Path path) {
        return open(path, true, ',');
    }

    /**
     * A table without names, with commas between the cells; its columns are named {@code 0}, {@code 1} and so on.
     *
     * @throws DataException if the file is missing, damaged or empty, or a row has another number of cells than the
     *     first one
     */
    public static CsvTable withoutHeader(Path path) {
        return open(path, false, ',');
    }

    /**
     * A table with any separator.
     *
     * @param path the file
     * @param header whether the first line names the columns
     * @param separator the character between the cells, such as {@code ';'} or a tab
     * @throws DataException as {@link #withHeader} and {@link #withoutHeader}
     */
    public static CsvTable open(Path path, boolean header, char separator) {
        CsvScan scan = new CsvScan(path, header, separator);
        List<String> first = scan.firstLine();
        List<String> columns = header
                ? List.copyOf(first)
                : IntStream.range(0, first.size()).mapToObj(Integer::toString).toList();
        Set<String> seen = new HashSet<>();
        for (int c = 0; c < columns.size(); c++) {
            if (columns.get(c).isEmpty()) {
                throw new DataException("%s: line 1: column %d has no name; name it, or read the file without header"
                        .formatted(path, c + 1));
            }
            if (!seen.add(columns.get(c))) {
                throw new DataException("%s: line 1: two columns are named '%s'; rename one"
                        .formatted(path, columns.get(c)));
            }
        }
        // This pass also checks the number of cells in each row.
        int rows = scan.forEachRow(columns.size(), (line, row, cells) -> {});
        return new CsvTable(scan, columns, rows, OptionalDouble.empty());
    }

    /** This table, with {@code value} (NaN is possible) in place of empty cells in number columns. */
    public CsvTable withMissing(double value) {
        return new CsvTable(scan, columns, rows, OptionalDouble.of(value));
    }

    /** The file. */
    public Path path() {
        return scan.path();
    }

    /** The names of the columns. */
    public List<String> columns() {
        return columns;
    }

    /** The number of rows, the header not counted. */
    public int rows() {
        return rows;
    }

    /**
     * The numbers of some columns.
     *
     * @param names names of columns
     * @return {@code f64[rows, names]}
     * @throws DataException if there is no such column, or a cell is not a finite number; the message names line and
     *     column
     */
    public NDArray numbers(String... names) {
        int[] chosen = Arrays.stream(names).mapToInt(this::column).toArray();
        return numbers(chosen);
    }

    /**
     * The numbers of all columns but some, for example of all but a date.
     *
     * @return {@code f64[rows, columns]}
     */
    public NDArray numbersExcept(String... names) {
        Set<Integer> excluded = new HashSet<>();
        for (String name : names) {
            excluded.add(column(name));
        }
        return numbers(IntStream.range(0, columns.size())
                .filter(c -> !excluded.contains(c))
                .toArray());
    }

    /** The names of the columns whose cell in the first row is a number; for example not that of a date. */
    public List<String> numberColumns() {
        List<String> cells = scan.firstRow();
        return IntStream.range(0, columns.size())
                .filter(c -> parse(cells.get(c).strip()).isPresent())
                .mapToObj(columns::get)
                .toList();
    }

    private NDArray numbers(int[] chosen) {
        TensorType type = TensorType.of(DType.F64, rows, chosen.length);
        DataFile.requireMemory(path(), type.bytes(), "%d numbers in each of %d rows".formatted(chosen.length, rows));
        MemorySegment values = NDArray.allocate(type);
        scan.forEachRow(columns.size(), (line, row, cells) -> {
            for (int i = 0; i < chosen.length; i++) {
                double value = number(cells.get(chosen[i]), line, chosen[i]);
                NDArray.put(values, DType.F64, (long) row * chosen.length + i, value);
            }
        });
        return NDArray.wrap(type, values);
    }

    private double number(String cell, long line, int column) {
        String text = cell.strip();
        if (text.isEmpty()) {
            return missing.orElseThrow(() -> new DataException(
                    "%s: line %d, column '%s': the cell is empty, a number is needed; fill it, or use withMissing"
                            .formatted(path(), line, columns.get(column))));
        }
        OptionalDouble value = parse(text);
        if (value.isPresent()) {
            return value.getAsDouble();
        }
        String shown = text.length() > 40 ? text.substring(0, 40) + "..." : text;
        throw new DataException(
                "%s: line %d, column '%s': '%s' is not a finite number; correct it, or leave the column out"
                        .formatted(path(), line, columns.get(column), shown));
    }

    /** A finite number; empty if the text is none. */
    private static OptionalDouble parse(String text) {
        if (text.isEmpty() || text.indexOf('x') >= 0 || text.indexOf('X') >= 0) {
            return OptionalDouble.empty();
        }
        // Java also reads 1d, 1f and 0x1p3, which no table means.
        char last = text.charAt(text.length() - 1);
        if ((last < '0' || last > '9') && last != '.') {
            return OptionalDouble.empty();
        }
        try {
            double value = Double.parseDouble(text);
            return Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
        } catch (NumberFormatException e) {
            return OptionalDouble.empty();
        }
    }

    /**
     * The cells of one column as they stand in the file.
     *
     * @throws DataException if there is no such column
     */
    public List<String> text(String name) {
        int chosen = column(name);
        DataFile.requireMemory(path(), TEXT_BYTES * rows, "the column '" + name + "'");
        String[] values = new String[rows];
        scan.forEachRow(columns.size(), (line, row, cells) -> values[row] = cells.get(chosen));
        return List.of(values);
    }

    /**
     * A column of names as class numbers.
     *
     * @throws DataException if there is no such column
     */
    public Classes classes(String name) {
        List<String> text = text(name);
        List<String> names = List.copyOf(new TreeSet<>(text));
        int[] ids = text.stream()
                .mapToInt(value -> Collections.binarySearch(names, value))
                .toArray();
        return new Classes(names, NDArray.ofInts(Shape.of(rows), ids));
    }

    /**
     * Class numbers and what they mean.
     *
     * @param names names of the classes in alphabetical order
     * @param labels {@code i32[rows]}, indices of {@code names}
     */
    public record Classes(List<String> names, NDArray labels) {}

    private int column(String name) {
        int column = columns.indexOf(name);
        if (column < 0) {
            throw new DataException("%s: there is no column '%s'; the columns are %s"
                    .formatted(path(), name, String.join(", ", columns)));
        }
        return column;
    }

    @Override
    public String toString() {
        return "%s: %d rows of %s".formatted(path(), rows, columns);
    }
}
