package io.tandem.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Text files, characters as numbers, windows of tokens. */
class TextTest {
    @TempDir
    Path folder;

    @Test
    void textsAreReadPackedOrNot() throws IOException {
        String text = "Zwölf Boxkämpfer 🥊\nund ein Deich\n";
        Path plain = Files.writeString(folder.resolve("a.txt"), text);
        Path packed =
                Files.write(folder.resolve("a.txt.gz"), IdxReaderTest.gzip(text.getBytes(StandardCharsets.UTF_8)));
        assertEquals(text, TextCorpus.read(plain).text());
        assertEquals(text, TextCorpus.read(packed).text());
        TextCorpus ten = new TextCorpus("0123456789");
        assertEquals("012345678", ten.part(0, 0.9).text());
        assertEquals("9", ten.part(0.9, 1).text());
        assertThrows(IllegalArgumentException.class, () -> ten.part(0.5, 0.5));
    }

    @Test
    void wrongTexts() throws IOException {
        Path empty = Files.createFile(folder.resolve("empty"));
        assertTrue(assertThrows(DataException.class, () -> TextCorpus.read(empty)).getMessage().contains("is empty"));
        Path binary = Files.write(folder.resolve("binary"), new byte[] {'a', 'b', (byte) 0xff, 'c'});
        String message = assertThrows(DataException.class, () -> TextCorpus.read(binary)).getMessage();
        assertTrue(message.contains("the bytes at position 2 are not UTF-8"), message);
        Path cut = Files.write(folder.resolve("cut"), new byte[] {'a', (byte) 0xc3});
        assertThrows(DataException.class, () -> TextCorpus.read(cut));
    }

    @Test
    void charactersBecomeNumbersAndBack() {
        CharVocabulary vocabulary = CharVocabulary.of("hello 🥊\n");
        assertEquals(7, vocabulary.size());
        NDArray ids = vocabulary.encode("ohe🥊");
        assertEquals(NDArray.ofInts(Shape.of(4), 5, 3, 2, 6), ids);
        assertEquals("ohe🥊", vocabulary.decode(ids.toInts()));
        assertEquals(vocabulary, CharVocabulary.of(vocabulary.characters()));
        assertEquals(OptionalInt.of(2), vocabulary.id('e'));
        assertEquals(OptionalInt.empty(), vocabulary.id('x'));
        assertThrows(IllegalArgumentException.class, () -> CharVocabulary.of(""));
    }

    @Test
    void unknownCharactersAreNamed() {
        CharVocabulary vocabulary = CharVocabulary.of("ab\n");
        var e = assertThrows(IllegalArgumentException.class, () -> vocabulary.encode("abxa"));
        assertEquals("the character 'x' (U+0078) at position 2 is not in the vocabulary of 3 characters: \\nab",
                e.getMessage());
        var control = assertThrows(IllegalArgumentException.class, () -> vocabulary.encode("\r"));
        assertTrue(control.getMessage().startsWith("the character U+000D at position 0"), control.getMessage());
        assertThrows(IllegalArgumentException.class, () -> vocabulary.decode(3));
    }

    @Test
    void windowsOfTokens() {
        NDArray tokens = NDArray.generate(TensorType.of(DType.I32, 11), i -> 100 + i);
        TokenWindows sliding = TokenWindows.sliding(tokens, 4);
        assertEquals(7, sliding.size());
        assertEquals(List.of(TensorType.of(DType.I32, 4), TensorType.of(DType.I32, 4)), sliding.types());
        Batch batch = sliding.subset(6, 1).all();
        assertEquals(NDArray.ofInts(Shape.of(2, 4), 106, 107, 108, 109, 101, 102, 103, 104), batch.column(0));
        assertEquals(NDArray.ofInts(Shape.of(2, 4), 107, 108, 109, 110, 102, 103, 104, 105), batch.column(1));
        TokenWindows consecutive = TokenWindows.consecutive(tokens, 4);
        assertEquals(2, consecutive.size());
        assertEquals(NDArray.ofInts(Shape.of(2, 4), 101, 102, 103, 104, 105, 106, 107, 108),
                consecutive.all().column(1));
        assertEquals(1, TokenWindows.sliding(tokens, 10).size());
        assertThrows(IllegalArgumentException.class, () -> TokenWindows.sliding(tokens, 11));
        assertThrows(IllegalArgumentException.class, () -> TokenWindows.sliding(tokens, 0));
        assertThrows(IllegalArgumentException.class, () -> TokenWindows.sliding(tokens.cast(DType.F32), 2));
    }
}
