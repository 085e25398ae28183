package io.tandem.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.graph.CompositeKind;
import io.tandem.graph.GraphException;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.optim.Adam;
import io.tandem.tensor.DType;
import io.tandem.tensor.TensorType;
import io.tandem.train.LossScaling;
import io.tandem.train.Training;
import io.tandem.train.TrainingMemory;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which operations of a model {@link MixedPrecision} computes in which type. */
class MixedPrecisionTest {
    private static final DType LOW = DType.BF16;

    private static Model.Traced trace(Layer layer, int... sample) {
        return Model.of(layer, sample).withPrecision(MixedPrecision.bf16()).trace(Mode.TRAINING, 4);
    }

    private static List<Node> nodes(Model.Traced traced, Class<? extends Op> op) {
        return traced.trace().graph().nodes().stream()
                .filter(n -> op.isInstance(n.op()))
                .toList();
    }

    private static void requireTypes(List<Node> nodes, int count, DType operands, DType result) {
        assertEquals(count, nodes.size());
        for (Node node : nodes) {
            node.operands().forEach(x -> assertEquals(operands, x.dtype(), node.toString()));
            assertEquals(result, node.result(0).dtype(), node.toString());
        }
    }

    @Test
    void productsTakeAndGive16BitsAndParametersStayFloat32() {
        Model.Traced traced =
                trace(Sequential.of(Dense.of(5), Activation.relu(), Dense.of(3), Activation.softmax()), 6);
        requireTypes(nodes(traced, Op.MatMul.class), 2, LOW, LOW);
        requireTypes(nodes(traced, Op.Unary.class), 1, LOW, LOW);
        // The bias follows the product.
        requireTypes(nodes(traced, Op.Binary.class), 2, LOW, LOW);
        requireTypes(nodes(traced, Op.Composite.class), 1, DType.F32, DType.F32);
        traced.trace().params().values().forEach(p -> assertEquals(DType.F32, p.dtype()));
        assertEquals(DType.F32, traced.outputs().getFirst().dtype());
    }

    @Test
    void aSharedWeightIsRoundedOnce() {
        Dense shared = Dense.of(6);
        Model.Traced traced = trace(Sequential.of(shared, Activation.tanh(), shared), 6);
        Tensor weight = traced.trace().params().values().iterator().next();
        assertEquals(
                1,
                nodes(traced, Op.Cast.class).stream()
                        .filter(n -> n.operand(0).equals(weight))
                        .count());
    }

    @Test
    void theResidualStreamOfATransformerIsFloat32() {
        Model model = Model.of(
                Sequential.of(Embedding.of(7, 8), TransformerBlock.of(8, 2)), TensorType.of(DType.I32, 5));
        Model.Traced traced = model.withPrecision(MixedPrecision.bf16()).trace(Mode.TRAINING, 4);
        assertEquals(DType.F32, nodes(traced, Op.Gather.class).getFirst().result(0).dtype());
        requireTypes(nodes(traced, Op.MatMul.class), 6, LOW, LOW);
        int attentions = 0;
        for (Node node : nodes(traced, Op.Composite.class)) {
            Op.Composite composite = (Op.Composite) node.op();
            if (composite.kind() instanceof CompositeKind.LayerNorm) {
                requireTypes(List.of(node), 1, DType.F32, DType.F32);
            }
            if (composite.kind() instanceof CompositeKind.Attention) {
                attentions++;
                requireTypes(List.of(node), 1, LOW, LOW);
                // Between its products attention computes in float32.
                composite.body().nodes().stream()
                        .filter(n -> n.op() instanceof Op.Binary || n.op() instanceof Op.Composite)
                        .forEach(n -> assertEquals(DType.F32, n.result(0).dtype(), n.toString()));
            }
        }
        assertEquals(1, attentions);
        long sums = nodes(traced, Op.Binary.class).stream()
                .filter(n -> n.result(0).dtype() == DType.F32)
                .count();
        assertEquals(2, sums, "both residual sums");
    }

    @Test
    void batchNormalizationTakesAndGives16BitsAndTracksFloat32() {
        Model.Traced traced = trace(
                Sequential.of(Conv.conv2d(3, 3), BatchNorm.of(), Activation.relu(), Conv.conv2d(2, 1)), 1, 6, 6);
        requireTypes(nodes(traced, Op.Convolution.class), 2, LOW, LOW);
        Node norm = nodes(traced, Op.Composite.class).getFirst();
        assertEquals(
                List.of(LOW, DType.F32, DType.F32),
                norm.operands().stream().map(Tensor::dtype).toList());
        assertEquals(List.of(LOW, DType.F32, DType.F32), norm.types().stream().map(TensorType::dtype).toList());
        assertEquals(2, traced.trace().updates().size());
        traced.trace().updates().values().forEach(x -> assertEquals(DType.F32, x.dtype()));
    }

    @Test
    void loopsCarryFloat32() {
        Model.Traced traced = trace(Sequential.of(Lstm.of(5), Rnn.of(4)), 6, 3);
        Node scan = nodes(traced, Op.Scan.class).getFirst();
        assertEquals(DType.F32, scan.operand(0).dtype());
        assertEquals(LOW, scan.operands().getLast().dtype(), "the recurrent weight is rounded outside");
        Node lstm = nodes(traced, Op.Composite.class).getFirst();
        lstm.operands().forEach(x -> assertEquals(DType.F32, x.dtype()));
    }

    @Test
    void constantsWithoutRoomIn16BitsAreKept() {
        Layer far = x -> x.mul(1e-9).add(1e9);
        Model model = Model.of(Sequential.of(Dense.of(2), far), 3).withPrecision(MixedPrecision.f16());
        Model.Traced traced = model.trace(Mode.INFERENCE, 1);
        assertEquals(DType.F32, traced.outputs().getFirst().dtype());
        assertEquals(
                DType.F32, nodes(traced, Op.Binary.class).getLast().result(0).dtype());
    }

    @Test
    void memoryFollowsTheTypes() {
        Layer net = Sequential.of(Dense.of(512), Activation.relu(), Dense.of(512), Activation.relu(), Dense.of(10));
        Training exact = Training.of(Model.of(net, 256), Losses.crossEntropy(), Adam.of(1e-3));
        Training mixed = exact.withPrecision(MixedPrecision.bf16());
        TensorType target = TensorType.of(DType.I32);
        long before = TrainingMemory.of(exact, 1024, target).arena();
        long after = TrainingMemory.of(mixed, 1024, target).arena();
        assertTrue(after < 0.75 * before, before + " to " + after);
        assertEquals(
                exact.model().profile().resultBytes() - 2 * (512 + 512 + 512 + 512 + 10),
                mixed.model().profile().resultBytes());
        assertEquals(
                exact.model().profile().parameterBytes(), mixed.model().profile().parameterBytes());
        assertEquals(
                exact.model().profile().multiplyAdds(), mixed.model().profile().multiplyAdds());
    }

    @Test
    void float16ScalesTheLossUnlessToldOtherwise() {
        Model model = Model.of(Dense.of(1), 3);
        Training training = Training.of(model, Losses.meanSquaredError(), Adam.of(1e-3));
        assertEquals(Optional.empty(), training.scaling());
        Training half = training.withPrecision(MixedPrecision.f16());
        assertEquals(Optional.of(LossScaling.dynamic()), half.scaling());
        assertEquals(Optional.empty(), training.withPrecision(MixedPrecision.bf16()).scaling());
        assertEquals(Optional.empty(), half.withoutLossScaling().scaling());
        assertEquals(
                half.scaling(),
                Training.of(model.withPrecision(MixedPrecision.f16()), Losses.meanSquaredError(), Adam.of(1e-3))
                        .scaling());
        assertFalse(half.model().freeze("weight").precision().isEmpty());
    }

    @Test
    void refusals() {
        assertThrows(IllegalArgumentException.class, () -> new MixedPrecision(DType.F64));
        Model model = Model.of(Dense.of(1), TensorType.of(DType.F64, 3));
        GraphException error =
                assertThrows(GraphException.class, () -> model.withPrecision(MixedPrecision.bf16()));
        assertTrue(error.getMessage().contains("float32"), error.getMessage());
        assertThrows(IllegalArgumentException.class, () -> LossScaling.constant(0));
        assertThrows(IllegalArgumentException.class, () -> LossScaling.dynamic().withInterval(0));
        assertThrows(IllegalArgumentException.class, () -> new LossScaling(1, 0.5, 0.5, 10));
        assertThrows(IllegalArgumentException.class, () -> new LossScaling(1, 2, 1.5, 10));
    }
}
