package io.tandem.cpu.kernel;

import io.tandem.graph.Op;
import io.tandem.reference.RandomNumbers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.Stream;

/** Random numbers as {@link RandomNumbers} defines them. */
public final class RandomKernel implements StepKernel {
    private static final int BLOCKS = 256;
    private static final float UNIT = 0x1p-24f;

    private final Op.Random op;
    private final Place seed;
    private final Place counter;
    private final Place result;
    private final Parallel parallel;
    private final long size;
    private final PhiloxBlocks[] blocks;
    private final int[][] words;
    private final float[][] numbers;
    private long key;
    private long count;

    /** A kernel for {@link Op.Random}. */
    public RandomKernel(Op.Random op, Place seed, Place counter, Place result, Parallel parallel) {
        this.op = op;
        this.seed = seed;
        this.counter = counter;
        this.result = result;
        this.parallel = parallel;
        this.size = result.type().shape().size();
        this.blocks = Stream.generate(() -> new PhiloxBlocks(BLOCKS))
                .limit(parallel.threads())
                .toArray(PhiloxBlocks[]::new);
        this.words = new int[parallel.threads()][4 * BLOCKS];
        this.numbers = new float[parallel.threads()][4 * BLOCKS];
    }

    @Override
    public void run() {
        key = RandomNumbers.key(NativeMemory.getBits(8, seed.address()), op.site());
        count = NativeMemory.getBits(8, counter.address());
        // Ten rounds of two products for each 16 bytes: worth a thread much earlier than a copy is.
        parallel.split(Math.ceilDiv(size, 4L * BLOCKS), 16L * BLOCKS * 16, this::part);
    }

    private void part(int thread, long from, long to) {
        int[] bits = words[thread];
        float[] floats = numbers[thread];
        for (long chunk = from; chunk < to; chunk++) {
            blocks[thread].fill(chunk * BLOCKS, count, key, bits);
            long at = chunk * BLOCKS * 4;
            int here = (int) Math.min(4L * BLOCKS, size - at);
            long target = result.address() + at * 4;
            switch (op.distribution()) {
                case BITS ->
                    MemorySegment.copy(bits, 0, NativeMemory.ALL, ValueLayout.JAVA_INT_UNALIGNED, target, here);
                case UNIFORM -> {
                    for (int i = 0; i < here; i++) {
                        floats[i] = (bits[i] >>> 8) * UNIT;
                    }
                    NativeMemory.write(result.type().dtype(), floats, 0, target, here);
                }
                case NORMAL -> {
                    for (int i = 0; i < here; i += 2) {
                        double radius = Math.sqrt(-2 * StrictMath.log(((bits[i] >>> 8) + 1) * (double) UNIT));
                        double angle = 2 * Math.PI * ((bits[i + 1] >>> 8) * (double) UNIT);
                        floats[i] = (float) (radius * StrictMath.cos(angle));
                        floats[i + 1] = (float) (radius * StrictMath.sin(angle));
                    }
                    NativeMemory.write(result.type().dtype(), floats, 0, target, here);
                }
            }
        }
    }

    @Override
    public String label() {
        return "java";
    }
}
