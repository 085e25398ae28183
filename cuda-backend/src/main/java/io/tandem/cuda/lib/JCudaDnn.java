package io.tandem.cuda.lib;

import static io.tandem.cuda.lib.DnnCheck.at;
import static io.tandem.cuda.lib.DnnCheck.check;
import static io.tandem.cuda.lib.DnnCheck.scalar;
import static jcuda.jcudnn.JCudnn.cudnnBatchNormalizationBackward;
import static jcuda.jcudnn.JCudnn.cudnnBatchNormalizationForwardInference;
import static jcuda.jcudnn.JCudnn.cudnnBatchNormalizationForwardTraining;
import static jcuda.jcudnn.JCudnn.cudnnConvolutionBackwardData;
import static jcuda.jcudnn.JCudnn.cudnnConvolutionBackwardFilter;
import static jcuda.jcudnn.JCudnn.cudnnConvolutionForward;
import static jcuda.jcudnn.JCudnn.cudnnCreate;
import static jcuda.jcudnn.JCudnn.cudnnDestroy;
import static jcuda.jcudnn.JCudnn.cudnnGetVersion;
import static jcuda.jcudnn.JCudnn.cudnnPoolingBackward;
import static jcuda.jcudnn.JCudnn.cudnnPoolingForward;
import static jcuda.jcudnn.JCudnn.cudnnSetStream;
import static jcuda.jcudnn.JCudnn.cudnnSoftmaxBackward;
import static jcuda.jcudnn.JCudnn.cudnnSoftmaxForward;

import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaStream;
import io.tandem.cuda.driver.JCudaDriver;
import io.tandem.cuda.driver.JCudaStream;
import java.util.List;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnBatchNormMode;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnSoftmaxAlgorithm;
import jcuda.jcudnn.cudnnSoftmaxMode;
import jcuda.jcudnn.cudnnTensorDescriptor;

/**
 * cuDNN 9 (8.9.1 and newer) behind JCuda. Descriptors are kept per value, algorithms per problem. Scaling factors are
 * read on the host during a call, so captured calls keep their values.
 */
public final class JCudaDnn implements Dnn {

    private static final long OLDEST = 8_901;

    private final JCudaDriver driver;
    private final cudnnHandle handle = new cudnnHandle();
    private final long version;
    private final DnnDescriptors descriptors;
    private final DnnAlgorithms algorithms;
    private final DnnRecurrent recurrent;
    private boolean closed;

    /**
     * Opens the library.
     *
     * @param driver the device
     * @throws CudaException if cuDNN is older than 8.9.1
     */
    public JCudaDnn(JCudaDriver driver) {
        this.driver = driver;
        driver.enter();
        JCudnn.setExceptionsEnabled(false);
        version = cudnnGetVersion();
        if (version < OLDEST) {
            throw new CudaException("cudnnGetVersion", "cuDNN " + version + " is too old; install cuDNN 9", null);
        }
        check(cudnnCreate(handle), "cudnnCreate");
        descriptors = new DnnDescriptors(handle);
        algorithms = new DnnAlgorithms(handle, descriptors);
        recurrent = new DnnRecurrent(driver, handle, descriptors);
    }

    private void enter(String call) {
        if (closed) {
            throw new CudaException(call, "the handle is closed", null);
        }
        driver.enter();
    }

    @Override
    public long version() {
        return version;
    }

    @Override
    public void setStream(CudaStream stream) {
        enter("cudnnSetStream");
        check(cudnnSetStream(handle, ((JCudaStream) stream).runtimeStream()), "cudnnSetStream");
    }

    // ---- convolution

    @Override
    public List<ConvolutionAlgorithm> convolutionAlgorithms(ConvolutionPass pass, ConvolutionProblem problem) {
        enter("cudnnGetConvolutionAlgorithm_v7");
        return algorithms.list(pass, problem);
    }

    @Override
    public void convolutionForward(
            ConvolutionProblem problem,
            ConvolutionAlgorithm algorithm,
            double alpha,
            long x,
            long w,
            double beta,
            long y,
            Workspace workspace) {
        enter("cudnnConvolutionForward");
        DataType type = problem.convolution().compute();
        check(
                cudnnConvolutionForward(
                        handle,
                        scalar(type, alpha),
                        descriptors.tensor(problem.x()),
                        at(x),
                        descriptors.filter(problem.w()),
                        at(w),
                        descriptors.convolution(problem.convolution()),
                        algorithm.id(),
                        at(workspace.address()),
                        workspace.bytes(),
                        scalar(type, beta),
                        descriptors.tensor(problem.y()),
                        at(y)),
                "cudnnConvolutionForward",
                problem);
    }

    @Override
    public void convolutionBackwardData(
            ConvolutionProblem problem,
            ConvolutionAlgorithm algorithm,
            double alpha,
            long w,
            long dy,
            double beta,
            long dx,
            Workspace workspace) {
        enter("cudnnConvolutionBackwardData");
        DataType type = problem.convolution().compute();
        check(
                cudnnConvolutionBackwardData(
                        handle,
                        scalar(type, alpha),
                        descriptors.filter(problem.w()),
                        at(w),
                        descriptors.tensor(problem.y()),
                        at(dy),
                        descriptors.convolution(problem.convolution()),
                        algorithm.id(),
                        at(workspace.address()),
                        workspace.bytes(),
                        scalar(type, beta),
                        descriptors.tensor(problem.x()),
                        at(dx)),
                "cudnnConvolutionBackwardData",
                problem);
    }

    @Override
    public void convolutionBackwardFilter(
            ConvolutionProblem problem,
            ConvolutionAlgorithm algorithm,
            double alpha,
            long x,
            long dy,
            double beta,
            long dw,
            Workspace workspace) {
        enter("cudnnConvolutionBackwardFilter");
        DataType type = problem.convolution().compute();
        check(
                cudnnConvolutionBackwardFilter(
                        handle,
                        scalar(type, alpha),
                        descriptors.tensor(problem.x()),
                        at(x),
                        descriptors.tensor(problem.y()),
                        at(dy),
                        descriptors.convolution(problem.convolution()),
                        algorithm.id(),
                        at(workspace.address()),
                        workspace.bytes(),
                        scalar(type, beta),
                        descriptors.filter(problem.w()),
                        at(dw)),
                "cudnnConvolutionBackwardFilter",
                problem);
    }

    // ---- pooling

    @Override
    public void poolingForward(
            PoolingDescriptor pooling,
            double alpha,
            TensorDescriptor xForm,
            long x,
            double beta,
            TensorDescriptor yForm,
            long y) {
        enter("cudnnPoolingForward");
        check(
                cudnnPoolingForward(
                        handle,
                        descriptors.pooling(pooling),
                        scalar(xForm.type(), alpha),
                        descriptors.tensor(xForm),
                        at(x),
                        scalar(xForm.type(), beta),
                        descriptors.tensor(yForm),
                        at(y)),
                "cudnnPoolingForward",
                pooling);
    }

    @Override
    public void poolingBackward(
            PoolingDescriptor pooling,
            double alpha,
            TensorDescriptor yForm,
            long y,
            long dy,
            TensorDescriptor xForm,
            long x,
            double beta,
            long dx) {
        enter("cudnnPoolingBackward");
        cudnnTensorDescriptor output = descriptors.tensor(yForm);
        cudnnTensorDescriptor input = descriptors.tensor(xForm);
        check(
                cudnnPoolingBackward(
                        handle,
                        descriptors.pooling(pooling),
                        scalar(xForm.type(), alpha),
                        output,
                        at(y),
                        output,
                        at(dy),
                        input,
                        at(x),
                        scalar(xForm.type(), beta),
                        input,
                        at(dx)),
                "cudnnPoolingBackward",
                pooling);
    }

    // ---- batch normalization

    private static int mode(BatchNormMode mode) {
        return switch (mode) {
            case SPATIAL -> cudnnBatchNormMode.CUDNN_BATCHNORM_SPATIAL;
            case SPATIAL_PERSISTENT -> cudnnBatchNormMode.CUDNN_BATCHNORM_SPATIAL_PERSISTENT;
            case PER_ACTIVATION -> cudnnBatchNormMode.CUDNN_BATCHNORM_PER_ACTIVATION;
        };
    }

    @Override
    public void batchNormTraining(
            BatchNormMode mode,
            TensorDescriptor form,
            long x,
            long y,
            long scale,
            long bias,
            double momentum,
            long runningMean,
            long runningVariance,
            double epsilon,
            long savedMean,
            long savedInverseDeviation) {
        enter("cudnnBatchNormalizationForwardTraining");
        cudnnTensorDescriptor data = descriptors.tensor(form);
        check(
                cudnnBatchNormalizationForwardTraining(
                        handle,
                        mode(mode),
                        scalar(form.type(), 1),
                        scalar(form.type(), 0),
                        data,
                        at(x),
                        data,
                        at(y),
                        descriptors.tensor(mode.parameters(form)),
                        at(scale),
                        at(bias),
                        momentum,
                        at(runningMean),
                        at(runningVariance),
                        epsilon,
                        at(savedMean),
                        at(savedInverseDeviation)),
                "cudnnBatchNormalizationForwardTraining",
                form);
    }

    @Override
    public void batchNormInference(
            BatchNormMode mode,
            TensorDescriptor form,
            long x,
            long y,
            long scale,
            long bias,
            long mean,
            long variance,
            double epsilon) {
        enter("cudnnBatchNormalizationForwardInference");
        cudnnTensorDescriptor data = descriptors.tensor(form);
        check(
                cudnnBatchNormalizationForwardInference(
                        handle,
                        mode(mode),
                        scalar(form.type(), 1),
                        scalar(form.type(), 0),
                        data,
                        at(x),
                        data,
                        at(y),
                        descriptors.tensor(mode.parameters(form)),
                        at(scale),
                        at(bias),
                        at(mean),
                        at(variance),
                        epsilon),
                "cudnnBatchNormalizationForwardInference",
                form);
    }

    @Override
    public void batchNormBackward(
            BatchNormMode mode,
            TensorDescriptor form,
            long x,
            long dy,
            long dx,
            long scale,
            long dScale,
            long dBias,
            double epsilon,
            long savedMean,
            long savedInverseDeviation) {
        enter("cudnnBatchNormalizationBackward");
        cudnnTensorDescriptor data = descriptors.tensor(form);
        check(
                cudnnBatchNormalizationBackward(
                        handle,
                        mode(mode),
                        scalar(form.type(), 1),
                        scalar(form.type(), 0),
                        scalar(form.type(), 1),
                        scalar(form.type(), 0),
                        data,
                        at(x),
                        data,
                        at(dy),
                        data,
                        at(dx),
                        descriptors.tensor(mode.parameters(form)),
                        at(scale),
                        at(dScale),
                        at(dBias),
                        epsilon,
                        at(savedMean),
                        at(savedInverseDeviation)),
                "cudnnBatchNormalizationBackward",
                form);
    }

    // ---- softmax

    private static int algorithm(SoftmaxKind kind) {
        return kind.isLog() ? cudnnSoftmaxAlgorithm.CUDNN_SOFTMAX_LOG : cudnnSoftmaxAlgorithm.CUDNN_SOFTMAX_ACCURATE;
    }

    private static int mode(SoftmaxKind kind) {
        return kind.isPerPosition()
                ? cudnnSoftmaxMode.CUDNN_SOFTMAX_MODE_CHANNEL
                : cudnnSoftmaxMode.CUDNN_SOFTMAX_MODE_INSTANCE;
    }

    @Override
    public void softmaxForward(SoftmaxKind kind, double alpha, TensorDescriptor form, long x, double beta, long y) {
        enter("cudnnSoftmaxForward");
        cudnnTensorDescriptor data = descriptors.tensor(form);
        check(
                cudnnSoftmaxForward(
                        handle,
                        algorithm(kind),
                        mode(kind),
                        scalar(form.type(), alpha),
                        data,
                        at(x),
                        scalar(form.type(), beta),
                        data,
                        at(y)),
                "cudnnSoftmaxForward",
                form);
    }

    @Override
    public void softmaxBackward(
            SoftmaxKind kind, double alpha, TensorDescriptor form, long y, long dy, double beta, long dx) {
        enter("cudnnSoftmaxBackward");
        cudnnTensorDescriptor data = descriptors.tensor(form);
        check(
                cudnnSoftmaxBackward(
                        handle,
                        algorithm(kind),
                        mode(kind),
                        scalar(form.type(), alpha),
                        data,
                        at(y),
                        data,
                        at(dy),
                        scalar(form.type(), beta),
                        data,
                        at(dx)),
                "cudnnSoftmaxBackward",
                form);
    }

    // ---- recurrent networks

    @Override
    public long rnnWeightSpaceBytes(RnnDescriptor rnn) {
        enter("cudnnGetRNNWeightSpaceSize");
        return recurrent.weightSpaceBytes(rnn);
    }

    @Override
    public List<RnnParameter> rnnParameters(RnnDescriptor rnn) {
        enter("cudnnGetRNNWeightParams");
        return recurrent.parameters(rnn);
    }

    @Override
    public RnnMemorySizes rnnMemorySizes(RnnDescriptor rnn, RnnSequence x, boolean training) {
        enter("cudnnGetRNNTempSpaceSizes");
        return recurrent.memorySizes(rnn, x, training);
    }

    @Override
    public void rnnForward(
            RnnDescriptor rnn,
            boolean training,
            RnnSequence xForm,
            long x,
            RnnSequence yForm,
            long y,
            RnnStates states,
            RnnMemory memory) {
        enter("cudnnRNNForward");
        recurrent.forward(rnn, training, xForm, x, yForm, y, states, memory);
    }

    @Override
    public void rnnBackwardData(
            RnnDescriptor rnn,
            RnnSequence yForm,
            long y,
            long dy,
            RnnSequence xForm,
            long dx,
            RnnStates states,
            RnnStates gradients,
            RnnMemory memory) {
        enter("cudnnRNNBackwardData_v8");
        recurrent.backwardData(rnn, yForm, y, dy, xForm, dx, states, gradients, memory);
    }

    @Override
    public void rnnBackwardWeights(
            RnnDescriptor rnn,
            RnnSequence xForm,
            long x,
            RnnStates states,
            RnnSequence yForm,
            long y,
            long dWeights,
            RnnMemory memory) {
        enter("cudnnRNNBackwardWeights_v8");
        recurrent.backwardWeights(rnn, xForm, x, states, yForm, y, dWeights, memory);
    }

    @Override
    public void close() {
        if (!closed) {
            driver.enter();
            closed = true;
            descriptors.close();
            check(cudnnDestroy(handle), "cudnnDestroy");
        }
    }
}
