package io.tandem.data;

import java.nio.ByteBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.CharBuffer;
import java.nio.file.Path;

/**
 * A text to learn from.
 *
 * @param text the whole text, not empty
 */
public record TextCorpus(String text) {
    private static final int PIECE = 1 << 16;

    /** Checks that there is text. */
    public TextCorpus {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("the text is empty");
        }
    }

    /**
     * Reads a text file in UTF-8, packed by gzip or not.
     *
     * @throws DataException if the file is missing, damaged, empty, not UTF-8, or does not fit into memory
     */
    public static TextCorpus read(Path path) {
        long bytes = DataFile.unpackedBytes(path);
        if (bytes == 0) {
            throw new DataException(path + ": the file is empty, text is needed");
        }
        if (bytes > Integer.MAX_VALUE - 16) {
            throw new DataException(
                    "%s: %d bytes are too many for one text, at most 2 GB are possible; use a part of it"
                            .formatted(path, bytes));
        }
        byte[] content = new byte[(int) bytes];
        try (DataFile file = DataFile.open(path)) {
            file.readFully(content, 0, content.length, "text");
        }
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.wrap(content);
        // In pieces: first only whether it is text, and what memory its characters need.
        CharBuffer piece = CharBuffer.allocate(PIECE);
        boolean narrow = true;
        CoderResult result;
        do {
            result = decoder.decode(in, piece, true);
            narrow &= piece.flip().chars().allMatch(c -> c < 256);
            piece.clear();
        } while (result.isOverflow());
        if (result.isError()) {
            throw new DataException("%s: the bytes at position %d are not UTF-8; convert the file to UTF-8"
                    .formatted(path, in.position()));
        }
        DataFile.requireMemory(path, (narrow ? 3 : 5) * bytes, "its text");
        return new TextCorpus(new String(content, StandardCharsets.UTF_8));
    }

    /** The number of UTF-16 units. */
    public int length() {
        return text.length();
    }

    /** The text from {@code from} (inclusive) to {@code to} (exclusive), as fractions of the whole from 0 to 1. */
    public TextCorpus part(double from, double to) {
        if (!(from >= 0 && from < to && to <= 1)) {
            throw new IllegalArgumentException("not a part of a text: from %s to %s".formatted(from, to));
        }
        return new TextCorpus(text.substring((int) (from * text.length()), (int) (to * text.length())));
    }

    /** The characters that occur, as a vocabulary. */
    public CharVocabulary vocabulary() {
        return CharVocabulary.of(text);
    }
}
