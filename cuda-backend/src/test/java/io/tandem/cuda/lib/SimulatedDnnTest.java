package io.tandem.cuda.lib;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.simulation.DeviceArrays;
import io.tandem.cuda.simulation.SimulatedDnn;
import io.tandem.cuda.simulation.SimulatedDriver;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SimulatedDnnTest extends DnnSemantics {

    @Override
    Rig open() {
        return Rig.simulated();
    }

    @Test
    void standInIsStricterThanTheLibrary() {
        try (SimulatedDriver driver = new SimulatedDriver();
                DeviceArrays arrays = new DeviceArrays(driver);
                SimulatedDnn dnn = new SimulatedDnn(driver)) {
            TensorDescriptor form = TensorDescriptor.rowMajor(DataType.F32, 1, 2, 2, 2);
            long x = arrays.upload(new float[8]);
            CudaException streamless = assertThrows(
                    CudaException.class, () -> dnn.softmaxForward(SoftmaxKind.SOFTMAX_CHANNEL, 1, form, x, 0, x));
            assertEquals("CUDNN_STATUS_BAD_PARAM", streamless.codeName());
            dnn.setStream(arrays.stream());
            long small = arrays.upload(new float[7]);
            assertThrows(
                    CudaException.class, () -> dnn.softmaxForward(SoftmaxKind.SOFTMAX_CHANNEL, 1, form, x, 0, small));
            assertThrows(
                    CudaException.class, () -> dnn.softmaxForward(SoftmaxKind.SOFTMAX_CHANNEL, 1, form, x, 0, 0));
            PoolingDescriptor pooling = new PoolingDescriptor(
                    PoolingDescriptor.Mode.MAX, List.of(2, 2), List.of(0, 0), List.of(2, 2));
            TensorDescriptor ceiling = TensorDescriptor.rowMajor(DataType.F32, 1, 2, 2, 2);
            assertThrows(CudaException.class, () -> dnn.poolingForward(pooling, 1, form, x, 0, ceiling, x));
        }
    }

    @Test
    void sumsThatAreNotDeterministicDiffer() {
        ConvolutionProblem p = ConvolutionProblem.of(
                TensorDescriptor.rowMajor(DataType.F32, 1, 1, 8, 8),
                FilterDescriptor.of(DataType.F32, 8, 1, 3, 3),
                ConvolutionDescriptor.square(1, 1, 1, 1));
        try (SimulatedDriver driver = new SimulatedDriver();
                DeviceArrays arrays = new DeviceArrays(driver);
                SimulatedDnn dnn = new SimulatedDnn(driver)) {
            dnn.setStream(arrays.stream());
            ConvolutionAlgorithm fastest =
                    dnn.chooseConvolutions(ConvolutionPass.BACKWARD_FILTER, p, false, Long.MAX_VALUE).getFirst();
            assertFalse(fastest.deterministic());
            long x = arrays.upload(new Numbers(1).normal(64));
            long dy = arrays.upload(new Numbers(2).normal(512));
            float[][] results = new float[2][];
            for (int i = 0; i < 2; i++) {
                long dw = arrays.emptyFloats(72);
                dnn.convolutionBackwardFilter(p, fastest, 1, x, dy, 0, dw, Workspace.NONE);
                results[i] = arrays.floats(dw, 72);
            }
            assertFalse(Arrays.equals(results[0], results[1]));
        }
    }
}
