package io.tandem.cpu.codegen;

import io.tandem.compile.Kernel;
import io.tandem.cpu.codegen.IndexSpace.Axis;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The blocks of a kernel with folds: for each pass one over per-row values and one over elements, either of which may
 * be missing. Per-row values that later blocks need are kept in slots: results of folds, and what is computed from
 * them.
 */
final class FoldBlocks {
    private final Kernel kernel;
    private final KernelBlock.Maker maker;
    private final boolean[] perRow;
    private final int[] passOf;
    private final boolean acrossRows;
    private final int outerAxes;
    /** Slot of an instruction, or -1. */
    private final int[] slotOf;
    /** Types of slots. */
    private final List<LaneType> slots = new ArrayList<>();

    private final List<Optional<KernelBlock>> rows = new ArrayList<>();
    private final List<Optional<KernelBlock>> elements = new ArrayList<>();
    /** Folds that the elements' block of a pass computes. */
    private final List<List<Integer>> folds = new ArrayList<>();

    FoldBlocks(Kernel kernel, KernelBlock.Maker maker, IndexSpace space, FoldAxes choice, int lineAxis) {
        this.kernel = kernel;
        this.maker = maker;
        this.perRow = kernel.perRow();
        this.passOf = kernel.passes();
        this.acrossRows = choice.acrossRows();
        this.outerAxes = space.outer().size();
        int passes = Arrays.stream(passOf).max().orElse(0) + 1;
        this.slotOf = new int[kernel.body().size()];
        Arrays.fill(slotOf, -1);
        for (int pass = 0; pass < passes; pass++) {
            folds.add(foldsOf(pass));
        }
        List<Axis> axes = space.axes();
        Axis rowAxis = axes.get(choice.rowAxis());
        Axis columnAxis = acrossRows ? rowAxis : axes.get(choice.columnAxis());
        findSlots(columnAxis);
        KernelBlock.Axes elementLoops = acrossRows
                ? new KernelBlock.Axes(-1, lineAxis, choice.rowAxis())
                : new KernelBlock.Axes(choice.rowAxis(), lineAxis, choice.columnAxis());
        KernelBlock.Axes rowLoops = new KernelBlock.Axes(-1, -1, choice.rowAxis());
        for (int pass = 0; pass < passes; pass++) {
            int at = pass;
            boolean hasRows = !storesOf(pass, true).isEmpty() || !slotsOf(pass).isEmpty();
            rows.add(block(hasRows, space, rowLoops, true, reach -> {
                BlockBuilder row = new BlockBuilder(kernel, reach, rowAxis, known(at), true);
                slotsOf(at).forEach(i -> row.rowValue(i, slotOf[i]));
                storesOf(at, true).forEach(row::store);
                return row;
            }));
            boolean hasElements = !storesOf(pass, false).isEmpty() || !folds.get(pass).isEmpty();
            elements.add(block(hasElements, space, elementLoops, acrossRows, reach -> {
                BlockBuilder element = new BlockBuilder(kernel, reach, columnAxis, known(passes), acrossRows);
                for (int i = 0; i < folds.get(at).size(); i++) {
                    element.fold(fold(at, i), i);
                }
                storesOf(at, false).forEach(element::store);
                return element;
            }));
        }
    }

    private Optional<KernelBlock> block(
            boolean exists,
            IndexSpace space,
            KernelBlock.Axes loops,
            boolean columnsAreRows,
            Function<Reach, BlockBuilder> builder) {
        return exists ? Optional.of(maker.make(builder, space, loops, columnsAreRows)) : Optional.empty();
    }

    private List<Integer> foldsOf(int pass) {
        List<Integer> found = new ArrayList<>();
        for (int i = 0; i < passOf.length; i++) {
            if (kernel.body().get(i) instanceof Kernel.Fold fold && passOf[fold.x()] == pass) {
                found.add(i);
                slotOf[i] = slots.size();
                slots.add(LaneType.of(fold.accumulator()).stored());
            }
        }
        return found;
    }

    /**
     * Gives slots to the per-row values that elements' blocks use, but for those that they can read or make at once.
     */
    private void findSlots(Axis columnAxis) {
        boolean[] used = new boolean[passOf.length];
        for (int i = 0; i < passOf.length; i++) {
            Kernel.Instruction instruction = kernel.body().get(i);
            if (!perRow[i] || instruction instanceof Kernel.Fold) {
                mark(instruction, used);
            }
        }
        for (int i = 0; i < passOf.length; i++) {
            boolean simple = switch (kernel.body().get(i)) {
                case Kernel.Literal literal -> true;
                case Kernel.Load load -> BlockBuilder.isSimple(load.dtype(), columnAxis.strides()[i]);
                default -> false;
            };
            if (used[i] && perRow[i] && !simple && slotOf[i] < 0) {
                slotOf[i] = slots.size();
                slots.add(LaneType.of(kernel.body().get(i).dtype()).stored());
            }
        }
    }

    private static void mark(Kernel.Instruction instruction, boolean[] used) {
        switch (instruction) {
            case Kernel.Load load -> {}
            case Kernel.Literal literal -> {}
            case Kernel.Index index -> {}
            case Kernel.Unary unary -> used[unary.x()] = true;
            case Kernel.Binary binary -> {
                used[binary.x()] = true;
                used[binary.y()] = true;
            }
            case Kernel.Compare compare -> {
                used[compare.x()] = true;
                used[compare.y()] = true;
            }
            case Kernel.Select select -> {
                used[select.condition()] = true;
                used[select.x()] = true;
                used[select.y()] = true;
            }
            case Kernel.Cast cast -> used[cast.x()] = true;
            case Kernel.Fold fold -> used[fold.x()] = true;
        }
    }

    /**
     * Slots that are filled before the row block of a pass: all folds that it can use, and earlier row blocks' values.
     */
    private BlockBuilder.RowValues known(int pass) {
        return new BlockBuilder.RowValues() {
            @Override
            public int slot(int instruction) {
                boolean fold = kernel.body().get(instruction) instanceof Kernel.Fold;
                return fold || passOf[instruction] < pass ? slotOf[instruction] : -1;
            }

            @Override
            public LaneType type(int slot) {
                return slots.get(slot);
            }
        };
    }

    /** Instructions whose values the row block of a pass puts into slots. */
    private List<Integer> slotsOf(int pass) {
        return IntStream.range(0, slotOf.length)
                .filter(i -> slotOf[i] >= 0 && passOf[i] == pass && !(kernel.body().get(i) instanceof Kernel.Fold))
                .boxed()
                .toList();
    }

    /** Stores of a pass, per row or per element. */
    private List<Integer> storesOf(int pass, boolean ofRows) {
        return IntStream.range(0, kernel.stores().size())
                .filter(i -> {
                    int value = kernel.stores().get(i).value();
                    return perRow[value] == ofRows && passOf[value] == pass;
                })
                .boxed()
                .toList();
    }

    private Kernel.Fold fold(int pass, int number) {
        return (Kernel.Fold) kernel.body().get(folds.get(pass).get(number));
    }

    int passes() {
        return rows.size();
    }

    /** The number of passes over elements. */
    long elementPasses() {
        return elements.stream().filter(Optional::isPresent).count();
    }

    int outerAxes() {
        return outerAxes;
    }

    /** The block over per-row values, which runs before that over elements. */
    Optional<KernelBlock> rows(int pass) {
        return rows.get(pass);
    }

    /** The block over elements. */
    Optional<KernelBlock> elements(int pass) {
        return elements.get(pass);
    }

    /** Arrays for the slots of a batch of rows. */
    Object[] newRowValues(int batch) {
        return slots.stream().map(type -> maker.newArray(type, padded(batch))).toArray();
    }

    /** Arrays for the partial results of a pass over a batch of rows. */
    Object[] newPartials(int pass, int batch) {
        int width = elements.get(pass).orElseThrow().width();
        int length = acrossRows ? padded(batch) : batch * width;
        return folds.get(pass).stream()
                .map(fold -> maker.newArray(slots.get(slotOf[fold]), length))
                .toArray();
    }

    private static int padded(int batch) {
        return (batch + 15) & -16;
    }

    void clearTotals(int pass, Object[] rowValues) {
        for (int i = 0; i < folds.get(pass).size(); i++) {
            FoldArithmetic.clear(fold(pass, i).reduction(), rowValues[slotOf[folds.get(pass).get(i)]]);
        }
    }

    void clearPartials(int pass, Object[] partials) {
        for (int i = 0; i < partials.length; i++) {
            FoldArithmetic.clear(fold(pass, i).reduction(), partials[i]);
        }
    }

    /** Reduces lanes to one value per row, at the start of each array. */
    void reduceLanes(int pass, Object[] partials, int rows) {
        int width = elements.get(pass).orElseThrow().width();
        for (int i = 0; !acrossRows && i < partials.length; i++) {
            FoldArithmetic.reduceLanes(fold(pass, i).reduction(), partials[i], rows, width);
        }
    }

    /** Combines the partial results of a chunk into the folds' slots. */
    void combine(int pass, Object[] rowValues, Object[] partials, int rows) {
        for (int i = 0; i < partials.length; i++) {
            Object total = rowValues[slotOf[folds.get(pass).get(i)]];
            FoldArithmetic.combine(fold(pass, i).reduction(), total, partials[i], rows);
        }
    }
}
