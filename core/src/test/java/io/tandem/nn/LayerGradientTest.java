package io.tandem.nn;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Gradients of every layer with respect to input and parameters, against central differences in float64. */
class LayerGradientTest {
    private record Case(String name, Layer layer, Mode mode, NDArray x) {
        Case(String name, Layer layer, int... dims) {
            this(name, layer, Mode.TRAINING, LayerRun.random(DType.F64, name.hashCode(), dims));
        }
    }

    @TestFactory
    Stream<DynamicTest> gradients() {
        return cases().stream()
                .map(c -> DynamicTest.dynamicTest(
                        c.name(), () -> LayerRun.checkGradients(c.name(), c.layer(), c.mode(), c.x())));
    }

    private static List<Case> cases() {
        return List.of(
                new Case("dense", Dense.of(3), 2, 4),
                new Case("conv transpose", ConvTranspose.conv2d(4, 3).withStride(2).withPadding(1).withOutputPadding(1)
                        .withGroups(2), 2, 2, 3, 4),
                new Case("conv transpose 1-d", ConvTranspose.conv1d(2, 3).withDilation(2), 2, 3, 5),
                new Case("max pool", MaxPool.pool2d(3).withStride(2).withPadding(1), 2, 2, 5, 6),
                new Case("average pool", AveragePool.pool2d(3).withStride(2).withPadding(1).withCeilMode(), 2, 2, 6, 5),
                new Case("average pool 1-d", AveragePool.pool1d(2).withPadding(1).includingPadding(), 2, 2, 5),
                new Case("global average pool", GlobalAveragePool.of(), 2, 3, 2, 3),
                new Case("global max pool", GlobalMaxPool.of(), 2, 3, 2, 3),
                new Case("adaptive average pool", AdaptiveAveragePool.of(3, 2), 2, 2, 5, 4),
                new Case("adaptive max pool", AdaptiveMaxPool.of(3), 2, 2, 7),
                new Case("upsample", Upsample.of(3), 2, 3, 2, 4),
                new Case("batch norm", BatchNorm.of(), 3, 2, 2, 2),
                new Case("batch norm, vectors", BatchNorm.of().withoutScale(), 5, 3),
                new Case("batch norm, inference", BatchNorm.of(), Mode.INFERENCE,
                        LayerRun.random(DType.F64, 5, 3, 2, 2, 2)),
                new Case("layer norm", LayerNorm.over(2), 2, 3, 4),
                new Case("group norm", GroupNorm.of(2), 2, 4, 3),
                new Case("instance norm", InstanceNorm.of().withScaleAndShift(), 2, 3, 4),
                new Case("dropout", Dropout.of(0.4), 3, 5),
                new Case("spatial dropout", Dropout.spatial(0.4), 3, 5, 2, 2),
                new Case("prelu", PRelu.of().withSlopePerChannel(), 3, 4, 2),
                new Case("maxout", Maxout.dense(3, 2), 4, 5),
                new Case("residual", Residual.of(Sequential.of(Dense.of(4), Activation.tanh())), 2, 4),
                new Case("residual with projection", Residual.of(Dense.of(3), Dense.of(3).withoutBias()), 2, 4),
                new Case("branches", Branches.of(Dense.of(2), Dense.of(3)), 2, 4),
                new Case("repeat", Sequential.repeat(3, () -> Sequential.of(Dense.of(4), Activation.elu())), 2, 4),
                new Case("rnn", Rnn.of(3).withLayers(2), 2, 4, 3),
                new Case("rnn with relu", Rnn.of(3).withRelu().withBothDirections(), 2, 4, 3),
                new Case("lstm", Lstm.of(3).withLayers(2).withBothDirections(), 2, 4, 3),
                new Case("lstm, last step", Lstm.of(3).withTimeMajor().withLastStep().withoutBias(), 4, 2, 3),
                new Case("lstm with dropout", Lstm.of(3).withLayers(2).withDropout(0.3), 2, 4, 3),
                new Case("gru", Gru.of(3).withLayers(2), 2, 4, 3),
                new Case("gru, reset before", Gru.of(3).withResetBefore().withBothDirections(), 2, 4, 3),
                new Case("attention", MultiHeadAttention.of(4, 2).withCausalMask(), 2, 5, 4),
                new Case("attention with dropout", MultiHeadAttention.of(4, 2).withCausalMask().withDropout(0.3), 2, 5,
                        4),
                new Case("positional encoding", PositionalEncoding.learned(6), 2, 5, 4),
                new Case("sinusoidal encoding", PositionalEncoding.sinusoidal(), 2, 5, 4),
                new Case("transformer block", TransformerBlock.of(4, 2), 2, 3, 4),
                new Case("transformer block, post-norm", TransformerBlock.of(4, 2).withPostNorm(), 2, 3, 4));
    }
}
