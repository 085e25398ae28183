package io.tandem.cpu.codegen;

import io.tandem.compile.Kernel;
import io.tandem.cpu.codegen.BlockProgram.Binding;
import io.tandem.cpu.codegen.BlockProgram.Place;
import io.tandem.cpu.codegen.BlockProgram.Step;
import io.tandem.cpu.codegen.BlockProgram.Storage;
import io.tandem.cpu.codegen.IndexSpace.Axis;
import io.tandem.cpu.codegen.machine.NativeFunction;
import io.tandem.cpu.codegen.machine.Processor;
import io.tandem.tensor.DType;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;

/** Compiles blocks to machine code, each program once. Safe for use by several threads. */
final class MachineCompiler implements KernelBlock.Maker {
    /** Folds of a kernel whose partial results certainly have registers. */
    private static final int MOST_FOLDS = 12;

    /** Sizes from which columns that cross lines are worth a transpose in registers. */
    private static final int TRANSPOSABLE = 8;

    private final ConcurrentMap<BlockProgram, Code> programs = new ConcurrentHashMap<>();
    private final FoldFunctions folds = new FoldFunctions();
    private final TransposeFunction transpose = new TransposeFunction();

    private MachineCompiler() {}

    /** A compiler, if this machine runs what it makes. */
    static Optional<MachineCompiler> find() {
        return Processor.find().avx512() ? Optional.of(new MachineCompiler()) : Optional.empty();
    }

    /**
     * A compiled program.
     *
     * @param layout of the parameters
     * @param bytes size of the parameters
     */
    record Code(NativeFunction function, ParameterLayout layout, long bytes) {}

    Code compile(BlockProgram program) {
        return programs.computeIfAbsent(program, key -> {
            MachineGenerator.Result result = MachineGenerator.generate(key);
            ParameterLayout layout = result.layout();
            return new Code(NativeFunction.of(result.code(), key.callsBack()), layout, layout.slot(result.slots()));
        });
    }

    /** The number of different programs compiled so far. */
    int size() {
        return programs.size();
    }

    /** The function that transposes tiles. */
    TransposeFunction transpose() {
        return transpose;
    }

    /** Whether all of a kernel has machine code; what has none is rare. */
    static boolean accepts(Kernel kernel) {
        long folds = kernel.body().stream().filter(Kernel.Fold.class::isInstance).count();
        return folds <= MOST_FOLDS
                && kernel.body().stream()
                        .noneMatch(i -> i instanceof Kernel.Index index && !hasInts(kernel, index));
    }

    private static boolean hasInts(Kernel kernel, Kernel.Index index) {
        return switch (index.dtype()) {
            case F16, BF16 -> false;
            case F32, F64, I32, I64, U8, BOOL -> isInt(kernel, index.access());
        };
    }

    /** Whether positions fit ints, in which they are computed. */
    private static boolean isInt(Kernel kernel, Kernel.Access access) {
        int[] dims = kernel.outer().concat(kernel.inner()).toArray();
        // vectors may go beyond the last column
        double reach = Math.abs((double) access.offset());
        for (int i = 0; i < dims.length; i++) {
            reach += Math.abs((double) access.strides().get(i)) * (dims[i] + 16.0);
        }
        return reach < Integer.MAX_VALUE;
    }

    @Override
    public KernelBlock make(
            Function<Reach, BlockBuilder> builder, IndexSpace space, KernelBlock.Axes axes, boolean columnsAreRows) {
        BlockBuilder built = builder.apply(new MachineReach(space, axes));
        BlockProgram program = built.program();
        for (BlockProgram.FoldOutput fold : program.folds()) {
            folds.prepare(program.ops().get(fold.op()).type(), fold.reduction(), program.width());
        }
        if (program.bindings().stream().anyMatch(binding -> binding.place() == Place.TILE)) {
            transpose.prepare();
        }
        return new MachineRunner(this, built, space, axes, columnsAreRows);
    }

    @Override
    public NativeLanes newArray(LaneType type, int length) {
        return new NativeLanes(type, length, folds);
    }

    /** Machine code reaches everything; some of it better through a tile that is transposed on the way. */
    private record MachineReach(IndexSpace space, KernelBlock.Axes axes) implements Reach {
        @Override
        public Binding elements(DType dtype, int access, long stride, boolean wide) {
            Storage storage = storage(dtype);
            if (stride == 0 || stride == 1) {
                return new Binding(storage, Place.SEGMENT, stride == 1);
            }
            if (isTransposed(storage, access, stride)) {
                return new Binding(storage, Place.TILE, true);
            }
            // the distance of the last lane from the first is an int, in bytes
            boolean near = Math.abs(stride) < Integer.MAX_VALUE / 16 / 8;
            return new Binding(storage, Place.SEGMENT, near ? Step.APART : Step.FAR);
        }

        private boolean isTransposed(Storage storage, int access, long stride) {
            List<Axis> all = space.axes();
            return (storage == Storage.F32 || storage == Storage.I32)
                    && space.inner().isEmpty()
                    && axes.lines() >= 0
                    && stride > 1
                    && all.get(axes.lines()).strides()[access] == 1
                    && all.get(axes.lines()).size() >= TRANSPOSABLE
                    && all.get(axes.columns()).size() >= TRANSPOSABLE;
        }

        @Override
        public Binding coordinates(DType dtype, long stride) {
            return new Binding(storage(dtype), Place.COORDINATE, stride == 0 ? Step.NONE : Step.APART);
        }

        private static Storage storage(DType dtype) {
            return switch (dtype) {
                case F32 -> Storage.F32;
                case F64 -> Storage.F64;
                case I32 -> Storage.I32;
                case I64 -> Storage.I64;
                case BOOL -> Storage.BOOL;
                case U8 -> Storage.U8;
                case BF16 -> Storage.BF16;
                case F16 -> Storage.F16;
            };
        }
    }
}
