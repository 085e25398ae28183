package io.tandem.cpu.codegen.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Compares encodings with those of the GNU assembler, which are kept in files: what to write, the bytes, and the same
 * in assembly language.
 */
class AssemblerTest {
    private record Case(List<String> words, String bytes, String text) {}

    private static List<Case> cases(String file) {
        try (InputStream stream = AssemblerTest.class.getResourceAsStream(file)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.split(" \\| "))
                    .map(parts -> new Case(Arrays.asList(parts[0].split(" ")), parts[1], parts[2]))
                    .toList();
        } catch (IOException e) {
            throw new IllegalStateException("no test file " + file, e);
        }
    }

    private static Operand operand(String text) {
        if (!text.startsWith("m:")) {
            return Operand.register(Integer.parseInt(text));
        }
        String[] parts = text.substring(2).split(",");
        return new Operand.Memory(
                Integer.parseInt(parts[0]),
                Integer.parseInt(parts[1]),
                Integer.parseInt(parts[2]),
                Integer.parseInt(parts[3]),
                parts.length == 5);
    }

    private static void check(Case expected, Assembler code) {
        assertEquals(expected.bytes, HexFormat.of().formatHex(code.finish()), expected.text);
    }

    private static int number(Case example, int word) {
        return Integer.parseInt(example.words.get(word));
    }

    @Test
    void vectorInstructions() {
        Set<VectorInstruction> missing = EnumSet.allOf(VectorInstruction.class);
        for (Case example : cases("vector-instructions.txt")) {
            Assembler code = new Assembler();
            VectorInstruction instruction = VectorInstruction.valueOf(example.words.getFirst());
            missing.remove(instruction);
            Operand operand = operand(example.words.get(4));
            code.vector(
                    instruction,
                    number(example, 1),
                    number(example, 2),
                    number(example, 3),
                    operand,
                    number(example, 5),
                    number(example, 6));
            check(example, code);
        }
        assertTrue(missing.isEmpty(), () -> "not tested: " + missing);
    }

    @Test
    void maskInstructions() {
        Set<MaskInstruction> missing = EnumSet.allOf(MaskInstruction.class);
        for (Case example : cases("mask-instructions.txt")) {
            Assembler code = new Assembler();
            MaskInstruction instruction = MaskInstruction.valueOf(example.words.getFirst());
            missing.remove(instruction);
            code.mask(instruction, number(example, 1), number(example, 2), operand(example.words.get(3)));
            check(example, code);
        }
        assertTrue(missing.isEmpty(), () -> "not tested: " + missing);
    }

    @Test
    void generalInstructions() {
        Set<GeneralInstruction> missing = EnumSet.allOf(GeneralInstruction.class);
        for (Case example : cases("general-instructions.txt")) {
            Assembler code = new Assembler();
            GeneralInstruction instruction = GeneralInstruction.valueOf(example.words.getFirst());
            missing.remove(instruction);
            Operand operand = operand(example.words.get(2));
            String immediate = example.words.get(3);
            switch (immediate.charAt(0)) {
                case 'b' -> code.shift(
                        instruction, number(example, 1), operand, Integer.parseInt(immediate.substring(1)));
                case 'd' -> code.general(
                        instruction, number(example, 1), operand, Long.parseLong(immediate.substring(1)));
                default -> code.general(instruction, number(example, 1), operand);
            }
            check(example, code);
        }
        assertTrue(missing.isEmpty(), () -> "not tested: " + missing);
    }

    @Test
    void jumpsAndConstants() {
        Assembler code = new Assembler();
        Label start = code.label();
        Label end = code.label();
        code.place(start);
        code.push(General.RBX);
        code.push(General.R12);
        code.jump(Condition.EQUAL, end);
        code.vector(VectorInstruction.VBROADCASTSD, 512, 1, 0, code.constant(0x1122334455667788L, false));
        code.vector(VectorInstruction.VCMPPD, 512, 2, 1, code.constant(0x1122334455667788L, true), 0, 3);
        code.jump(start);
        code.place(end);
        code.move(General.R9, -2);
        code.pop(General.R12);
        code.pop(General.RBX);
        // push rbx; push r12; je +26; vbroadcastsd zmm1,[rip+..]; vcmpunordpd k2,zmm1,[rip+..]{1to8}; jmp start; ...
        assertEquals(
                "53" + "4154" + "0f841a000000" + "62f2fd48190d1d000000" + "62f1f558c21512000000" + "03"
                        + "e9ddffffff" + "49b9feffffffffffffff" + "415c" + "5b" + "8877665544332211",
                HexFormat.of().formatHex(code.finish()));
    }

    @Test
    void mistakesAreNoticed() {
        Assembler code = new Assembler();
        Label label = code.label();
        code.place(label);
        assertThrows(IllegalStateException.class, () -> code.place(label));
        assertThrows(
                IllegalArgumentException.class,
                () -> code.general(GeneralInstruction.ADD_IMMEDIATE, 0, Operand.register(1), 1L << 40));
    }
}
