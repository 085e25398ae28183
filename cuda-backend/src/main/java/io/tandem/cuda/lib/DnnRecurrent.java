package io.tandem.cuda.lib;

import static io.tandem.cuda.lib.DnnCheck.at;
import static io.tandem.cuda.lib.DnnCheck.check;
import static jcuda.jcudnn.JCudnn.cudnnCreateTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnGetRNNTempSpaceSizes;
import static jcuda.jcudnn.JCudnn.cudnnGetRNNWeightParams;
import static jcuda.jcudnn.JCudnn.cudnnGetRNNWeightSpaceSize;
import static jcuda.jcudnn.JCudnn.cudnnGetTensorNdDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnRNNBackwardData_v8;
import static jcuda.jcudnn.JCudnn.cudnnRNNBackwardWeights_v8;
import static jcuda.jcudnn.JCudnn.cudnnRNNForward;

import io.tandem.cuda.driver.JCudaDriver;
import io.tandem.cuda.driver.NativeAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jcuda.Pointer;
import jcuda.jcudnn.cudnnForwardMode;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.jcudnn.cudnnWgradMode;

/**
 * cuDNN's recurrent networks, version 8 of that interface. The sequences' lengths are passed in the data descriptors;
 * their copy on the device, which cuDNN wanted before 8.9.1, is not.
 */
final class DnnRecurrent {

    private final JCudaDriver driver;
    private final cudnnHandle handle;
    private final DnnDescriptors descriptors;
    private final Map<RnnDescriptor, List<RnnParameter>> parameters = new HashMap<>();

    DnnRecurrent(JCudaDriver driver, cudnnHandle handle, DnnDescriptors descriptors) {
        this.driver = driver;
        this.handle = handle;
        this.descriptors = descriptors;
    }

    long weightSpaceBytes(RnnDescriptor rnn) {
        long[] bytes = new long[1];
        check(
                cudnnGetRNNWeightSpaceSize(handle, descriptors.network(rnn), bytes),
                "cudnnGetRNNWeightSpaceSize",
                rnn);
        return bytes[0];
    }

    List<RnnParameter> parameters(RnnDescriptor rnn) {
        List<RnnParameter> list = parameters.get(rnn);
        if (list == null) {
            list = ask(rnn);
            parameters.put(rnn, list);
        }
        return list;
    }

    /** The library answers with addresses in a weight space, so it is given one for the time of the questions. */
    private List<RnnParameter> ask(RnnDescriptor rnn) {
        long bytes = weightSpaceBytes(rnn);
        long space = driver.allocate(Math.max(bytes, 1));
        cudnnTensorDescriptor matrix = new cudnnTensorDescriptor();
        cudnnTensorDescriptor bias = new cudnnTensorDescriptor();
        try {
            check(cudnnCreateTensorDescriptor(matrix), "cudnnCreateTensorDescriptor");
            check(cudnnCreateTensorDescriptor(bias), "cudnnCreateTensorDescriptor");
            List<RnnParameter> list = new ArrayList<>();
            for (int layer = 0; layer < rnn.layers(); layer++) {
                for (int direction = 0; direction < rnn.directions(); direction++) {
                    for (int linear = 0; linear < 2 * rnn.cell().gates(); linear++) {
                        NativeAddress matrixAt = new NativeAddress();
                        NativeAddress biasAt = new NativeAddress();
                        check(
                                cudnnGetRNNWeightParams(
                                        handle,
                                        descriptors.network(rnn),
                                        layer * rnn.directions() + direction,
                                        bytes,
                                        at(space),
                                        linear,
                                        matrix,
                                        matrixAt,
                                        bias,
                                        biasAt),
                                "cudnnGetRNNWeightParams",
                                rnn);
                        for (boolean isBias : new boolean[] {false, true}) {
                            long address = (isBias ? biasAt : matrixAt).value();
                            if (address != 0) {
                                int[] sizes = sizes(isBias ? bias : matrix);
                                list.add(new RnnParameter(
                                        layer,
                                        direction == 1,
                                        linear,
                                        isBias,
                                        address - space,
                                        sizes[1],
                                        isBias ? 1 : sizes[2]));
                            }
                        }
                    }
                }
            }
            return List.copyOf(list);
        } finally {
            cudnnDestroyTensorDescriptor(bias);
            cudnnDestroyTensorDescriptor(matrix);
            driver.free(space);
        }
    }

    private static int[] sizes(cudnnTensorDescriptor descriptor) {
        int[] sizes = new int[3];
        check(
                cudnnGetTensorNdDescriptor(descriptor, 3, new int[1], new int[1], sizes, new int[3]),
                "cudnnGetTensorNdDescriptor");
        return sizes;
    }

    RnnMemorySizes memorySizes(RnnDescriptor rnn, RnnSequence x, boolean training) {
        long[] workspace = new long[1];
        long[] reserve = new long[1];
        check(
                cudnnGetRNNTempSpaceSizes(
                        handle,
                        descriptors.network(rnn),
                        mode(training),
                        descriptors.sequence(x),
                        workspace,
                        reserve),
                "cudnnGetRNNTempSpaceSizes",
                rnn);
        return new RnnMemorySizes(workspace[0], reserve[0]);
    }

    private static int mode(boolean training) {
        return training ? cudnnForwardMode.CUDNN_FWD_MODE_TRAINING : cudnnForwardMode.CUDNN_FWD_MODE_INFERENCE;
    }

    private static Pointer noLengths() {
        return at(0);
    }

    void forward(
            RnnDescriptor rnn,
            boolean training,
            RnnSequence xForm,
            long x,
            RnnSequence yForm,
            long y,
            RnnStates states,
            RnnMemory memory) {
        cudnnTensorDescriptor stateForm = descriptors.tensor(rnn.states(xForm.batch()));
        check(
                cudnnRNNForward(
                        handle,
                        descriptors.network(rnn),
                        mode(training),
                        noLengths(),
                        descriptors.sequence(xForm),
                        at(x),
                        descriptors.sequence(yForm),
                        at(y),
                        stateForm,
                        at(states.firstHidden()),
                        at(states.lastHidden()),
                        stateForm,
                        at(states.firstCell()),
                        at(states.lastCell()),
                        memory.weights().bytes(),
                        at(memory.weights().address()),
                        memory.workspace().bytes(),
                        at(memory.workspace().address()),
                        memory.reserve().bytes(),
                        at(memory.reserve().address())),
                "cudnnRNNForward",
                rnn);
    }

    void backwardData(
            RnnDescriptor rnn,
            RnnSequence yForm,
            long y,
            long dy,
            RnnSequence xForm,
            long dx,
            RnnStates states,
            RnnStates gradients,
            RnnMemory memory) {
        cudnnTensorDescriptor stateForm = descriptors.tensor(rnn.states(xForm.batch()));
        check(
                cudnnRNNBackwardData_v8(
                        handle,
                        descriptors.network(rnn),
                        noLengths(),
                        descriptors.sequence(yForm),
                        at(y),
                        at(dy),
                        descriptors.sequence(xForm),
                        at(dx),
                        stateForm,
                        at(states.firstHidden()),
                        at(gradients.lastHidden()),
                        at(gradients.firstHidden()),
                        stateForm,
                        at(states.firstCell()),
                        at(gradients.lastCell()),
                        at(gradients.firstCell()),
                        memory.weights().bytes(),
                        at(memory.weights().address()),
                        memory.workspace().bytes(),
                        at(memory.workspace().address()),
                        memory.reserve().bytes(),
                        at(memory.reserve().address())),
                "cudnnRNNBackwardData_v8",
                rnn);
    }

    void backwardWeights(
            RnnDescriptor rnn,
            RnnSequence xForm,
            long x,
            RnnStates states,
            RnnSequence yForm,
            long y,
            long dWeights,
            RnnMemory memory) {
        check(
                cudnnRNNBackwardWeights_v8(
                        handle,
                        descriptors.network(rnn),
                        cudnnWgradMode.CUDNN_WGRAD_MODE_ADD,
                        noLengths(),
                        descriptors.sequence(xForm),
                        at(x),
                        descriptors.tensor(rnn.states(xForm.batch())),
                        at(states.firstHidden()),
                        descriptors.sequence(yForm),
                        at(y),
                        memory.weights().bytes(),
                        at(dWeights),
                        memory.workspace().bytes(),
                        at(memory.workspace().address()),
                        memory.reserve().bytes(),
                        at(memory.reserve().address())),
                "cudnnRNNBackwardWeights_v8",
                rnn);
    }
}
