package io.tandem.compile;

import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.Reduction;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A group of fused operations: a loop over an index space, with scalar instructions in single-assignment form. This is
 * what backends generate code for; elementwise operations, index-only movements (broadcast, permute, slice, flip) and
 * reductions reach a backend in no other form.
 *
 * <p>The index space has outer axes and inner axes. Without inner axes the kernel is elementwise. With them, {@link Fold}
 * reduces a value over all inner indices, for each outer index ("row"); what follows from folded values alone is per row
 * too, and what combines them with per-element values takes a further pass over the row. {@link #passes()} numbers the
 * passes.
 *
 * @param outer sizes of the outer axes
 * @param inner sizes of the inner axes; no axes for an elementwise kernel
 * @param operands types of the operands' elements
 * @param results types of the results' elements
 * @param body instructions; each refers to earlier ones by number
 * @param stores what is written
 */
public record Kernel(
        Shape outer,
        Shape inner,
        List<DType> operands,
        List<DType> results,
        List<Instruction> body,
        List<Store> stores) {
    /** Copies the lists. */
    public Kernel {
        operands = List.copyOf(operands);
        results = List.copyOf(results);
        body = List.copyOf(body);
        stores = List.copyOf(stores);
    }

    /**
     * A position in dense memory that depends linearly on the index.
     *
     * @param offset in elements, at index 0
     * @param strides in elements, one per outer axis, then one per inner axis; 0 where the axis repeats, negative where
     *     it is flipped
     */
    public record Access(long offset, List<Long> strides) {
        /** Copies the list. */
        public Access {
            strides = List.copyOf(strides);
        }
    }

    /** Computes one scalar. */
    public sealed interface Instruction {
        /** The type of the scalar. */
        DType dtype();
    }

    /** Reads an element of an operand. */
    public record Load(DType dtype, int operand, Access access) implements Instruction {}

    /** A constant; integers are exact up to 2^53. */
    public record Literal(DType dtype, double value) implements Instruction {}

    /** The access's value itself, as a number: coordinates. */
    public record Index(DType dtype, Access access) implements Instruction {}

    /** A function of one value. */
    public record Unary(DType dtype, UnaryFunction function, int x) implements Instruction {}

    /** A function of two values. */
    public record Binary(DType dtype, BinaryFunction function, int x, int y) implements Instruction {}

    /** A comparison of two values of equal type. */
    public record Compare(Comparison comparison, int x, int y) implements Instruction {
        @Override
        public DType dtype() {
            return DType.BOOL;
        }
    }

    /** Value {@code x} where the condition holds, else {@code y}. */
    public record Select(DType dtype, int condition, int x, int y) implements Instruction {}

    /** Conversion to another type. */
    public record Cast(DType dtype, int x) implements Instruction {}

    /** Reduction of a value over all inner indices. */
    public record Fold(DType dtype, Reduction reduction, DType accumulator, int x) implements Instruction {}

    /**
     * Writes a value to a result: one that is per row once per row, else at each index.
     *
     * @param result number of the result
     * @param value number of the instruction
     * @param access where; each position is written once
     */
    public record Store(int result, int value, Access access) {}

    /** For each instruction whether its value is the same for all inner indices. */
    public boolean[] perRow() {
        boolean[] perRow = new boolean[body.size()];
        for (int i = 0; i < perRow.length; i++) {
            perRow[i] = switch (body.get(i)) {
                case Load load -> isPerRow(load.access());
                case Literal literal -> true;
                case Index index -> isPerRow(index.access());
                case Unary unary -> perRow[unary.x()];
                case Binary binary -> perRow[binary.x()] && perRow[binary.y()];
                case Compare compare -> perRow[compare.x()] && perRow[compare.y()];
                case Select select -> perRow[select.condition()] && perRow[select.x()] && perRow[select.y()];
                case Cast cast -> perRow[cast.x()];
                case Fold fold -> true;
            };
        }
        return perRow;
    }

    /**
     * For each instruction the pass over the row, from 0, in which it is available: a fold of a pass-p value is available
     * after pass p, so in pass p + 1. Per-row values that need no fold are available in pass 0.
     */
    public int[] passes() {
        int[] pass = new int[body.size()];
        for (int i = 0; i < pass.length; i++) {
            pass[i] = switch (body.get(i)) {
                case Load load -> 0;
                case Literal literal -> 0;
                case Index index -> 0;
                case Unary unary -> pass[unary.x()];
                case Binary binary -> Math.max(pass[binary.x()], pass[binary.y()]);
                case Compare compare -> Math.max(pass[compare.x()], pass[compare.y()]);
                case Select select ->
                    Math.max(pass[select.condition()], Math.max(pass[select.x()], pass[select.y()]));
                case Cast cast -> pass[cast.x()];
                case Fold fold -> pass[fold.x()] + 1;
            };
        }
        return pass;
    }

    /** The number of indices: the product of all sizes. */
    public long size() {
        return outer.size() * inner.size();
    }

    /** Whether the kernel has a fold. */
    public boolean folds() {
        return body.stream().anyMatch(Fold.class::isInstance);
    }

    /** Whether the kernel is a single loop over dense memory: one axis, where all strides are 1 or 0. */
    public boolean isLinear() {
        return inner.rank() == 0
                && outer.rank() <= 1
                && stores.stream().allMatch(s -> s.access().offset() == 0)
                && body.stream()
                        .allMatch(i -> switch (i) {
                            case Load load -> load.access().strides().stream().allMatch(s -> s == 0 || s == 1);
                            case Index index -> false;
                            default -> true;
                        });
    }

    private boolean isPerRow(Access access) {
        return IntStream.range(0, inner.rank())
                .allMatch(i -> inner.dim(i) == 1 || access.strides().get(outer.rank() + i) == 0);
    }

    /** The kernel as text, one instruction per line. */
    @Override
    public String toString() {
        StringBuilder text =
                new StringBuilder("kernel over " + outer + (inner.rank() == 0 ? "" : " x " + inner) + "\n");
        for (int i = 0; i < body.size(); i++) {
            text.append("  v%d = %s\n".formatted(i, describe(body.get(i))));
        }
        for (Store store : stores) {
            text.append("  result %d at %s <- v%d\n".formatted(store.result(), store.access(), store.value()));
        }
        return text.toString();
    }

    private static String describe(Instruction instruction) {
        return switch (instruction) {
            case Load load -> "operand %d at %s : %s".formatted(load.operand(), load.access(), name(load.dtype()));
            case Literal literal -> literal.value() + " : " + name(literal.dtype());
            case Index index -> "index %s : %s".formatted(index.access(), name(index.dtype()));
            case Unary unary -> "%s v%d".formatted(name(unary.function()), unary.x());
            case Binary binary -> "%s v%d v%d".formatted(name(binary.function()), binary.x(), binary.y());
            case Compare compare -> "%s v%d v%d".formatted(name(compare.comparison()), compare.x(), compare.y());
            case Select select -> "select v%d v%d v%d".formatted(select.condition(), select.x(), select.y());
            case Cast cast -> "cast v%d : %s".formatted(cast.x(), name(cast.dtype()));
            case Fold fold -> "fold %s v%d : %s".formatted(name(fold.reduction()), fold.x(), name(fold.dtype()));
        };
    }

    private static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** A short name from the operations inside, for tables: for example {@code mul+add+relu}. */
    public String label() {
        List<String> names = body.stream()
                .<String>mapMulti((instruction, out) -> {
                    switch (instruction) {
                        case Unary unary -> out.accept(name(unary.function()));
                        case Binary binary -> out.accept(name(binary.function()));
                        case Compare compare -> out.accept(name(compare.comparison()));
                        case Select select -> out.accept("select");
                        case Cast cast -> out.accept("cast");
                        case Fold fold -> out.accept("fold_" + name(fold.reduction()));
                        case Load load -> {}
                        case Literal literal -> {}
                        case Index index -> {}
                    }
                })
                .toList();
        if (names.isEmpty()) {
            return "copy";
        }
        return names.stream().limit(5).collect(Collectors.joining("+"))
                + (names.size() > 5 ? "+" + (names.size() - 5) : "");
    }
}
