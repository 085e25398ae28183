package io.tandem.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Boxes and arrows: a picture of a graph, or of a model by its layers, before it is drawn. {@link #dot} gives it in the
 * language of Graphviz, {@link #svg} draws it.
 *
 * @param boxes what is drawn
 * @param arrows what leads from box to box; no way along them comes back to where it began
 */
public record Diagram(List<Box> boxes, List<Arrow> arrows) {
    /** More boxes than this make no picture that can be read. */
    public static final int LARGEST = 4000;

    /** Checks that arrows join boxes that there are. */
    public Diagram {
        boxes = List.copyOf(boxes);
        arrows = List.copyOf(arrows);
        for (Arrow arrow : arrows) {
            if (Math.min(arrow.from(), arrow.to()) < 0 || Math.max(arrow.from(), arrow.to()) >= boxes.size()) {
                throw new IllegalArgumentException(
                        arrow + " leads from or to a box that is none of the " + boxes.size());
            }
        }
    }

    /** What a box stands for, which chooses its colour. */
    public enum Kind {
        /** A value from outside: data, parameters. */
        INPUT,
        /** A value known before. */
        CONSTANT,
        /** A computation. */
        OPERATION,
        /** A result. */
        OUTPUT
    }

    /**
     * A box.
     *
     * @param lines its text
     * @param detail what a viewer shows on demand
     * @param cluster the layer that it belongs to, or nothing
     * @param kind what it stands for
     */
    public record Box(List<String> lines, String detail, String cluster, Kind kind) {
        /** Copies the lines. */
        public Box {
            lines = List.copyOf(lines);
        }
    }

    /**
     * A line from box to box.
     *
     * @param from number of the first box
     * @param to number of the second box
     * @param label what goes that way
     */
    public record Arrow(int from, int to, String label) {}

    /** One box per node and per output of a graph; box {@code i} is node {@code i}. */
    public static Diagram of(Graph graph) {
        List<Box> boxes = new ArrayList<>();
        List<Arrow> arrows = new ArrayList<>();
        for (Node node : graph.nodes()) {
            Kind kind = switch (node.op()) {
                case Op.Input _ -> Kind.INPUT;
                case Op.Constant _,Op.Iota _ -> Kind.CONSTANT;
                case Op.Random _,Op.Unary _,Op.Binary _,Op.Compare _,Op.Select _,Op.Cast _,Op.Reshape _,Op.Permute _,Op.Broadcast _,Op.Slice _,Op.Pad _,Op.Concat _,Op.Flip _,Op.Reduce _,Op.ArgReduce _,Op.MatMul _,Op.Convolution _,Op.ConvolutionInputGradient _,Op.ConvolutionFilterGradient _,Op.Pool _,Op.PoolGradient _,Op.PoolPick _,Op.Gather _,Op.ScatterAdd _,Op.Scan _,Op.Composite _ ->
                    Kind.OPERATION;
            };
            List<String> lines = List.of(name(GraphText.label(node.op())), node.types().getFirst().toString());
            boxes.add(new Box(lines, GraphText.line(node), node.scope(), kind));
            for (Tensor operand : node.operands()) {
                arrows.add(new Arrow(operand.node().id(), node.id(), operand.type().toString()));
            }
        }
        for (Map.Entry<String, Tensor> output : graph.outputs().entrySet()) {
            Tensor value = output.getValue();
            arrows.add(new Arrow(value.node().id(), boxes.size(), value.type().toString()));
            boxes.add(new Box(List.of(output.getKey()), "output " + output.getKey(), "", Kind.OUTPUT));
        }
        return new Diagram(boxes, arrows);
    }

    /** The name of an operation without its attributes, but for inputs and small constants. */
    private static String name(String label) {
        int bracket = label.indexOf('[');
        if (bracket < 0 || label.length() <= 28) {
            return label;
        }
        return label.startsWith("input[") ? label.substring(bracket + 1, label.length() - 1)
                : label.substring(0, bracket);
    }

    /** The diagram in the DOT language of Graphviz; layers become clusters. */
    public String dot() {
        return DiagramDot.print(this);
    }

    /**
     * The diagram as an SVG picture, laid out in rows from top to bottom.
     *
     * @throws GraphException if there are more than {@link #LARGEST} boxes
     */
    public String svg() {
        if (boxes.size() > LARGEST) {
            throw new GraphException("a picture of " + boxes.size() + " boxes could not be read; at most " + LARGEST
                    + " are drawn: draw the model by its layers, or a part of it");
        }
        return DiagramSvg.print(this);
    }
}
