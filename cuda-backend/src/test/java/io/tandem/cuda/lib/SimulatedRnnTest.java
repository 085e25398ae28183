package io.tandem.cuda.lib;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.simulation.DeviceArrays;
import io.tandem.cuda.simulation.SimulatedDnn;
import io.tandem.cuda.simulation.SimulatedDriver;
import org.junit.jupiter.api.Test;

class SimulatedRnnTest extends RnnSemantics {

    @Override
    Rig open() {
        return Rig.simulated();
    }

    @Test
    void gradientsNeedTheReserveOfATrainingRun() {
        RnnDescriptor rnn = RnnDescriptor.of(RnnDescriptor.Cell.TANH, false, 2, 2, 1);
        RnnSequence form = RnnSequence.of(DataType.F32, false, 3, 1, 2);
        try (SimulatedDriver driver = new SimulatedDriver();
                DeviceArrays arrays = new DeviceArrays(driver);
                SimulatedDnn dnn = new SimulatedDnn(driver)) {
            dnn.setStream(arrays.stream());
            long x = arrays.upload(new float[6]);
            long weights = arrays.upload(new float[(int) dnn.rnnWeightSpaceBytes(rnn) / 4]);
            RnnMemorySizes sizes = dnn.rnnMemorySizes(rnn, form, true);
            RnnMemory memory = new RnnMemory(
                    new Workspace(weights, dnn.rnnWeightSpaceBytes(rnn)),
                    new Workspace(arrays.bytes(sizes.workspace()), sizes.workspace()),
                    new Workspace(arrays.bytes(sizes.reserve()), sizes.reserve()));
            dnn.rnnForward(rnn, false, form, x, form, x, RnnStates.NONE, memory);
            CudaException early = assertThrows(
                    CudaException.class,
                    () -> dnn.rnnBackwardData(
                            rnn, form, x, x, form, x, RnnStates.NONE, RnnStates.NONE, memory));
            assertEquals("SIMULATED_UNDEFINED_READ", early.codeName());
        }
    }
}
