package io.tandem.samples.tutorial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** The tutorial shows what the chapters' files have, and each chapter does what the text says. */
@ResourceLock(Resources.SYSTEM_OUT)
class TutorialTest {
    @Test
    void blocksAreTheRegionsOfTheChapters() {
        List<Snippets.Block> blocks = Snippets.blocks(Snippets.file("docs/tutorial.md"));
        Map<String, String> regions = Snippets.regions();
        for (Snippets.Block block : blocks) {
            assertTrue(regions.containsKey(block.name()),
                    () -> "no region '" + block.name() + "' for:\n" + block.code());
            assertEquals(regions.get(block.name()), block.code(), block.name());
        }
        assertEquals(
                List.copyOf(regions.keySet()).stream().sorted().toList(),
                blocks.stream().map(Snippets.Block::name).sorted().toList());
    }

    @Test
    void chapter01() {
        Printed printed = Printed.by(Chapter01Gradients::main);
        assertEquals(14, printed.number("value"));
        assertEquals("[2.0, 4.0, 6.0]", printed.after("gradient"));
        assertEquals(3, printed.number("minimum at"), 1e-4);
    }

    @Test
    void chapter02() {
        Printed printed = Printed.by(Chapter02Perceptron::main);
        assertEquals("[2, 3, 3, 2, 1, 0]", printed.after("AND, mistakes per pass"));
        assertEquals("false", printed.after("XOR learned"));
        assertEquals("[0.0, 1.0, 1.0, 0.0]", printed.after("XOR of two layers"));
    }

    @Test
    void chapter03() {
        Printed printed = Printed.by(Chapter03LogisticRegression::main);
        assertEquals(Math.log(2), printed.number("loss of step 0"), 1e-6);
        assertTrue(printed.number("loss of step 99") < 0.05, printed::text);
        assertTrue(printed.number("accuracy") > 0.95, printed::text);
    }

    @Test
    void chapter04() {
        Printed printed = Printed.by(Chapter04Mlp::main);
        assertTrue(printed.text().contains("354 parameters"), printed::text);
        assertTrue(printed.figure("training", "accuracy") > 0.97, printed::text);
        assertTrue(printed.figure("validation", "accuracy") > 0.97, printed::text);
    }

    @Test
    void chapter05() {
        Printed printed = Printed.by(Chapter05Optimizers::main);
        assertEquals(3, printed.number("bias by squares"), 0.1);
        assertEquals(1.1, printed.number("bias by Huber"), 0.05);
        assertEquals(1, printed.number("bias by own loss"), 0.05);
        double sgd = printed.number("loss with SGD");
        double momentum = printed.number("loss with momentum");
        double adam = printed.number("loss with Adam");
        double oneCycle = printed.number("loss with one cycle");
        assertTrue(sgd > momentum && momentum > adam && adam > oneCycle, printed::text);
    }

    @Test
    void chapter06() {
        Printed printed = Printed.by(Chapter06Generalization::main);
        assertTrue(printed.after("hint").startsWith("Overfitting: "), printed::text);
        assertTrue(printed.number("epochs") < 150, printed::text);
        assertTrue(printed.number("best loss") < 0.5 * printed.number("loss at the end"), printed::text);
    }

    @Test
    void chapter07() {
        Printed printed = Printed.by(Chapter07Digits::main);
        assertTrue(printed.figure("test", "accuracy") > 0.9, printed::text);
        assertTrue(printed.after("the first digit is read as").matches("[0-9]"), printed::text);
    }

    @Test
    void chapter08(@TempDir Path folder) {
        Printed printed = Printed.by(() -> Chapter08Saving.lesson(folder));
        assertEquals(60, printed.number("going on after step"));
        assertEquals("true", printed.after("equal"));
        assertTrue(Files.isRegularFile(folder.resolve("digits.onnx")));
        double alone = printed.number("alone");
        assertTrue(alone > 0.6, printed::text);
        assertTrue(printed.number("with the body of the other") > alone, printed::text);
    }

    @Test
    void chapter09() {
        Printed printed = Printed.by(Chapter09Forecast::main);
        double naive = printed.figure("last value", "loss");
        assertEquals(0.044, naive, 0.002);
        assertTrue(printed.figure("LSTM", "loss") < naive / 100, printed::text);
    }

    @Test
    void chapter10() {
        Printed printed = Printed.by(Chapter10Transformer::main);
        assertEquals("[f32[6, 8]] to [f32[6, 4]]", printed.after("attention"));
        assertTrue(printed.number("loss") < 0.5, printed::text);
        String first = Chapter10Transformer.RHYME.lines().findFirst().orElseThrow();
        assertTrue(printed.text().contains(first + "\n"), printed::text);
    }

    @Test
    void chapter11() {
        Printed printed = Printed.by(Chapter11Devices::main);
        double exact = printed.number("reference, float64");
        assertEquals(exact, printed.number("reference, float32"), 1e-5);
        assertEquals(exact, printed.number("cpu, float32"), 1e-5);
        assertEquals(exact, printed.number("cpu, products in bfloat16"), 0.02);
        assertEquals("[reference]", printed.after("backend reference"));
        Stream<String> steps = printed.text().lines().filter(line -> line.matches("\\d+ us: .+"));
        assertEquals(3, steps.count(), printed::text);
        assertFalse(printed.text().contains("NaN"), printed::text);
    }
}
