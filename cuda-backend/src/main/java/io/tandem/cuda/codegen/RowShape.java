package io.tandem.cuda.codegen;

import io.tandem.compile.Kernel;
import java.util.List;

/**
 * How the threads of a row kernel share the work: the threads of a part of a block reduce one row together. The
 * choice depends on the kernel alone, so that sums are in the same order on every device.
 *
 * @param columns whether neighbouring threads take neighbouring rows (reductions over leading axes) instead of
 *     neighbouring elements of one row
 * @param parts threads per row, a power of two
 * @param rowsPerBlock rows that a block takes
 * @param chunk elements of a row that one block takes; a row that is longer is reduced in two stages
 * @param splits number of blocks that share a row
 */
record RowShape(boolean columns, int parts, int rowsPerBlock, long chunk, int splits) {
    private static final int WARP = 32;
    private static final int BLOCK = 256;

    /** Static shared memory that a block can have on every device. */
    private static final int SHARED_BYTES = 48 << 10;

    /** Enough blocks to fill a large device several times. */
    private static final long MANY_BLOCKS = 1024;

    /** With so many blocks, a second launch costs more than it saves. */
    private static final long ENOUGH_BLOCKS = 256;

    /** A block reads a row of so many elements in about the time of another launch. */
    private static final long LONG_ROW = 8192;

    /** The same of a column, of which each thread reads a part. */
    private static final long LONG_COLUMN_PART = 32;

    static RowShape of(Kernel kernel) {
        long rows = Math.max(1, kernel.outer().size());
        long elements = Math.max(1, kernel.inner().size());
        RowShape whole = walksColumns(kernel) ? columns(rows, elements, threads(kernel)) : rows(rows, elements);
        long blocks = Math.ceilDiv(rows, whole.rowsPerBlock);
        long worthwhile = whole.columns ? LONG_COLUMN_PART * whole.parts : LONG_ROW;
        if (!isSplittable(kernel) || blocks >= ENOUGH_BLOCKS || elements < worthwhile) {
            return whole;
        }
        long least = worthwhile / 4;
        int parts = whole.columns ? whole.parts : BLOCK;
        int rowsPerBlock = whole.columns ? whole.rowsPerBlock : 1;
        long wanted = Math.min(MANY_BLOCKS / Math.ceilDiv(rows, rowsPerBlock), elements / least);
        long chunk = Math.ceilDiv(Math.ceilDiv(elements, Math.max(1, wanted)), parts) * parts;
        int splits = Math.toIntExact(Math.ceilDiv(elements, chunk));
        return new RowShape(whole.columns, parts, rowsPerBlock, chunk, splits);
    }

    private static RowShape rows(long rows, long elements) {
        if (elements <= WARP) {
            int parts = powerOfTwo(elements, WARP);
            return new RowShape(false, parts, 128 / parts, elements, 1);
        }
        if (elements <= 512 || elements <= 2048 && rows >= 4096) {
            return new RowShape(false, WARP, 4, elements, 1);
        }
        return new RowShape(false, elements <= 4096 ? BLOCK : 2 * BLOCK, 1, elements, 1);
    }

    /** Threads of a block that reduces columns: each fold has a number per thread in shared memory. */
    private static int threads(Kernel kernel) {
        long folds = kernel.body().stream()
                .filter(i -> i instanceof Kernel.Fold)
                .count();
        int threads = BLOCK;
        while (threads > WARP && threads * folds * Double.BYTES > SHARED_BYTES) {
            threads /= 2;
        }
        return threads;
    }

    private static RowShape columns(long rows, long elements, int threads) {
        if (rows >= 1 << 16) {
            return new RowShape(true, 1, 128, elements, 1);
        }
        int width = powerOfTwo(rows, WARP);
        int parts = powerOfTwo(elements, threads / width);
        return new RowShape(true, parts, width, elements, 1);
    }

    /** The shape of the second stage, which reduces the parts of each row. */
    RowShape finish(Kernel kernel) {
        long rows = Math.max(1, kernel.outer().size());
        int width = powerOfTwo(rows, WARP);
        return new RowShape(true, powerOfTwo(splits, threads(kernel) / width), width, splits, 1);
    }

    int threads() {
        return parts * rowsPerBlock;
    }

    static int powerOfTwo(long atLeast, int atMost) {
        int power = 1;
        while (power < atLeast && power < atMost) {
            power *= 2;
        }
        return power;
    }

    /** Whether all folds are of values that need no other fold, and so can be made in parts. */
    private static boolean isSplittable(Kernel kernel) {
        int[] passes = kernel.passes();
        boolean[] perRow = kernel.perRow();
        for (int i = 0; i < passes.length; i++) {
            if (passes[i] > 1 || passes[i] == 1 && !perRow[i]) {
                return false;
            }
        }
        return kernel.folds();
    }

    /** Whether reads are contiguous along the rows' index rather than along the elements of a row. */
    private static boolean walksColumns(Kernel kernel) {
        int outer = kernel.outer().rank();
        if (outer == 0) {
            return false;
        }
        long score = 0;
        boolean[] perRow = kernel.perRow();
        for (int i = 0; i < perRow.length; i++) {
            if (kernel.body().get(i) instanceof Kernel.Load load && !perRow[i]) {
                List<Long> strides = load.access().strides();
                long alongRows = Math.abs(strides.get(outer - 1));
                long alongElements = Math.abs(strides.getLast());
                score += alongElements == 1 ? -load.dtype().bytes() : alongRows == 1 ? load.dtype().bytes() : 0;
            }
        }
        return score > 0;
    }
}
