package io.tandem.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Draws a diagram as SVG (W3C, 2011), without any tool beside. */
final class DiagramSvg {
    private static final double CHARACTER = 7.3;
    private static final double LINE = 16;
    private static final double SIDE = 10;
    private static final double MARGIN = 20;
    private static final double ROW_GAP = 34;
    private static final int LONGEST = 44;

    private static final String STYLE =
            """
                      <style>
                        rect { stroke: #6b7585; fill: #ffffff }
                        .input rect { fill: #dcebfa }
                        .constant rect { fill: #f0f1f3 }
                        .output rect { fill: #d9f2e3 }
                        text { font: 12px monospace; fill: #222b3a; text-anchor: middle }
                        text.layer { font-size: 10px; fill: #6b7585 }
                        path { fill: none; stroke: #9aa3b0 }
                      </style>
                      <defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="3" orient="auto">\
                    <path d="M0,0 L7,3 L0,6 z" style="fill: #9aa3b0"/></marker></defs>
                    """;

    private final Diagram diagram;
    private final List<List<String>> texts = new ArrayList<>();
    private final LayeredLayout layout;
    private final double[] tops;
    private final double[] heights;

    private DiagramSvg(Diagram diagram) {
        this.diagram = diagram;
        diagram.boxes().forEach(box -> texts.add(text(box)));
        double[] widths = texts.stream()
                .mapToDouble(lines -> 2 * SIDE
                        + CHARACTER * lines.stream().mapToInt(String::length).max().orElse(0))
                .toArray();
        layout = new LayeredLayout(
                widths,
                diagram.arrows().stream()
                        .map(a -> new int[] {a.from(), a.to()})
                        .toList());
        heights = new double[layout.rowCount()];
        for (int i = 0; i < texts.size(); i++) {
            int row = layout.row(i);
            heights[row] = Math.max(heights[row], height(i));
        }
        tops = new double[layout.rowCount()];
        for (int row = 1; row < tops.length; row++) {
            tops[row] = tops[row - 1] + heights[row - 1] + ROW_GAP;
        }
    }

    static String print(Diagram diagram) {
        return new DiagramSvg(diagram).print();
    }

    private static List<String> text(Diagram.Box box) {
        List<String> lines = new ArrayList<>();
        box.lines().forEach(line -> lines.add(cut(line)));
        if (!box.cluster().isEmpty()) {
            lines.add(cut(box.cluster()));
        }
        return lines;
    }

    private static String cut(String line) {
        return line.length() > LONGEST ? line.substring(0, LONGEST - 3) + "..." : line;
    }

    private double height(int box) {
        return LINE * texts.get(box).size() + SIDE;
    }

    private String print() {
        double width = 0;
        for (int i = 0; i < texts.size(); i++) {
            width = Math.max(width, layout.x(i) + layout.width(i) / 2);
        }
        for (int i = 0; i < diagram.arrows().size(); i++) {
            for (int item : layout.route(i)) {
                width = Math.max(width, layout.x(item) + layout.width(item) / 2);
            }
        }
        double height = tops.length == 0 ? 0 : tops[tops.length - 1] + heights[heights.length - 1];
        StringBuilder svg = new StringBuilder();
        add(svg,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"%.0f %.0f %.0f %.0f\">%n",
                width + 2 * MARGIN,
                height + 2 * MARGIN,
                -MARGIN,
                -MARGIN,
                width + 2 * MARGIN,
                height + 2 * MARGIN);
        svg.append(STYLE);
        for (int i = 0; i < diagram.arrows().size(); i++) {
            arrow(svg, i);
        }
        for (int i = 0; i < texts.size(); i++) {
            box(svg, i);
        }
        return svg.append("</svg>\n").toString();
    }

    private void box(StringBuilder svg, int i) {
        Diagram.Box box = diagram.boxes().get(i);
        double top = tops[layout.row(i)];
        add(svg, "  <g id=\"n%d\" class=\"%s\"><title>%s</title>", i, GraphText.lower(box.kind()),
                escape(box.detail()));
        add(svg,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%d\"/>",
                layout.x(i) - layout.width(i) / 2,
                top,
                layout.width(i),
                height(i),
                box.kind() == Diagram.Kind.OPERATION ? 4 : 12);
        List<String> lines = texts.get(i);
        for (int line = 0; line < lines.size(); line++) {
            boolean layer = line == box.lines().size();
            add(svg,
                    "<text%s x=\"%.1f\" y=\"%.1f\">%s</text>",
                    layer ? " class=\"layer\"" : "",
                    layout.x(i),
                    top + LINE * (line + 1),
                    escape(lines.get(line)));
        }
        svg.append("</g>\n");
    }

    /** A curve through the points of the arrow's route; in the rows between it goes straight down. */
    private void arrow(StringBuilder svg, int i) {
        int[] route = layout.route(i);
        int row = layout.row(route[0]);
        double x = layout.x(route[0]);
        double y = tops[row] + height(route[0]);
        add(svg, "  <path marker-end=\"url(#tip)\" d=\"M%.1f,%.1f", x, y);
        for (int k = 1; k < route.length; k++) {
            double nextX = layout.x(route[k]);
            double nextY = tops[row + k];
            double middle = (y + nextY) / 2;
            add(svg, " C%.1f,%.1f %.1f,%.1f %.1f,%.1f", x, middle, nextX, middle, nextX, nextY);
            x = nextX;
            y = nextY;
            if (k < route.length - 1) {
                y = nextY + heights[row + k];
                add(svg, " V%.1f", y);
            }
        }
        add(svg, "\"><title>%s</title></path>%n", escape(diagram.arrows().get(i).label()));
    }

    private static void add(StringBuilder svg, String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values));
    }

    private static String escape(String text) {
        StringBuilder escaped = new StringBuilder();
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                default -> escaped.appendCodePoint(c < ' ' || c == 0xFFFE || c == 0xFFFF ? ' ' : c);
            }
        });
        return escaped.toString();
    }
}
