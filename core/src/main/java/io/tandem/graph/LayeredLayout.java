package io.tandem.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Places boxes in rows so that all arrows lead down (Sugiyama, Tagawa and Toda, 1981): rows by the longest way from a box
 * without arrows into it; long arrows pass the rows between through points of their own; the order within a row follows
 * the mean place of the neighbours; last, each box goes as near to its neighbours as its row allows.
 */
final class LayeredLayout {
    private static final int SWEEPS = 16;
    private static final double GAP = 18;
    private static final double POINT_WIDTH = 4;

    private final double[] widths;
    private final int boxes;
    private final int[] rows;
    private final List<List<Integer>> above = new ArrayList<>();
    private final List<List<Integer>> below = new ArrayList<>();
    private final List<int[]> routes = new ArrayList<>();
    private final List<List<Integer>> order = new ArrayList<>();
    private final int[] place;
    private final double[] x;

    /**
     * Lays out.
     *
     * @param boxWidths widths of the boxes
     * @param arrows pairs of box numbers, without a way back
     */
    LayeredLayout(double[] boxWidths, List<int[]> arrows) {
        boxes = boxWidths.length;
        int[] boxRows = longestWays(boxes, arrows);
        int points = arrows.stream()
                .mapToInt(a -> Math.max(0, boxRows[a[1]] - boxRows[a[0]] - 1))
                .sum();
        widths = Arrays.copyOf(boxWidths, boxes + points);
        Arrays.fill(widths, boxes, boxes + points, POINT_WIDTH);
        rows = Arrays.copyOf(boxRows, boxes + points);
        place = new int[boxes + points];
        x = new double[boxes + points];
        for (int i = 0; i < boxes + points; i++) {
            above.add(new ArrayList<>());
            below.add(new ArrayList<>());
        }
        int next = boxes;
        for (int[] arrow : arrows) {
            int[] route = new int[boxRows[arrow[1]] - boxRows[arrow[0]] + 1];
            route[0] = arrow[0];
            for (int i = 1; i < route.length; i++) {
                route[i] = i == route.length - 1 ? arrow[1] : next++;
                rows[route[i]] = boxRows[arrow[0]] + i;
                above.get(route[i]).add(route[i - 1]);
                below.get(route[i - 1]).add(route[i]);
            }
            routes.add(route);
        }
        int count = Arrays.stream(boxRows).max().orElse(-1) + 1;
        for (int r = 0; r < count; r++) {
            order.add(new ArrayList<>());
        }
        for (int i = 0; i < rows.length; i++) {
            order.get(rows[i]).add(i);
        }
        order();
        place();
    }

    /** The row of a box, from 0. */
    int row(int box) {
        return rows[box];
    }

    int rowCount() {
        return order.size();
    }

    /** The middle of a box, or of a point of a route; the leftmost edge is at 0. */
    double x(int item) {
        return x[item];
    }

    double width(int item) {
        return widths[item];
    }

    /** The box, the points and the box that an arrow leads along, one per row. */
    int[] route(int arrow) {
        return routes.get(arrow);
    }

    private static int[] longestWays(int boxes, List<int[]> arrows) {
        List<List<Integer>> next = IntStream.range(0, boxes)
                .<List<Integer>>mapToObj(i -> new ArrayList<>())
                .toList();
        int[] open = new int[boxes];
        for (int[] arrow : arrows) {
            next.get(arrow[0]).add(arrow[1]);
            open[arrow[1]]++;
        }
        int[] entering = open.clone();
        int[] row = new int[boxes];
        List<Integer> ready = new ArrayList<>(
                IntStream.range(0, boxes).filter(i -> open[i] == 0).boxed().toList());
        for (int at = 0; at < ready.size(); at++) {
            int box = ready.get(at);
            for (int to : next.get(box)) {
                row[to] = Math.max(row[to], row[box] + 1);
                if (--open[to] == 0) {
                    ready.add(to);
                }
            }
        }
        if (ready.size() < boxes) {
            throw new IllegalArgumentException("the arrows lead back to where they began");
        }
        // What nothing leads to, such as a parameter, stands right above its first use, and with it what follows from it
        // alone.
        boolean[] loose = new boolean[boxes];
        for (int box : ready) {
            loose[box] |= entering[box] == 0;
            if (loose[box]) {
                next.get(box).forEach(to -> loose[to] |= entering[to] == 1);
            }
        }
        for (int box : ready.reversed()) {
            if (loose[box]) {
                row[box] = next.get(box).stream().mapToInt(to -> row[to]).min().orElse(row[box] + 1) - 1;
            }
        }
        return row;
    }

    private void order() {
        number();
        List<List<Integer>> best = copy();
        long fewest = crossings();
        for (int sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
            boolean down = sweep % 2 == 0;
            for (int i = 0; i < order.size(); i++) {
                int row = down ? i : order.size() - 1 - i;
                List<List<Integer>> neighbours = down ? above : below;
                double[] mean = new double[rows.length];
                for (int item : order.get(row)) {
                    mean[item] = neighbours.get(item).stream()
                            .mapToInt(n -> place[n])
                            .average()
                            .orElse(place[item]);
                }
                order.get(row).sort(Comparator.comparingDouble(item -> mean[item]));
                number(row);
            }
            long crossings = crossings();
            if (crossings < fewest) {
                fewest = crossings;
                best = copy();
            }
        }
        for (int row = 0; row < order.size(); row++) {
            order.set(row, best.get(row));
        }
        number();
    }

    private List<List<Integer>> copy() {
        return order.stream().<List<Integer>>map(ArrayList::new).toList();
    }

    private void number() {
        IntStream.range(0, order.size()).forEach(this::number);
    }

    private void number(int row) {
        List<Integer> items = order.get(row);
        for (int i = 0; i < items.size(); i++) {
            place[items.get(i)] = i;
        }
    }

    /** How many pairs of lines cross: inversions, counted with a Fenwick tree. */
    private long crossings() {
        long crossings = 0;
        for (int row = 0; row + 1 < order.size(); row++) {
            int size = order.get(row + 1).size();
            int[] tree = new int[size + 1];
            int seen = 0;
            for (int item : order.get(row)) {
                int[] ends = below.get(item).stream().mapToInt(n -> place[n]).toArray();
                for (int end : ends) {
                    int before = 0;
                    for (int i = end + 1; i > 0; i -= i & -i) {
                        before += tree[i];
                    }
                    crossings += seen - before;
                }
                for (int end : ends) {
                    for (int i = end + 1; i <= size; i += i & -i) {
                        tree[i]++;
                    }
                    seen++;
                }
            }
        }
        return crossings;
    }

    private void place() {
        for (List<Integer> row : order) {
            settle(row, row.stream().mapToDouble(item -> 0).toArray());
        }
        for (int sweep = 0; sweep < SWEEPS; sweep++) {
            boolean down = sweep % 2 == 0;
            for (int i = 0; i < order.size(); i++) {
                List<Integer> row = order.get(down ? i : order.size() - 1 - i);
                List<List<Integer>> neighbours = down ? above : below;
                settle(row, row.stream()
                        .mapToDouble(item -> neighbours.get(item).stream()
                                .mapToDouble(n -> x[n])
                                .average()
                                .orElse(x[item]))
                        .toArray());
            }
        }
        double left = IntStream.range(0, rows.length)
                .mapToDouble(i -> x[i] - widths[i] / 2)
                .min()
                .orElse(0);
        for (int i = 0; i < x.length; i++) {
            x[i] -= left;
        }
    }

    /**
     * Places a row's items as near to the wanted places as their order and sizes allow, by least squares: with the room of
     * the items before taken off, that is a regression by a rising sequence, which merging neighbours solves.
     */
    private void settle(List<Integer> row, double[] wanted) {
        int count = row.size();
        double[] room = new double[count];
        double[] mean = new double[count];
        int[] size = new int[count];
        int blocks = 0;
        for (int i = 0; i < count; i++) {
            room[i] = i == 0
                    ? 0
                    : room[i - 1] + (widths[row.get(i - 1)] + widths[row.get(i)]) / 2 + GAP;
            mean[blocks] = wanted[i] - room[i];
            size[blocks++] = 1;
            while (blocks > 1 && mean[blocks - 2] >= mean[blocks - 1]) {
                int sum = size[blocks - 2] + size[blocks - 1];
                mean[blocks - 2] =
                        (mean[blocks - 2] * size[blocks - 2] + mean[blocks - 1] * size[blocks - 1]) / sum;
                size[blocks-- - 2] = sum;
            }
        }
        int item = 0;
        for (int block = 0; block < blocks; block++) {
            for (int i = 0; i < size[block]; i++, item++) {
                x[row.get(item)] = mean[block] + room[item];
            }
        }
    }
}
