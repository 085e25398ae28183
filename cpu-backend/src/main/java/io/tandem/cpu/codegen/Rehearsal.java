package io.tandem.cpu.codegen;

import io.tandem.cpu.codegen.BlockProgram.Binding;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Decides when vector code takes over from scalar code. Until the JIT compiler has compiled it, code that uses the
 * Vector API is slower than scalar code by orders of magnitude, so it is first run on memory of its own, a little at a
 * time, between pieces of real work that scalar code does. It takes over when it has become the faster one; results do
 * not depend on when, since both give the same bits.
 */
final class Rehearsal {
    /** Elements that scalar code computes before rehearsals begin: code that runs once is not worth them. */
    private static final long COLD = 16_384;

    /** Rehearsals with short lines, while code is interpreted. */
    private static final int SHORT = 250;

    /** Rehearsals that make the JIT compiler compile the code; after these it is a matter of waiting for it. */
    private static final int HURRIED = 5_000;

    /** Rehearsals after which scalar code stays, if vector code was not the faster one by then. */
    private static final int MOST = 30_000;

    /** Rehearsals in a row, of all kinds, in which vector code must have been fast. */
    private static final int ENOUGH = 8;

    /** Vectors in a line of the other rehearsals. */
    private static final int LONG_LINE = 40;

    /** Columns that are left after whole vectors: the code for these has its own count of calls. */
    private static final int REST = 3;

    private final BlockProgram program;
    private final BlockCompiler compiler;
    private final double compiledTime;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile boolean over;
    private volatile boolean vectorIsFaster;
    // what follows is guarded by the lock
    private long elements;
    private long credit;
    private int count;
    private int successes;
    private Stage stage;

    /** What a rehearsal runs on. */
    private record Stage(
            Block block, MemorySegment[] segments, Object[] arrays, long[] addresses, double[] literals, int width) {
        /**
         * Runs the block, and returns the number of columns in total, where a vector that is not full counts as one.
         */
        int run(int rows, int lines, int columns) {
            block.run(segments, arrays, addresses, literals, rows, lines, columns);
            return rows * lines * Math.ceilDiv(columns, width) * width;
        }
    }

    Rehearsal(BlockCompiler compiler, BlockProgram program) {
        this.compiler = compiler;
        this.program = program;
        this.compiledTime = compiledTime(program);
    }

    /** Whether vector code is to be used from now on. */
    boolean isVectorFaster() {
        return vectorIsFaster;
    }

    /** Whether the decision has been made. */
    boolean isOver() {
        return over;
    }

    /**
     * Called after a piece of work by scalar code.
     *
     * @param elements number of elements of the piece
     * @param nanos time that it took
     */
    void afterScalar(long elements, long nanos) {
        if (over || !lock.tryLock()) {
            return;
        }
        try {
            this.elements += elements;
            if (this.elements > COLD) {
                // rehearsals take at most as much time as scalar code has taken, later a tenth of it
                credit += nanos;
                while (credit > 0 && !over) {
                    long cost = count < HURRIED ? 1 : 10;
                    credit -= cost * rehearse((double) nanos / elements);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** One rehearsal; returns the time that it took. */
    private long rehearse(double scalarTime) {
        if (stage == null) {
            stage = newStage();
        }
        int columns = (count < SHORT ? 2 : LONG_LINE) * stage.width;
        long start = System.nanoTime();
        int done = switch (count % 4) {
            case 0 -> stage.run(2, 2, columns / 4 + REST);
            case 1 -> stage.run(1, 1, columns);
            case 2 -> stage.run(1, 1, columns + REST);
            default -> stage.run(16, 2, REST);
        };
        long nanos = System.nanoTime() - start;
        double time = (double) nanos / done;
        boolean comparable = count % 4 == 1;
        count++;
        successes = time < compiledTime && (!comparable || time < scalarTime) ? successes + 1 : 0;
        if (successes >= ENOUGH || count >= MOST) {
            vectorIsFaster = successes >= ENOUGH;
            over = true;
            stage = null;
        }
        return nanos;
    }

    /**
     * Nanoseconds per column that compiled code does not exceed, which is far less than code needs before. Scalar code
     * alone is no yardstick: it may be waiting for the JIT compiler too.
     */
    private static double compiledTime(BlockProgram program) {
        double time = 2 + 0.5 * program.bindings().size();
        for (LaneOp op : program.ops()) {
            time += op.code() == LaneOp.Code.CALL ? 80 : 0.3;
        }
        return time;
    }

    private Stage newStage() {
        int bindings = program.bindings().size();
        MemorySegment[] segments = new MemorySegment[bindings];
        Object[] arrays = new Object[bindings];
        int length = program.width() * (LONG_LINE + 2);
        for (int i = 0; i < bindings; i++) {
            Binding binding = program.bindings().get(i);
            if (binding.array()) {
                arrays[i] = binding.storage().type().newArray(length);
            } else {
                // the JIT compiler must see the kind of memory that it will see later
                segments[i] = Arena.ofAuto().allocate((long) length << binding.storage().shift(), 64);
            }
        }
        long literals = program.ops().stream()
                .filter(op -> op.code() == LaneOp.Code.LITERAL)
                .count();
        return new Stage(
                compiler.compile(program),
                segments,
                arrays,
                new long[bindings * Block.ADDRESSES],
                new double[Math.toIntExact(literals)],
                program.width());
    }
}
