package io.tandem.data;

import java.io.ByteArrayInputStream;
import java.io.FilterReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * Passes over a CSV file.
 *
 * @param path the file
 * @param header whether the first line names the columns
 * @param separator the character between the cells
 */
record CsvScan(Path path, boolean header, char separator) {
    /** A row, with an object for each of its cells, must fit into memory. */
    private static final int MAX_ROW_CHARS = (int) Math.min(1 << 24, Runtime.getRuntime().maxMemory() / 256);

    /** What is done with a row. */
    interface RowAction {
        /**
         * Takes one row.
         *
         * @param line line of the file that the row starts in, from 1
         * @param row number of the row, from 0, the header not counted
         * @param cells the cells of the row
         */
        void accept(long line, int row, CSVRecord cells);
    }

    /** The cells of the first line. */
    List<String> firstLine() {
        return line(0);
    }

    /** The cells of the first row after the header. */
    List<String> firstRow() {
        return line(header ? 1 : 0);
    }

    private List<String> line(int number) {
        try (DataFile file = DataFile.open(path)) {
            Rows rows = new Rows(file);
            for (int i = 0; rows.hasNext(); i++) {
                List<String> cells = rows.next().toList();
                if (i == number) {
                    return cells;
                }
            }
            throw new DataException(path + ": the file is empty, a table is needed");
        }
    }

    /**
     * Reads all rows after the header.
     *
     * @param cells expected number of cells in each row
     * @return the number of rows, at least 1
     */
    int forEachRow(int cells, RowAction action) {
        int row = 0;
        try (DataFile file = DataFile.open(path)) {
            Rows rows = new Rows(file);
            boolean first = true;
            while (rows.hasNext()) {
                long line = rows.line();
                CSVRecord values = rows.next();
                if (values.size() != cells) {
                    throw new DataException(
                            "%s: line %d has %d cells, the first line has %d; check separators and quotes"
                                    .formatted(path, line, values.size(), cells));
                }
                if (row == Integer.MAX_VALUE) {
                    throw new DataException(path + ": the table has more than " + row + " rows; use a part of it");
                }
                if (!first || !header) {
                    action.accept(line, row++, values);
                }
                first = false;
            }
        }
        if (row == 0) {
            throw new DataException(path + ": the table has no rows");
        }
        return row;
    }

    /** Rows with failures as exceptions that name the file and the line. */
    private final class Rows {
        private final RowReader reader;
        private final CSVParser parser;
        private final Iterator<CSVRecord> records;
        private long line = 1;

        private Rows(DataFile file) {
            reader = new RowReader(new InputStreamReader(
                    withoutByteOrderMark(file),
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .onMalformedInput(CodingErrorAction.REPORT)
                            .onUnmappableCharacter(CodingErrorAction.REPORT)));
            CSVFormat format = CSVFormat.RFC4180
                    .builder()
                    .setDelimiter(separator)
                    .setIgnoreEmptyLines(true)
                    .get();
            try {
                parser = format.parse(reader);
            } catch (IOException e) {
                throw failure(e);
            }
            records = parser.iterator();
        }

        private boolean hasNext() {
            reader.charsInRow = 0;
            try {
                line = parser.getCurrentLineNumber() + 1;
                return records.hasNext();
            } catch (UncheckedIOException e) {
                throw failure(e.getCause());
            }
        }

        private long line() {
            return line;
        }

        private CSVRecord next() {
            return records.next();
        }

        private DataException failure(IOException e) {
            if (e instanceof CharacterCodingException) {
                return new DataException(
                        "%s: line %d or one soon after is not UTF-8 text; convert the file to UTF-8".formatted(path,
                                line),
                        e);
            }
            return new DataException(
                    "%s: line %d: %s; check the quotes".formatted(path, line, e.getMessage()), e);
        }
    }

    /** Some programs start UTF-8 files with the bytes EF BB BF, which are no part of the first cell. */
    private static InputStream withoutByteOrderMark(DataFile file) {
        byte[] start = new byte[3];
        int count = 0;
        while (count < 3) {
            int read = file.read(start, count, 3 - count);
            if (read < 0) {
                break;
            }
            count += read;
        }
        boolean marked = count == 3 && start[0] == (byte) 0xef && start[1] == (byte) 0xbb && start[2] == (byte) 0xbf;
        return marked
                ? file.stream()
                : new SequenceInputStream(new ByteArrayInputStream(start, 0, count), file.stream());
    }

    /** Ends reading where a quote that is never closed would make one cell of a whole file. */
    private static final class RowReader extends FilterReader {
        private int charsInRow;

        private RowReader(Reader in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            charsInRow++;
            return super.read();
        }

        @Override
        public int read(char[] into, int offset, int length) throws IOException {
            if (charsInRow > MAX_ROW_CHARS) {
                throw new IOException("the row has more than " + MAX_ROW_CHARS + " characters");
            }
            int count = super.read(into, offset, length);
            charsInRow += Math.max(count, 0);
            return count;
        }
    }
}
