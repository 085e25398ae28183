package io.tandem.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Diagram;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.nn.Mode;
import io.tandem.nn.Model;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** Graphs, forward and backward, and models are printed and drawn. */
@Tag("contract")
class Contract3_6PicturesTest {
    /** LeNet-5 with a loss and the gradients of all parameters. */
    private static Graph forwardAndBackward() {
        Model.Traced traced = Model.of(LeNet5.of(), 1, 28, 28).trace(Mode.TRAINING, 2);
        Graph graph = traced.trace().graph();
        Tensor loss = traced.outputs().getFirst().square().mean();
        List<String> names = List.copyOf(traced.trace().params().keySet());
        List<Tensor> gradients = Gradients.of(loss, List.copyOf(traced.trace().params().values()));
        graph.output("loss", loss);
        for (int i = 0; i < names.size(); i++) {
            graph.output("gradient of " + names.get(i), gradients.get(i));
        }
        return graph;
    }

    @Test
    void theTextIsStable() {
        assertEquals(forwardAndBackward().toString(), forwardAndBackward().toString());
        assertTrue(forwardAndBackward().toString().contains("convolution-filter-gradient"));
    }

    @Test
    void forwardAndBackwardAreDrawn() {
        Graph graph = forwardAndBackward();
        Diagram diagram = Diagram.of(graph);
        assertEquals(graph.nodes().size() + graph.outputs().size(), diagram.boxes().size());
        check(diagram);
        for (int i = 0; i < diagram.boxes().size(); i++) {
            assertTrue(diagram.dot().contains("    n" + i + " ["), "box " + i);
        }
    }

    @ParameterizedTest
    @EnumSource
    void modelsAreDrawnByTheirLayers(Zoo zoo) {
        Model model = zoo.model();
        Diagram diagram = model.diagram();
        check(diagram);
        Set<String> drawn = new HashSet<>();
        diagram.boxes().forEach(box -> drawn.addAll(box.lines()));
        model.profile().layers().stream()
                .filter(layer -> layer.parameters() > 0)
                .forEach(layer -> assertTrue(drawn.contains(layer.path()), layer.path()));
    }

    /** Well-formed XML in which every box is found, none over another, and all inside of the picture. */
    private static void check(Diagram diagram) {
        Element svg = parse(diagram.svg()).getDocumentElement();
        assertEquals("svg", svg.getTagName());
        String[] view = svg.getAttribute("viewBox").split(" ");
        List<double[]> boxes = new ArrayList<>();
        Set<String> found = new HashSet<>();
        NodeList groups = svg.getElementsByTagName("g");
        for (int i = 0; i < groups.getLength(); i++) {
            Element group = (Element) groups.item(i);
            found.add(group.getAttribute("id"));
            Element rect = (Element) group.getElementsByTagName("rect").item(0);
            double x = Double.parseDouble(rect.getAttribute("x"));
            double y = Double.parseDouble(rect.getAttribute("y"));
            boxes.add(new double[] {
                x,
                y,
                x + Double.parseDouble(rect.getAttribute("width")),
                y + Double.parseDouble(rect.getAttribute("height"))
            });
            String[] lines = group.getTextContent().split("\n");
            assertFalse(lines[0].isBlank());
        }
        assertEquals(diagram.boxes().size(), found.size());
        for (int i = 0; i < diagram.boxes().size(); i++) {
            assertTrue(found.contains("n" + i), "box " + i + " is missing");
        }
        assertEquals(diagram.arrows().size() + 1, svg.getElementsByTagName("path").getLength());
        double left = Double.parseDouble(view[0]);
        double top = Double.parseDouble(view[1]);
        for (int i = 0; i < boxes.size(); i++) {
            double[] a = boxes.get(i);
            assertTrue(a[0] >= left && a[1] >= top, "box left of the picture, or above");
            assertTrue(a[2] <= left + Double.parseDouble(view[2]), "box right of the picture");
            assertTrue(a[3] <= top + Double.parseDouble(view[3]), "box below the picture");
            for (int k = i + 1; k < boxes.size(); k++) {
                double[] b = boxes.get(k);
                assertFalse(a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3], "boxes overlap");
            }
        }
    }

    private static Document parse(String xml) {
        try {
            return DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new InputSource(new StringReader(xml)));
        } catch (javax.xml.parsers.ParserConfigurationException | org.xml.sax.SAXException e) {
            throw new AssertionError(e);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
