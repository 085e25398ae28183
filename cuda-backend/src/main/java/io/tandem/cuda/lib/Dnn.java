package io.tandem.cuda.lib;

import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaStream;
import java.util.List;

/**
 * Deep learning primitives in cuDNN's semantics (8.9 and 9).
 *
 * <p>All calls are issued to the current stream and may be captured, except the queries (algorithms, sizes, parameters)
 * and the first call with a new descriptor of a recurrent network, which allocates: run it once before capturing. Not
 * for use by two threads at once. {@code alpha} scales a result, {@code beta} the old contents of the target; a target
 * is not read where beta is 0. Addresses are device addresses.
 */
public interface Dnn extends AutoCloseable {

    /** The library's version, {@code 90501} for 9.5.1 (8.x: {@code 8907} for 8.9.7). */
    long version();

    /**
     * Sets the stream of later calls.
     *
     * @param stream a stream of the driver that this library was opened with
     */
    void setStream(CudaStream stream);

    // ---- convolution

    /**
     * The algorithms that can compute one pass, fastest first by the library's heuristics. Not deterministic ones are
     * included, see {@link ConvolutionAlgorithm#deterministic}. The list is the same for equal arguments and device.
     *
     * @param pass    which computation
     * @param problem sizes and layouts
     * @throws io.tandem.cuda.driver.CudaException if there is none
     */
    List<ConvolutionAlgorithm> convolutionAlgorithms(ConvolutionPass pass, ConvolutionProblem problem);

    /**
     * The algorithms within limits, fastest first by heuristics.
     *
     * @param pass          which computation
     * @param problem       sizes and layouts
     * @param deterministic whether the result must be the same on every run
     * @param maxWorkspace  most bytes of workspace
     * @return at least one
     * @throws io.tandem.cuda.driver.CudaException if there is none
     */
    default List<ConvolutionAlgorithm> chooseConvolutions(
            ConvolutionPass pass, ConvolutionProblem problem, boolean deterministic, long maxWorkspace) {
        List<ConvolutionAlgorithm> fitting = convolutionAlgorithms(pass, problem).stream()
                .filter(algorithm -> algorithm.workspace() <= maxWorkspace)
                .filter(algorithm -> algorithm.deterministic() || !deterministic)
                .toList();
        if (fitting.isEmpty()) {
            throw new CudaException(
                    "cudnnGetConvolutionAlgorithm_v7(" + pass + ", " + problem + ")",
                    "no " + (deterministic ? "deterministic " : "") + "algorithm needs at most " + maxWorkspace
                            + " bytes of workspace",
                    null);
        }
        return fitting;
    }

    /**
     * {@code y = alpha * conv(x, w) + beta * y}.
     *
     * @param problem   sizes and layouts
     * @param algorithm an algorithm of the forward pass
     * @param alpha     factor of the result
     * @param x         input
     * @param w         filter
     * @param beta      factor of the old y
     * @param y         output
     * @param workspace at least what the algorithm needs
     */
    void convolutionForward(
            ConvolutionProblem problem,
            ConvolutionAlgorithm algorithm,
            double alpha,
            long x,
            long w,
            double beta,
            long y,
            Workspace workspace);

    /**
     * Gradient with respect to the input: {@code dx = alpha * ... + beta * dx}.
     *
     * @param problem   sizes and layouts
     * @param algorithm an algorithm of the backward data pass
     * @param alpha     factor of the result
     * @param w         filter
     * @param dy        gradient of the output
     * @param beta      factor of the old dx
     * @param dx        gradient of the input
     * @param workspace at least what the algorithm needs
     */
    void convolutionBackwardData(
            ConvolutionProblem problem,
            ConvolutionAlgorithm algorithm,
            double alpha,
            long w,
            long dy,
            double beta,
            long dx,
            Workspace workspace);

    /**
     * Gradient with respect to the filter: {@code dw = alpha * ... + beta * dw}.
     *
     * @param problem   sizes and layouts
     * @param algorithm an algorithm of the backward filter pass
     * @param alpha     factor of the result
     * @param x         input
     * @param dy        gradient of the output
     * @param beta      factor of the old dw
     * @param dw        gradient of the filter
     * @param workspace at least what the algorithm needs
     */
    void convolutionBackwardFilter(
            ConvolutionProblem problem,
            ConvolutionAlgorithm algorithm,
            double alpha,
            long x,
            long dy,
            double beta,
            long dw,
            Workspace workspace);

    // ---- pooling

    /**
     * {@code y = alpha * pool(x) + beta * y}.
     *
     * @param pooling the window
     * @param alpha   factor of the result
     * @param xForm   input [batch, channels, spatial...]
     * @param x       input
     * @param beta    factor of the old y
     * @param yForm   output, with {@link PoolingDescriptor#outputSizes}
     * @param y       output
     */
    void poolingForward(
            PoolingDescriptor pooling,
            double alpha,
            TensorDescriptor xForm,
            long x,
            double beta,
            TensorDescriptor yForm,
            long y);

    /**
     * Gradient of pooling: {@code dx = alpha * ... + beta * dx}.
     *
     * @param pooling the window
     * @param alpha   factor of the result
     * @param yForm   output and its gradient
     * @param y       output of the forward call
     * @param dy      gradient of the output
     * @param xForm   input and its gradient
     * @param x       input of the forward call
     * @param beta    factor of the old dx
     * @param dx      gradient of the input
     */
    void poolingBackward(
            PoolingDescriptor pooling,
            double alpha,
            TensorDescriptor yForm,
            long y,
            long dy,
            TensorDescriptor xForm,
            long x,
            double beta,
            long dx);

    // ---- batch normalization

    /**
     * {@code y = scale * (x - mean) / sqrt(variance + epsilon) + bias} with the batch's mean and biased variance.
     * Running statistics move by {@code running = (1 - momentum) * running + momentum * batch}, where the batch's
     * variance is unbiased.
     *
     * @param mode        over what statistics are computed
     * @param form        x and y
     * @param x           input
     * @param y           output
     * @param scale       scale, in the form {@link BatchNormMode#parameters}, as all below
     * @param bias        bias
     * @param momentum    weight of the new statistics, from 0 to 1; 1 overwrites
     * @param runningMean running mean, updated; 0 for none (then {@code runningVariance} must be 0 as well)
     * @param runningVariance running variance, updated; 0 for none
     * @param epsilon     added to the variance, at least 0
     * @param savedMean   receives the batch's mean; 0 for none
     * @param savedInverseDeviation receives {@code 1 / sqrt(variance + epsilon)}; 0 for none
     */
    void batchNormTraining(
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
            long savedInverseDeviation);

    /**
     * {@code y = scale * (x - mean) / sqrt(variance + epsilon) + bias} with given statistics.
     *
     * @param mode     over what statistics were computed
     * @param form     x and y
     * @param x        input
     * @param y        output
     * @param scale    scale
     * @param bias     bias
     * @param mean     mean
     * @param variance variance
     * @param epsilon  added to the variance, at least 0
     */
    void batchNormInference(
            BatchNormMode mode,
            TensorDescriptor form,
            long x,
            long y,
            long scale,
            long bias,
            long mean,
            long variance,
            double epsilon);

    /**
     * Gradients of {@link #batchNormTraining}. All targets are overwritten.
     *
     * @param mode      over what statistics were computed
     * @param form      x, dy and dx
     * @param x         input of the forward call
     * @param dy        gradient of the output
     * @param dx        receives the gradient of the input
     * @param scale     scale
     * @param dScale    receives the gradient of the scale
     * @param dBias     receives the gradient of the bias
     * @param epsilon   as in the forward call
     * @param savedMean what the forward call saved; 0 recomputes it (then both must be 0)
     * @param savedInverseDeviation what the forward call saved; 0 recomputes it
     */
    void batchNormBackward(
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
            long savedInverseDeviation);

    // ---- softmax

    /**
     * {@code y = alpha * softmax(x) + beta * y}, computed with the maximum subtracted.
     *
     * @param kind  which function
     * @param alpha factor of the result
     * @param form  x and y [batch, channels, spatial...], 4 or 5 sizes
     * @param x     input
     * @param beta  factor of the old y
     * @param y     output
     */
    void softmaxForward(SoftmaxKind kind, double alpha, TensorDescriptor form, long x, double beta, long y);

    /**
     * Gradient of softmax: {@code dx = alpha * ... + beta * dx}.
     *
     * @param kind  which function
     * @param alpha factor of the result
     * @param form  y, dy and dx
     * @param y     output of the forward call
     * @param dy    gradient of the output
     * @param beta  factor of the old dx
     * @param dx    gradient of the input
     */
    void softmaxBackward(
            SoftmaxKind kind, double alpha, TensorDescriptor form, long y, long dy, double beta, long dx);

    // ---- recurrent networks

    /**
     * Bytes of a network's weight space.
     *
     * @param rnn the network
     */
    long rnnWeightSpaceBytes(RnnDescriptor rnn);

    /**
     * Where each matrix and bias lies in the weight space. The order and gaps are the library's: nothing may be
     * assumed but what is listed.
     *
     * @param rnn the network
     */
    List<RnnParameter> rnnParameters(RnnDescriptor rnn);

    /**
     * Memory that calls with this input need.
     *
     * @param rnn      the network
     * @param x        the input
     * @param training whether backward calls will follow
     */
    RnnMemorySizes rnnMemorySizes(RnnDescriptor rnn, RnnSequence x, boolean training);

    /**
     * Runs a network over a batch of sequences.
     *
     * @param rnn      the network
     * @param training whether backward calls will follow: fills the reserve
     * @param xForm    the input, [inputSize] features
     * @param x        input
     * @param yForm    the output, [outputSize] features, with the input's lengths and layout
     * @param y        output
     * @param states   first states (read) and last states (written)
     * @param memory   weights, workspace, reserve
     */
    void rnnForward(
            RnnDescriptor rnn,
            boolean training,
            RnnSequence xForm,
            long x,
            RnnSequence yForm,
            long y,
            RnnStates states,
            RnnMemory memory);

    /**
     * Gradients with respect to input and first states. Call before {@link #rnnBackwardWeights}, with the same
     * workspace and reserve.
     *
     * @param rnn       the network
     * @param yForm     the output
     * @param y         output of the forward call
     * @param dy        gradient of the output
     * @param xForm     the input
     * @param dx        receives the gradient of the input
     * @param states    first states of the forward call
     * @param gradients gradients of the last states (read, 0 for zeros) and of the first states (written)
     * @param memory    weights, workspace, and the reserve of the forward call, which is changed
     */
    void rnnBackwardData(
            RnnDescriptor rnn,
            RnnSequence yForm,
            long y,
            long dy,
            RnnSequence xForm,
            long dx,
            RnnStates states,
            RnnStates gradients,
            RnnMemory memory);

    /**
     * <b>Adds</b> the gradients with respect to the weights to {@code dWeights}.
     *
     * @param rnn      the network
     * @param xForm    the input
     * @param x        input of the forward call
     * @param states   first states of the forward call
     * @param yForm    the output
     * @param y        output of the forward call
     * @param dWeights gradients in the layout of the weight space
     * @param memory   workspace and reserve as {@link #rnnBackwardData} left them
     */
    void rnnBackwardWeights(
            RnnDescriptor rnn,
            RnnSequence xForm,
            long x,
            RnnStates states,
            RnnSequence yForm,
            long y,
            long dWeights,
            RnnMemory memory);

    /** Releases the library's handle and descriptors. Closing twice does nothing. */
    @Override
    void close();
}
