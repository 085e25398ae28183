package io.tandem.cuda.codegen;

import io.tandem.compile.Kernel;
import io.tandem.cuda.driver.KernelSource;
import io.tandem.cuda.driver.LaunchShape;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Kernels without reductions that read an operand across its grain, as transpositions do: its neighbours lie together
 * along another axis than the last one. A block takes a square tile over the two axes. Such operands pass through
 * shared memory, so that device memory is read and written in runs; its rows are one element longer than a tile, so
 * that the elements of a column lie in different banks.
 */
final class TileGenerator {
    private static final int TILE = 32;
    private static final int ROWS = 8;
    private static final String PREFIX = "tiles";

    /** Smaller kernels do not pay. */
    private static final long LEAST_SIZE = 4096;

    private static final int LEAST_SIDE = 16;

    /** What fits into the shared memory that every device has: 4 tiles of 8 bytes per element take 34 KB. */
    private static final int MAX_LOADS = 4;

    private final Kernel kernel;
    private final int across;
    private final int last;
    private final IndexSpace space;
    private final StringBuilder out = new StringBuilder();

    private TileGenerator(Kernel kernel, int across) {
        this.kernel = kernel;
        this.across = across;
        this.last = kernel.outer().rank() - 1;
        this.space = new IndexSpace(kernel);
    }

    /** The axis along which operands are read that are not read along the last one, if that pays. */
    static OptionalInt axis(Kernel kernel) {
        int rank = kernel.outer().rank();
        if (kernel.inner().rank() > 0
                || rank < 2
                || kernel.size() < LEAST_SIZE
                || kernel.outer().dim(rank - 1) < LEAST_SIDE
                || kernel.stores().stream().anyMatch(s -> s.access().strides().getLast() != 1)) {
            return OptionalInt.empty();
        }
        long[] bytes = new long[rank - 1];
        for (int axis = 0; axis < rank - 1; axis++) {
            if (kernel.outer().dim(axis) >= LEAST_SIDE) {
                for (Kernel.Load load : crossing(kernel, axis)) {
                    bytes[axis] += load.dtype().bytes();
                }
            }
        }
        int best = 0;
        for (int axis = 1; axis < rank - 1; axis++) {
            best = bytes[axis] > bytes[best] ? axis : best;
        }
        boolean pays = bytes[best] > 0 && crossing(kernel, best).size() <= MAX_LOADS
                && blocks(kernel, best) <= Integer.MAX_VALUE;
        return pays ? OptionalInt.of(best) : OptionalInt.empty();
    }

    private static boolean crosses(Kernel.Load load, int axis) {
        List<Long> strides = load.access().strides();
        return strides.get(axis) == 1 && Math.abs(strides.getLast()) > 1;
    }

    private static List<Kernel.Load> crossing(Kernel kernel, int axis) {
        List<Kernel.Load> loads = new ArrayList<>();
        for (Kernel.Instruction instruction : kernel.body()) {
            if (instruction instanceof Kernel.Load load && crosses(load, axis)) {
                loads.add(load);
            }
        }
        return loads;
    }

    private static int tiles(Kernel kernel, int axis) {
        return Math.ceilDiv(kernel.outer().dim(axis), TILE);
    }

    private static long blocks(Kernel kernel, int across) {
        int last = kernel.outer().rank() - 1;
        long others = kernel.size() / kernel.outer().dim(across) / kernel.outer().dim(last);
        return others * tiles(kernel, across) * tiles(kernel, last);
    }

    /**
     * Generates a kernel.
     *
     * @param across what {@link #axis} has answered
     */
    static CudaCode generate(Kernel kernel, int across) {
        return new TileGenerator(kernel, across).generate();
    }

    private CudaCode generate() {
        out.append("extern \"C\" __global__ void __launch_bounds__(%d) %s_%s(%s) {\n".formatted(
                TILE * ROWS, PREFIX, Snippets.NAME, BodyWriter.parameters(kernel, false)));
        for (int i = 0; i < kernel.body().size(); i++) {
            if (kernel.body().get(i) instanceof Kernel.Load load && crosses(load, across)) {
                out.append("    __shared__ %s t%d[%d][%d];\n".formatted(
                        ElementType.stored(load.dtype()), i, TILE, TILE + 1));
            }
        }
        place();
        fill();
        out.append("    __syncthreads();\n");
        compute();
        out.append("}\n");
        KernelSource source = Snippets.source(PREFIX + "_" + kernel.label().replace('+', '_'), out.toString());
        LaunchShape shape =
                new LaunchShape(Math.toIntExact(blocks(kernel, across)), 1, 1, TILE, ROWS, 1, 0);
        return new CudaCode(source, List.of(new CudaCode.Stage(Snippets.name(source, PREFIX), shape)), 0, false);
    }

    /** From the block's number to the start of its tile and the coordinates along all other axes. */
    private void place() {
        out.append("    unsigned rest = blockIdx.x;\n");
        for (int axis : new int[] {last, across}) {
            out.append(
                    "    const int first%d = (int) (rest %% %du) * %d;\n".formatted(axis, tiles(kernel, axis), TILE));
            out.append("    rest /= %du;\n".formatted(tiles(kernel, axis)));
        }
        for (int axis = last - 1; axis >= 0; axis--) {
            if (axis != across) {
                out.append("    const int a%d = (int) (rest %% %du);\n".formatted(axis, kernel.outer().dim(axis)));
                out.append("    rest /= %du;\n".formatted(kernel.outer().dim(axis)));
            }
        }
    }

    private void open(int along, int other) {
        out.append("    for (int j = threadIdx.y; j < %d; j += %d) {\n".formatted(TILE, ROWS));
        out.append(
                "        const int a%1$d = first%1$d + threadIdx.x, a%2$d = first%2$d + j;\n".formatted(along, other));
        out.append("        if (a%d >= %d || a%d >= %d) continue;\n".formatted(
                along, kernel.outer().dim(along), other, kernel.outer().dim(other)));
    }

    private void fill() {
        open(across, last);
        for (int i = 0; i < kernel.body().size(); i++) {
            if (kernel.body().get(i) instanceof Kernel.Load load && crosses(load, across)) {
                out.append("        t%d[j][threadIdx.x] = x%d[%s];\n".formatted(
                        i, load.operand(), space.position(load.access())));
            }
        }
        out.append("    }\n");
    }

    private void compute() {
        BodyWriter writer = new BodyWriter(kernel, out);
        open(last, across);
        for (int i = 0; i < kernel.body().size(); i++) {
            writer.write(
                    i,
                    "        ",
                    (number, load) -> crosses(load, across)
                            ? "t" + number + "[threadIdx.x][j]"
                            : "x" + load.operand() + "[" + space.position(load.access()) + "]",
                    space::position);
        }
        for (Kernel.Store store : kernel.stores()) {
            out.append("        y%d[%s] = %s;\n".formatted(
                    store.result(),
                    space.position(store.access()),
                    ElementType.store(kernel.results().get(store.result()), BodyWriter.name(store.value()))));
        }
        out.append("    }\n");
    }
}
