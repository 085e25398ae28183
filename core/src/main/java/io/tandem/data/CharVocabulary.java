package io.tandem.data;

import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.Arrays;
import java.util.OptionalInt;

/**
 * Numbers the characters (Unicode code points) of a text from 0, in the order of their code points, and turns text into
 * numbers and back.
 */
public final class CharVocabulary {
    private final int[] codePoints;

    private CharVocabulary(int[] codePoints) {
        this.codePoints = codePoints;
    }

    /**
     * The vocabulary of the characters that occur in {@code text}.
     *
     * @throws IllegalArgumentException if the text is empty
     */
    public static CharVocabulary of(CharSequence text) {
        int[] codePoints = text.codePoints().sorted().distinct().toArray();
        if (codePoints.length == 0) {
            throw new IllegalArgumentException("the text is empty, a vocabulary needs characters");
        }
        return new CharVocabulary(codePoints);
    }

    /** The number of characters. */
    public int size() {
        return codePoints.length;
    }

    /** All characters in their order; {@link #of} makes an equal vocabulary of it. */
    public String characters() {
        return new String(codePoints, 0, codePoints.length);
    }

    /** The number of a character, if it is in the vocabulary. */
    public OptionalInt id(int codePoint) {
        int id = Arrays.binarySearch(codePoints, codePoint);
        return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /**
     * The numbers of the characters of a text.
     *
     * @return {@code i32[characters]}
     * @throws IllegalArgumentException if a character is not in the vocabulary; the message names it and its position
     */
    public NDArray encode(CharSequence text) {
        int[] ids = text.codePoints().toArray();
        for (int i = 0; i < ids.length; i++) {
            int id = Arrays.binarySearch(codePoints, ids[i]);
            if (id < 0) {
                throw new IllegalArgumentException(
                        "the character %s at position %d is not in the vocabulary of %d characters: %s"
                                .formatted(describe(ids[i]), i, codePoints.length, shown()));
            }
            ids[i] = id;
        }
        return NDArray.ofInts(Shape.of(ids.length), ids);
    }

    /**
     * The text of numbers.
     *
     * @throws IllegalArgumentException if a number is not that of a character
     */
    public String decode(int... ids) {
        StringBuilder text = new StringBuilder(ids.length);
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= codePoints.length) {
                throw new IllegalArgumentException("number %d at position %d is outside of the vocabulary (0 to %d)"
                        .formatted(ids[i], i, codePoints.length - 1));
            }
            text.appendCodePoint(codePoints[ids[i]]);
        }
        return text.toString();
    }

    private static String describe(int codePoint) {
        String code = "U+%04X".formatted(codePoint);
        return Character.isISOControl(codePoint) ? code : "'%s' (%s)".formatted(Character.toString(codePoint), code);
    }

    private String shown() {
        int shown = Math.min(100, codePoints.length);
        String text = new String(codePoints, 0, shown).replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t");
        return shown < codePoints.length ? text + "..." : text;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CharVocabulary vocabulary && Arrays.equals(codePoints, vocabulary.codePoints);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(codePoints);
    }

    @Override
    public String toString() {
        return codePoints.length + " characters: " + shown();
    }
}
