package io.tandem.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DiagramTest {
    private static Diagram.Box box(String name) {
        return new Diagram.Box(List.of(name), name, "", Diagram.Kind.OPERATION);
    }

    @Test
    void rowsFollowTheLongestWayAndParametersStandAboveTheirUse() {
        // 0 -> 1 -> 2, 0 -> 2, and 3 -> 2 where 3 is a parameter.
        LayeredLayout layout = new LayeredLayout(
                new double[] {50, 50, 50, 50},
                List.of(new int[] {0, 1}, new int[] {1, 2}, new int[] {0, 2}, new int[] {3, 2}));
        assertEquals(0, layout.row(0));
        assertEquals(1, layout.row(1));
        assertEquals(2, layout.row(2));
        assertEquals(1, layout.row(3));
        assertEquals(3, layout.route(2).length);
        assertEquals(2, layout.route(1).length);
    }

    @Test
    void aChainStandsInALine() {
        LayeredLayout layout =
                new LayeredLayout(new double[] {40, 80, 20}, List.of(new int[] {0, 1}, new int[] {1, 2}));
        assertEquals(40, layout.x(1));
        assertEquals(layout.x(1), layout.x(0), 1e-9);
        assertEquals(layout.x(1), layout.x(2), 1e-9);
    }

    @Test
    void crossingsThatCanBeAvoidedAre() {
        // Two chains that are numbered crosswise.
        LayeredLayout layout = new LayeredLayout(
                new double[] {30, 30, 30, 30},
                List.of(new int[] {0, 3}, new int[] {1, 2}));
        assertEquals(layout.x(0) < layout.x(1), layout.x(3) < layout.x(2));
    }

    @Test
    void nothingInARowOverlaps() {
        Random random = new Random(3);
        int count = 300;
        double[] widths = random.doubles(count, 10, 200).toArray();
        List<int[]> arrows = new ArrayList<>();
        for (int to = 1; to < count; to++) {
            for (int k = 0; k < 2; k++) {
                arrows.add(new int[] {Math.max(0, to - 1 - random.nextInt(40)), to});
            }
        }
        LayeredLayout layout = new LayeredLayout(widths, arrows);
        for (int[] arrow : arrows) {
            assertTrue(layout.row(arrow[0]) < layout.row(arrow[1]));
        }
        for (int a = 0; a < count; a++) {
            assertTrue(layout.x(a) - widths[a] / 2 > -1e-6);
            for (int b = a + 1; b < count; b++) {
                if (layout.row(a) == layout.row(b)) {
                    double room = (widths[a] + widths[b]) / 2;
                    assertTrue(Math.abs(layout.x(a) - layout.x(b)) >= room, a + " and " + b);
                }
            }
        }
    }

    @Test
    void textIsEscaped() {
        String name = "a<b & \"c\"\n";
        Diagram diagram = new Diagram(List.of(box(name), box("d")), List.of(new Diagram.Arrow(0, 1, "<&>")));
        assertTrue(diagram.svg().contains("a&lt;b &amp; &quot;c&quot; "));
        assertFalse(diagram.svg().contains("<&>"));
        assertTrue(diagram.dot().contains("n0 [label=\"a<b & \\\"c\\\"\\n\""), diagram::dot);
        assertTrue(diagram.dot().contains("n0 -> n1 [label=\"<&>\"];"));
    }

    @Test
    void whatCannotBeDrawnIsRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new Diagram(List.of(box("a")), List.of(new Diagram.Arrow(0, 1, ""))));
        Diagram circle = new Diagram(
                List.of(box("a"), box("b")), List.of(new Diagram.Arrow(0, 1, ""), new Diagram.Arrow(1, 0, "")));
        assertThrows(IllegalArgumentException.class, circle::svg);
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(2));
        for (int i = 0; i < Diagram.LARGEST; i++) {
            x = x.neg();
        }
        String message = assertThrows(GraphException.class, () -> Diagram.of(graph).svg()).getMessage();
        assertTrue(message.startsWith("a picture of 4001 boxes could not be read"), message);
    }

    @Test
    void anEmptyGraphHasAnEmptyPicture() {
        assertTrue(Diagram.of(new Graph()).svg().contains("</svg>"));
    }
}
