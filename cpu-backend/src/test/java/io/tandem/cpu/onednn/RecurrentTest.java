package io.tandem.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.cpu.onednn.Fixture.Value;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Recurrent layers against {@link RecurrentLoops}; weights as PyTorch stores them, row-major [gates x H, I]. */
class RecurrentTest {
    private static final double TOLERANCE = 2e-5;

    private Fixture fixture;

    @BeforeEach
    void open() {
        fixture = new Fixture();
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1,FORWARD", "3,2,5,7,FORWARD", "3,2,5,7,REVERSE", "7,3,13,17,FORWARD", "5,17,16,32,REVERSE",
        "13,1,3,1,FORWARD", "4,9,33,20,FORWARD"})
    void lstmAgreesWithLoops(int steps, int batch, int inputs, int units, Direction direction) {
        RecurrentLoops.Lstm loops = new RecurrentLoops.Lstm(steps, batch, inputs, units,
                direction == Direction.REVERSE);
        Lstm.Tensors tensors = Lstm.Tensors.of(steps, batch, inputs, units);
        PrimitiveDescriptor forward = fixture.describe(
                new Lstm.Forward(Propagation.TRAINING, direction, tensors));
        Map<Argument, Value> operands = new LinkedHashMap<>();
        operands.put(Argument.SRC_LAYER, Fixture.value(loops.x, steps, batch, inputs));
        operands.put(Argument.SRC_ITER, Fixture.value(loops.h0, 1, 1, batch, units));
        operands.put(Argument.SRC_ITER_C, Fixture.value(loops.c0, 1, 1, batch, units));
        operands.put(Argument.WEIGHTS_LAYER,
                new Value(loops.w, Lstm.matrixWeights(DataType.F32, inputs, units)));
        operands.put(Argument.WEIGHTS_ITER, new Value(loops.u, Lstm.matrixWeights(DataType.F32, units, units)));
        operands.put(Argument.BIAS, Fixture.value(loops.b, 1, 1, 4, units));
        Map<Argument, Memory> results = fixture.run(forward, operands, Map.of());
        String what = "forward by " + forward.implementation();
        Fixture.assertClose(loops.y, fixture.read(results.get(Argument.DST_LAYER)), TOLERANCE, "y, " + what);
        Fixture.assertClose(loops.h, fixture.read(results.get(Argument.DST_ITER)), TOLERANCE, "h, " + what);
        Fixture.assertClose(loops.c, fixture.read(results.get(Argument.DST_ITER_C)), TOLERANCE, "c, " + what);

        Map<Argument, Memory> given = new HashMap<>();
        for (Argument argument : new Argument[] {Argument.DST_LAYER, Argument.DST_ITER, Argument.DST_ITER_C,
            Argument.WORKSPACE}) {
            given.put(argument, results.get(argument));
        }
        operands.put(Argument.DIFF_DST_LAYER, Fixture.value(loops.dy, steps, batch, units));
        operands.put(Argument.DIFF_DST_ITER, Fixture.value(loops.dh, 1, 1, batch, units));
        operands.put(Argument.DIFF_DST_ITER_C, Fixture.value(loops.dc, 1, 1, batch, units));
        PrimitiveDescriptor backward = fixture.describe(new Lstm.Backward(direction, tensors, tensors, forward));
        forward.close();
        Map<Argument, Memory> gradients = fixture.run(backward, operands, given);
        what = "backward by " + backward.implementation();
        check(gradients, Argument.DIFF_SRC_LAYER, loops.dx, what);
        check(gradients, Argument.DIFF_SRC_ITER, loops.dh0, what);
        check(gradients, Argument.DIFF_SRC_ITER_C, loops.dc0, what);
        checkMatrix(gradients, Argument.DIFF_WEIGHTS_LAYER, Lstm.matrixWeights(DataType.F32, inputs, units), loops.dw,
                what);
        checkMatrix(gradients, Argument.DIFF_WEIGHTS_ITER, Lstm.matrixWeights(DataType.F32, units, units), loops.du,
                what);
        check(gradients, Argument.DIFF_BIAS, loops.db, what);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1,FORWARD", "3,2,5,7,FORWARD", "3,2,5,7,REVERSE", "7,3,13,17,FORWARD", "5,17,16,32,REVERSE"})
    void gruAgreesWithLoops(int steps, int batch, int inputs, int units, Direction direction) {
        RecurrentLoops.Gru loops = new RecurrentLoops.Gru(steps, batch, inputs, units,
                direction == Direction.REVERSE);
        RecurrentTensors tensors = Gru.tensors(steps, batch, inputs, units);
        Map<Argument, Value> operands = new LinkedHashMap<>();
        operands.put(Argument.SRC_LAYER, Fixture.value(loops.x, steps, batch, inputs));
        operands.put(Argument.SRC_ITER, Fixture.value(loops.h0, 1, 1, batch, units));
        operands.put(Argument.WEIGHTS_LAYER, new Value(loops.w, Gru.matrixWeights(DataType.F32, inputs, units)));
        operands.put(Argument.WEIGHTS_ITER, new Value(loops.u, Gru.matrixWeights(DataType.F32, units, units)));
        operands.put(Argument.BIAS, Fixture.value(loops.b, 1, 1, 4, units));
        PrimitiveDescriptor forward = fixture.describe(
                new Gru.Forward(Propagation.TRAINING, direction, tensors));
        Map<Argument, Memory> results = fixture.run(forward, operands, Map.of());
        String what = "forward by " + forward.implementation();
        Fixture.assertClose(loops.y, fixture.read(results.get(Argument.DST_LAYER)), TOLERANCE, "y, " + what);
        Fixture.assertClose(loops.h, fixture.read(results.get(Argument.DST_ITER)), TOLERANCE, "h, " + what);

        Map<Argument, Memory> given = new HashMap<>();
        for (Argument argument : new Argument[] {Argument.DST_LAYER, Argument.DST_ITER, Argument.WORKSPACE}) {
            given.put(argument, results.get(argument));
        }
        operands.put(Argument.DIFF_DST_LAYER, Fixture.value(loops.dy, steps, batch, units));
        operands.put(Argument.DIFF_DST_ITER, Fixture.value(loops.dh, 1, 1, batch, units));
        PrimitiveDescriptor backward = fixture.describe(new Gru.Backward(direction, tensors, tensors, forward));
        Map<Argument, Memory> gradients = fixture.run(backward, operands, given);
        what = "backward by " + backward.implementation();
        check(gradients, Argument.DIFF_SRC_LAYER, loops.dx, what);
        check(gradients, Argument.DIFF_SRC_ITER, loops.dh0, what);
        checkMatrix(gradients, Argument.DIFF_WEIGHTS_LAYER, Gru.matrixWeights(DataType.F32, inputs, units), loops.dw,
                what);
        checkMatrix(gradients, Argument.DIFF_WEIGHTS_ITER, Gru.matrixWeights(DataType.F32, units, units), loops.du,
                what);
        check(gradients, Argument.DIFF_BIAS, loops.db, what);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1,FORWARD,TANH", "3,2,5,7,FORWARD,TANH", "7,3,13,17,REVERSE,TANH", "5,2,3,16,FORWARD,RELU"})
    void vanillaRnnAgreesWithLoops(int steps, int batch, int inputs, int units, Direction direction,
            EltwiseFunction activation) {
        RecurrentLoops.Vanilla loops = new RecurrentLoops.Vanilla(steps, batch, inputs, units,
                direction == Direction.REVERSE, activation == EltwiseFunction.RELU);
        RecurrentTensors tensors = VanillaRnn.tensors(steps, batch, inputs, units);
        Map<Argument, Value> operands = new LinkedHashMap<>();
        operands.put(Argument.SRC_LAYER, Fixture.value(loops.x, steps, batch, inputs));
        operands.put(Argument.SRC_ITER, Fixture.value(loops.h0, 1, 1, batch, units));
        operands.put(Argument.WEIGHTS_LAYER,
                new Value(loops.w, VanillaRnn.matrixWeights(DataType.F32, inputs, units)));
        operands.put(Argument.WEIGHTS_ITER, new Value(loops.u, VanillaRnn.matrixWeights(DataType.F32, units, units)));
        operands.put(Argument.BIAS, Fixture.value(loops.b, 1, 1, 1, units));
        PrimitiveDescriptor forward = fixture.describe(
                new VanillaRnn.Forward(Propagation.TRAINING, activation, direction, tensors));
        Map<Argument, Memory> results = fixture.run(forward, operands, Map.of());
        Fixture.assertClose(loops.y, fixture.read(results.get(Argument.DST_LAYER)), TOLERANCE, "y");
        Fixture.assertClose(loops.h, fixture.read(results.get(Argument.DST_ITER)), TOLERANCE, "h");

        Map<Argument, Memory> given = new HashMap<>();
        for (Argument argument : new Argument[] {Argument.DST_LAYER, Argument.DST_ITER, Argument.WORKSPACE}) {
            given.put(argument, results.get(argument));
        }
        operands.put(Argument.DIFF_DST_LAYER, Fixture.value(loops.dy, steps, batch, units));
        operands.put(Argument.DIFF_DST_ITER, Fixture.value(loops.dh, 1, 1, batch, units));
        PrimitiveDescriptor backward = fixture.describe(
                new VanillaRnn.Backward(activation, direction, tensors, tensors, forward));
        Map<Argument, Memory> gradients = fixture.run(backward, operands, given);
        String what = "backward by " + backward.implementation();
        check(gradients, Argument.DIFF_SRC_LAYER, loops.dx, what);
        check(gradients, Argument.DIFF_SRC_ITER, loops.dh0, what);
        checkMatrix(gradients, Argument.DIFF_WEIGHTS_LAYER, VanillaRnn.matrixWeights(DataType.F32, inputs, units),
                loops.dw, what);
        checkMatrix(gradients, Argument.DIFF_WEIGHTS_ITER, VanillaRnn.matrixWeights(DataType.F32, units, units),
                loops.du, what);
        check(gradients, Argument.DIFF_BIAS, loops.db, what);
    }

    private void check(Map<Argument, Memory> results, Argument argument, double[] expected, String what) {
        Fixture.assertClose(expected, fixture.read(results.get(argument)), TOLERANCE, argument + ", " + what);
    }

    /** The weights' gradient, read as the bytes of a row-major matrix. */
    private void checkMatrix(Map<Argument, Memory> results, Argument argument, MemoryDescriptor matrix,
            double[] expected, String what) {
        Memory memory = fixture.memory(matrix);
        fixture.execute(fixture.describe(new Reorder(results.get(argument).descriptor(), matrix)),
                Map.of(Argument.SRC, results.get(argument), Argument.DST, memory));
        float[] bytes = memory.segment().asSlice(0, 4L * expected.length)
                .toArray(ValueLayout.JAVA_FLOAT);
        Fixture.assertClose(expected, bytes, TOLERANCE, argument + ", " + what);
    }

    @Test
    void inferenceNeedsNoWorkspace() {
        PrimitiveDescriptor inference = fixture.describe(new Lstm.Forward(Propagation.INFERENCE, Direction.FORWARD,
                Lstm.Tensors.of(3, 2, 5, 7)));
        assertTrue(inference.workspace().isEmpty());
        assertTrue(inference.scratchpad().isEmpty(), "the scratchpad belongs to the library by default");
        PrimitiveDescriptor user = fixture.describe(new Lstm.Forward(Propagation.INFERENCE, Direction.FORWARD,
                Lstm.Tensors.of(3, 2, 5, 7)), PrimitiveAttributes.DEFAULT.withUserScratchpad());
        assertTrue(user.scratchpad().isPresent());
    }

    @Test
    void namesWhatIsWrong() {
        Lstm.Tensors t = Lstm.Tensors.of(3, 2, 5, 7);
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class,
                () -> new Lstm.Tensors(t.srcLayer(), t.srcIter(), t.srcIterC(), t.weightsIter(), t.weightsIter(),
                        t.bias(), t.dstLayer(), t.dstIter(), t.dstIterC()));
        assertEquals("lstm input weights: sizes must be [1, 1, 5, 4, 7], not f32[1, 1, 7, 4, 7] any", e.getMessage());
        RecurrentTensors lstmLike = VanillaRnn.tensors(3, 2, 5, 7);
        assertThrows(IllegalArgumentException.class,
                () -> new Gru.Forward(Propagation.TRAINING, Direction.FORWARD, lstmLike));
    }
}
