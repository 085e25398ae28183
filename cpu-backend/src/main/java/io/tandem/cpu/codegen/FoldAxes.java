package io.tandem.cpu.codegen;

import io.tandem.compile.Kernel;
import io.tandem.cpu.codegen.IndexSpace.Axis;
import java.util.List;

/**
 * How the index space of a kernel with folds is walked.
 *
 * @param acrossRows whether elements are vectorised across rows, or else along them
 * @param rowAxis the outer axis whose rows are taken together
 * @param columnAxis the inner axis that is vectorised, or -1 if that is {@code rowAxis}
 */
record FoldAxes(boolean acrossRows, int rowAxis, int columnAxis) {
    static FoldAxes choose(Kernel kernel, IndexSpace space) {
        boolean[] perRow = kernel.perRow();
        int outer = space.outer().size();
        List<Axis> axes = space.axes();
        int row = outer - 1;
        double rowScore = -1;
        int column = axes.size() - 1;
        double columnScore = -1;
        for (int i = axes.size() - 1; i >= 0; i--) {
            double score = contiguous(kernel, perRow, axes.get(i)) * (double) Math.min(16, axes.get(i).size());
            if (i < outer && score > rowScore) {
                row = i;
                rowScore = score;
            } else if (i >= outer && score > columnScore) {
                column = i;
                columnScore = score;
            }
        }
        boolean shortRows = IndexSpace.size(space.inner()) < 8 && axes.get(row).size() >= 32;
        boolean across = rowScore > columnScore || shortRows;
        return new FoldAxes(across, across ? row : storeAxis(kernel, space), across ? -1 : column);
    }

    /** The number of elements' accesses that are contiguous along an axis. */
    private static int contiguous(Kernel kernel, boolean[] perRow, Axis axis) {
        int count = 0;
        for (int i = 0; i < perRow.length; i++) {
            if (kernel.body().get(i) instanceof Kernel.Load && !perRow[i] && axis.strides()[i] == 1) {
                count++;
            }
        }
        for (int i = 0; i < kernel.stores().size(); i++) {
            if (!perRow[kernel.stores().get(i).value()] && axis.strides()[perRow.length + i] == 1) {
                count++;
            }
        }
        return count;
    }

    /** The outer axis along which results per row are contiguous, if there is one. */
    private static int storeAxis(Kernel kernel, IndexSpace space) {
        for (int i = 0; i < space.outer().size(); i++) {
            for (int k = 0; k < kernel.stores().size(); k++) {
                if (space.outer().get(i).strides()[kernel.body().size() + k] == 1) {
                    return i;
                }
            }
        }
        return space.outer().size() - 1;
    }
}
