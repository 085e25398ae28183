package io.tandem.cpu.codegen;

import io.tandem.compile.Kernel;
import io.tandem.cpu.codegen.BlockProgram.Binding;
import io.tandem.cpu.codegen.BlockProgram.Place;
import io.tandem.cpu.codegen.BlockProgram.Storage;
import io.tandem.cpu.codegen.IndexSpace.Axis;
import io.tandem.graph.BinaryFunction;
import io.tandem.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Builds the program of one block of a kernel, and notes what its bindings stand for. */
final class BlockBuilder {
    /** A value that other blocks have computed for each row. */
    interface RowValues {
        /** The slot of an instruction's value, or -1 if this block is to compute it. */
        int slot(int instruction);

        /** The type of the values in a slot. */
        LaneType type(int slot);
    }

    /** No values from other blocks. */
    static final RowValues NONE = new RowValues() {
        @Override
        public int slot(int instruction) {
            return -1;
        }

        @Override
        public LaneType type(int slot) {
            throw new IllegalArgumentException("there is no slot " + slot);
        }
    };

    private final Kernel kernel;
    private final Reach reach;
    private final Axis columns;
    private final RowValues rowValues;
    private final boolean columnsAreRows;
    private final boolean wide;
    private final LaneBuilder builder = new LaneBuilder();
    private final Lowering lowering = new Lowering(builder);
    private final List<Source> sources = new ArrayList<>();
    private final List<Double> literals = new ArrayList<>();
    private final Map<List<Object>, Integer> inputs = new HashMap<>();
    private final int[] value;

    /**
     * @param columns the axis over which the block is vectorised
     * @param rowValues values that are read instead of computed
     * @param columnsAreRows whether columns of the block are rows of the kernel, or else elements of them
     */
    BlockBuilder(
            Kernel kernel, Reach reach, Axis columns, RowValues rowValues, boolean columnsAreRows) {
        this.kernel = kernel;
        this.reach = reach;
        this.columns = columns;
        this.rowValues = rowValues;
        this.columnsAreRows = columnsAreRows;
        this.wide = isWide(kernel);
        this.value = new int[kernel.body().size()];
        Arrays.fill(value, -1);
    }

    /** Whether 64-bit lanes may occur anywhere in a kernel's code. */
    private static boolean isWide(Kernel kernel) {
        return kernel.body().stream().anyMatch(instruction -> {
            boolean wide = LaneType.of(instruction.dtype()).isWide();
            return switch (instruction) {
                case Kernel.Unary unary ->
                    wide || switch (unary.function()) {
                        case SIN, COS -> true;
                        default -> false;
                    };
                case Kernel.Binary binary -> wide || binary.function() == BinaryFunction.POW;
                case Kernel.Fold fold -> wide || LaneType.of(fold.accumulator()).isWide();
                default -> wide;
            };
        });
    }

    /** Whether vector code can have a direct way to memory of some type and stride between columns. */
    static boolean isSimple(DType dtype, long stride) {
        return (stride == 0 || stride == 1) && storage(dtype).isPresent();
    }

    /** How code sees elements in memory, if it can. */
    static Optional<Storage> storage(DType dtype) {
        return switch (dtype) {
            case F32 -> Optional.of(Storage.F32);
            case F64 -> Optional.of(Storage.F64);
            case I32 -> Optional.of(Storage.I32);
            case I64 -> Optional.of(Storage.I64);
            case BOOL -> Optional.of(Storage.BOOL);
            case F16, BF16, U8 -> Optional.empty();
        };
    }

    /** Adds a store. */
    void store(int number) {
        Kernel.Store store = kernel.stores().get(number);
        int access = kernel.body().size() + number;
        DType dtype = kernel.results().get(store.result());
        int x = lower(store.value());
        // a stride of 0 means that there is one column
        long stride = columns.strides()[access] == 0 ? 1 : columns.strides()[access];
        Binding binding = reach.elements(dtype, access, stride, wide);
        builder.output(x, bind(binding, new Source.Result(store.result(), dtype, access)));
    }

    /** Adds the computation of a row value. */
    void rowValue(int instruction, int slot) {
        int x = lower(instruction);
        Binding binding = new Binding(Storage.ofArray(builder.type(x)), Place.ROWS, true);
        builder.output(x, bind(binding, new Source.RowValue(slot)));
    }

    /**
     * Adds a fold.
     *
     * @param number its number among the folds of the block
     */
    void fold(Kernel.Fold fold, int number) {
        int x = builder.convert(LaneType.of(fold.accumulator()), lower(fold.x()));
        Binding binding = new Binding(Storage.ofArray(builder.type(x)), Place.ROWS, columnsAreRows);
        builder.fold(x, fold.reduction(), bind(binding, new Source.Partial(number)), !columnsAreRows);
    }

    boolean isEmpty() {
        return !builder.hasEffects();
    }

    BlockProgram program() {
        return builder.build();
    }

    List<Source> sources() {
        return sources;
    }

    double[] literals() {
        return literals.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private int bind(Binding binding, Source source) {
        sources.add(source);
        return builder.bind(binding);
    }

    private int lower(int root) {
        boolean[] needed = new boolean[root + 1];
        needed[root] = true;
        for (int i = root; i >= 0; i--) {
            if (needed[i] && value[i] < 0 && rowValues.slot(i) < 0) {
                need(kernel.body().get(i), needed);
            }
        }
        for (int i = 0; i <= root; i++) {
            if (needed[i] && value[i] < 0) {
                value[i] = rowValues.slot(i) >= 0 ? readRowValue(i) : compute(i);
            }
        }
        return value[root];
    }

    private static void need(Kernel.Instruction instruction, boolean[] needed) {
        switch (instruction) {
            case Kernel.Load load -> {}
            case Kernel.Literal literal -> {}
            case Kernel.Index index -> {}
            case Kernel.Unary unary -> needed[unary.x()] = true;
            case Kernel.Binary binary -> {
                needed[binary.x()] = true;
                needed[binary.y()] = true;
            }
            case Kernel.Compare compare -> {
                needed[compare.x()] = true;
                needed[compare.y()] = true;
            }
            case Kernel.Select select -> {
                needed[select.condition()] = true;
                needed[select.x()] = true;
                needed[select.y()] = true;
            }
            case Kernel.Cast cast -> needed[cast.x()] = true;
            case Kernel.Fold fold -> needed[fold.x()] = true;
        }
    }

    private int readRowValue(int instruction) {
        int slot = rowValues.slot(instruction);
        LaneType stored = rowValues.type(slot);
        int binding = inputs.computeIfAbsent(List.of("slot", slot), key -> {
            Binding row = new Binding(Storage.ofArray(stored), Place.ROWS, columnsAreRows);
            return bind(row, new Source.RowValue(slot));
        });
        // folds are kept in the type in which they were accumulated
        return kernel.body().get(instruction) instanceof Kernel.Fold fold
                ? lowering.cast(fold.dtype(), builder.input(stored, binding))
                : builder.input(LaneType.of(kernel.body().get(instruction).dtype()), binding);
    }

    private int compute(int i) {
        return switch (kernel.body().get(i)) {
            case Kernel.Load load -> load(load, i);
            case Kernel.Literal literal -> {
                literals.add(literal.dtype().round(literal.value()));
                yield builder.literal(LaneType.of(literal.dtype()), literals.size() - 1);
            }
            case Kernel.Index index -> {
                LaneType type = LaneType.of(index.dtype());
                Binding binding = reach.coordinates(index.dtype(), columns.strides()[i]);
                yield builder.input(type, bind(binding, new Source.Coordinate(index.dtype(), i)));
            }
            case Kernel.Unary unary -> lowering.unary(unary, value[unary.x()]);
            case Kernel.Binary binary -> lowering.binary(binary, value[binary.x()], value[binary.y()]);
            case Kernel.Compare compare -> lowering.compare(compare, value[compare.x()], value[compare.y()]);
            case Kernel.Select select ->
                builder.select(value[select.condition()], value[select.x()], value[select.y()]);
            case Kernel.Cast cast -> lowering.cast(cast.dtype(), value[cast.x()]);
            case Kernel.Fold fold ->
                throw new IllegalArgumentException("v%d = %s is used before it is computed".formatted(i, fold));
        };
    }

    private int load(Kernel.Load load, int instruction) {
        LaneType type = LaneType.of(load.dtype());
        int binding = inputs.computeIfAbsent(List.of(load.operand(), load.access()), key -> {
            Source source = new Source.Operand(load.operand(), load.dtype(), instruction);
            long stride = columns.strides()[instruction];
            return bind(reach.elements(load.dtype(), instruction, stride, wide), source);
        });
        return builder.input(type, binding);
    }

}
