package io.tandem.samples.tutorial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.samples.HelloDigits;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** The example of the README is a program of the samples, and it learns. */
@ResourceLock(Resources.SYSTEM_OUT)
class ReadmeTest {
    @Test
    void blockIsTheBodyOfHelloDigits() {
        String source = Snippets.file("samples/src/main/java/io/tandem/samples/HelloDigits.java");
        String start = "public static void main(String[] arguments) {\n";
        String body = source.substring(source.indexOf(start) + start.length(), source.lastIndexOf("    }\n}"));
        String block = Snippets.blocks(Snippets.file("README.md")).getFirst().code();
        assertEquals(Snippets.toMargin(body), block);
    }

    @Test
    void helloDigitsReadsDigits() {
        Printed printed = Printed.by(() -> HelloDigits.main(new String[0]));
        double accuracy = Printed.figureOf(printed.text(), "accuracy");
        assertTrue(accuracy > 0.9, printed::text);
    }
}
