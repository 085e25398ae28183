package io.tandem.cpu.layout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.compile.ChannelBlocks;
import io.tandem.compile.Kernel;
import io.tandem.compile.KernelRelayout;
import io.tandem.cpu.codegen.KernelCompiler;
import io.tandem.cpu.codegen.Parallel;
import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Reduction;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Kernels on values in blocks of channels give what the original gives on row-major values. */
class KernelRelayoutTest {
    private static final Shape SHAPE = Shape.of(3, 8, 2, 5);
    private static final int SPATIAL = 10;
    private static final List<Integer> BLOCKS = List.of(8, 4, 2, 1);

    private static Kernel.Access access(long offset, Long... strides) {
        return new Kernel.Access(offset, List.of(strides));
    }

    private static Kernel.Load load(int operand, Kernel.Access access) {
        return new Kernel.Load(DType.F32, operand, access);
    }

    /** From row-major to blocks. */
    private static float[] arranged(float[] values, ChannelBlocks layout) {
        float[] result = new float[values.length];
        int spatial = (int) layout.shape().subShape(2, layout.shape().rank()).size();
        int channels = layout.shape().dim(1);
        for (int n = 0; n < layout.shape().dim(0); n++) {
            for (int c = 0; c < channels; c++) {
                for (int s = 0; s < spatial; s++) {
                    int block = c / layout.block();
                    int to = ((n * (channels / layout.block()) + block) * spatial + s) * layout.block()
                            + c % layout.block();
                    result[to] = values[(n * channels + c) * spatial + s];
                }
            }
        }
        return result;
    }

    private static float[] numbers(int count) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (i * 37 % 101) / 16f - 3;
        }
        return numbers;
    }

    private static float[] run(Kernel kernel, List<float[]> operands, int resultSize) {
        MemorySegment result = MemorySegment.ofArray(new byte[4 * resultSize]);
        KernelCompiler.scalar()
                .compile(kernel)
                .run(
                        operands.stream().map(KernelRelayoutTest::bytes).toArray(MemorySegment[]::new),
                        new MemorySegment[] {result},
                        Parallel.sequential());
        return result.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }

    private static MemorySegment bytes(float[] values) {
        MemorySegment segment = MemorySegment.ofArray(new byte[4 * values.length]);
        segment.copyFrom(MemorySegment.ofArray(values));
        return segment;
    }

    /** Checks a kernel with operand 0 and, if it is as large, the result in blocks. */
    private static void check(Kernel kernel, List<float[]> operands, int resultSize) {
        check(kernel, operands, resultSize, BLOCKS);
    }

    private static void check(Kernel kernel, List<float[]> operands, int resultSize, List<Integer> blocks) {
        float[] expected = run(kernel, operands, resultSize);
        for (int block : blocks) {
            ChannelBlocks layout = new ChannelBlocks(SHAPE, block);
            boolean wholeResult = resultSize == SHAPE.size();
            Optional<Kernel> followed = KernelRelayout.apply(
                    kernel, Map.of(0, layout), wholeResult ? Map.of(0, layout) : Map.of());
            assertTrue(followed.isPresent(), () -> "blocks of " + layout.block() + " for " + kernel);
            List<float[]> moved = new ArrayList<>(operands);
            moved.set(0, arranged(operands.getFirst(), layout));
            float[] actual = run(followed.get(), moved, resultSize);
            assertArrayEquals(wholeResult ? arranged(expected, layout) : expected, actual, 1e-5f, kernel::toString);
        }
    }

    private static Kernel elementwise(Shape outer, List<Kernel.Instruction> body, Kernel.Access store) {
        return new Kernel(
                outer,
                Shape.of(),
                List.of(DType.F32, DType.F32),
                List.of(DType.F32),
                body,
                List.of(new Kernel.Store(0, body.size() - 1, store)));
    }

    @Test
    void oneLoopOverEverything() {
        int size = (int) SHAPE.size();
        Kernel kernel = elementwise(
                Shape.of(size),
                List.of(load(0, access(0, 1L)), new Kernel.Unary(DType.F32, UnaryFunction.NEG, 0)),
                access(0, 1L));
        check(kernel, List.of(numbers(size), new float[1]), size);
    }

    /** The second operand stays row-major and is walked across. */
    @Test
    void aRowMajorOperandBeside() {
        int size = (int) SHAPE.size();
        Kernel kernel = elementwise(
                Shape.of(size),
                List.of(
                        load(0, access(0, 1L)),
                        load(1, access(0, 1L)),
                        new Kernel.Binary(DType.F32, BinaryFunction.SUB, 0, 1)),
                access(0, 1L));
        check(kernel, List.of(numbers(size), numbers(2 * size)), size);
    }

    @Test
    void oneNumberPerChannel() {
        int size = (int) SHAPE.size();
        Kernel kernel = elementwise(
                Shape.of(3, 8, SPATIAL),
                List.of(
                        load(0, access(0, 8L * SPATIAL, (long) SPATIAL, 1L)),
                        load(1, access(0, 0L, 1L, 0L)),
                        new Kernel.Binary(DType.F32, BinaryFunction.ADD, 0, 1)),
                access(0, 8L * SPATIAL, (long) SPATIAL, 1L));
        check(kernel, List.of(numbers(size), numbers(8)), size);
    }

    @Test
    void sumsPerChannel() {
        Kernel kernel = new Kernel(
                Shape.of(8),
                Shape.of(3, SPATIAL),
                List.of(DType.F32),
                List.of(DType.F32),
                List.of(
                        load(0, access(0, (long) SPATIAL, 8L * SPATIAL, 1L)),
                        new Kernel.Fold(DType.F32, Reduction.SUM, DType.F32, 0)),
                List.of(new Kernel.Store(0, 1, access(0, 1L, 0L, 0L))));
        check(kernel, List.of(numbers((int) SHAPE.size())), 8);
    }

    /** Channels 7 down to 4, spatial axis 1 from its end: a flipped slice, written densely. */
    @Test
    void slicesAndFlips() {
        Kernel kernel = elementwise(
                Shape.of(3, 4, 2, 5),
                List.of(
                        load(0, access(7L * SPATIAL + 4, 8L * SPATIAL, (long) -SPATIAL, 5L, -1L)),
                        new Kernel.Unary(DType.F32, UnaryFunction.ABS, 0)),
                access(0, 40L, 10L, 5L, 1L));
        List<float[]> operands = List.of(numbers((int) SHAPE.size()), new float[1]);
        check(kernel, operands, 120, List.of(8, 4, 1));
        assertEquals(
                Optional.empty(),
                KernelRelayout.apply(kernel, Map.of(0, new ChannelBlocks(SHAPE, 2)), Map.of()),
                "backwards over blocks");
    }

    /** Every other column and row, as pools read them. */
    @Test
    void steps() {
        Kernel kernel = elementwise(
                Shape.of(3, 8, 2),
                List.of(
                        load(0, access(1, 8L * SPATIAL, (long) SPATIAL, 2L)),
                        load(0, access(5, 8L * SPATIAL, (long) SPATIAL, 2L)),
                        new Kernel.Binary(DType.F32, BinaryFunction.MAX, 0, 1)),
                access(0, 16L, 2L, 1L));
        check(kernel, List.of(numbers((int) SHAPE.size()), new float[1]), 48);
    }

    /** A walk that carries from one axis into the next in the middle cannot follow. */
    @Test
    void impossible() {
        Kernel kernel = elementwise(
                Shape.of(7),
                List.of(load(0, access(5, 11L)), new Kernel.Unary(DType.F32, UnaryFunction.NEG, 0)),
                access(0, 1L));
        assertEquals(
                Optional.empty(), KernelRelayout.apply(kernel, Map.of(0, new ChannelBlocks(SHAPE, 4)), Map.of()));
    }

    @Test
    void blocksAreFull() {
        assertThrows(IllegalArgumentException.class, () -> new ChannelBlocks(SHAPE, 3));
        assertThrows(IllegalArgumentException.class, () -> new ChannelBlocks(Shape.of(3, 8), 8));
        assertTrue(new ChannelBlocks(SHAPE, 8).isChannelsLast());
    }
}
