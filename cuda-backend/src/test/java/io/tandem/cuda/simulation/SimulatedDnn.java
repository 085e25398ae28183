package io.tandem.cuda.simulation;

import static io.tandem.cuda.simulation.DnnErrors.badParameter;
import static io.tandem.cuda.simulation.DnnErrors.notNull;
import static io.tandem.cuda.simulation.DnnErrors.require;
import static io.tandem.cuda.simulation.DnnErrors.unsupported;

import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaStream;
import io.tandem.cuda.lib.BatchNormMode;
import io.tandem.cuda.lib.ConvolutionAlgorithm;
import io.tandem.cuda.lib.ConvolutionPass;
import io.tandem.cuda.lib.ConvolutionProblem;
import io.tandem.cuda.lib.DataType;
import io.tandem.cuda.lib.Dnn;
import io.tandem.cuda.lib.MathType;
import io.tandem.cuda.lib.PoolingDescriptor;
import io.tandem.cuda.lib.RnnDescriptor;
import io.tandem.cuda.lib.RnnMemory;
import io.tandem.cuda.lib.RnnMemorySizes;
import io.tandem.cuda.lib.RnnParameter;
import io.tandem.cuda.lib.RnnSequence;
import io.tandem.cuda.lib.RnnStates;
import io.tandem.cuda.lib.SoftmaxKind;
import io.tandem.cuda.lib.TensorDescriptor;
import io.tandem.cuda.lib.Workspace;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.DoubleUnaryOperator;

/**
 * Stands in for cuDNN on a {@link SimulatedDriver}: same arguments, same refusals, workspaces and reserves that are
 * needed and used, sums in double precision. Algorithms that are not deterministic differ in the last bit from call to
 * call.
 */
public final class SimulatedDnn implements Dnn {

    private static final long RNN_WORKSPACE = 4096;

    private final SimulatedDriver driver;
    private final ConvolutionRules rules;
    private final Random noise = new Random(1);
    private final Set<String> refused = new HashSet<>();
    private SimulatedStream stream;
    private boolean closed;

    /**
     * Opens the library.
     *
     * @param driver the device
     */
    public SimulatedDnn(SimulatedDriver driver) {
        this.driver = driver;
        this.rules = new ConvolutionRules(driver);
    }

    @Override
    public long version() {
        return 90_501;
    }

    @Override
    public void setStream(CudaStream newStream) {
        stream = (SimulatedStream) newStream;
    }

    /** Lets calls refuse an algorithm that the heuristics name. */
    public void refuse(ConvolutionPass pass, int algorithm) {
        refused.add(pass + " " + algorithm);
    }

    private void requireOpen(String call) {
        driver.requireOpen(call);
        if (closed) {
            throw new CudaException(call, 1001, "CUDNN_STATUS_NOT_INITIALIZED", "the handle is closed");
        }
    }

    private void issue(String call, Consumer<Operands> action) {
        requireOpen(call);
        require(stream != null, call, "no stream was set");
        stream.issue(call, () -> action.accept(new Operands(driver.memory(), call)));
    }

    // ---- convolution

    @Override
    public List<ConvolutionAlgorithm> convolutionAlgorithms(ConvolutionPass pass, ConvolutionProblem problem) {
        String call = "cudnnGetConvolutionAlgorithm_v7";
        requireOpen(call);
        rules.check(call, problem);
        return ConvolutionRules.algorithms(pass, problem);
    }

    /** What the units see of single operands. */
    private double[] factors(ConvolutionProblem problem, double[] values) {
        return Arrays.stream(values)
                .map(rounding(problem.x().type(), problem.convolution().math()))
                .toArray();
    }

    private DoubleUnaryOperator rounding(DataType type, MathType math) {
        return switch (type == DataType.F32 ? math : MathType.FMA) {
            case FMA, TENSOR_OP -> DoubleUnaryOperator.identity();
            case DEFAULT -> driver.hasAmpereUnits() ? Operands::toTf32 : DoubleUnaryOperator.identity();
            case TENSOR_OP_ALLOW_CONVERSION -> v -> Float.float16ToFloat(Float.floatToFloat16((float) v));
        };
    }

    private void convolve(
            String call,
            ConvolutionPass pass,
            ConvolutionProblem problem,
            ConvolutionAlgorithm algorithm,
            Workspace workspace,
            Consumer<Operands> action) {
        requireOpen(call);
        rules.check(call, problem);
        require(algorithm.pass() == pass, call, "the algorithm is for " + algorithm.pass());
        if (refused.contains(pass + " " + algorithm.id())) {
            throw unsupported(call, "algorithm " + algorithm.id());
        }
        require(
                workspace.bytes() >= algorithm.workspace(),
                call,
                "the workspace has " + workspace.bytes() + " bytes, the algorithm needs " + algorithm.workspace());
        issue(call, operands -> {
            if (workspace.bytes() > 0) {
                operands.useWorkspace("workspace", workspace.address(), workspace.bytes());
            }
            action.accept(operands);
        });
    }

    private double[] shaken(ConvolutionAlgorithm algorithm, double[] values) {
        if (!algorithm.deterministic()) {
            for (int i = 0; i < values.length; i++) {
                values[i] *= 1 + (noise.nextDouble() - 0.5) * 2.4e-7;
            }
        }
        return values;
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
        String call = "cudnnConvolutionForward";
        notNull(call, x, w, y);
        convolve(call, ConvolutionPass.FORWARD, problem, algorithm, workspace, operands -> {
            double[] result = new SimulatedConvolution(problem)
                    .forward(
                            factors(problem, operands.readTensor("x", x, problem.x())),
                            factors(problem, operands.readTensor("w", w, problem.w().asTensor())));
            operands.blendTensor("y", y, problem.y(), alpha, shaken(algorithm, result), beta);
        });
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
        String call = "cudnnConvolutionBackwardData";
        notNull(call, w, dy, dx);
        convolve(call, ConvolutionPass.BACKWARD_DATA, problem, algorithm, workspace, operands -> {
            double[] result = new SimulatedConvolution(problem)
                    .backwardData(
                            factors(problem, operands.readTensor("w", w, problem.w().asTensor())),
                            factors(problem, operands.readTensor("dy", dy, problem.y())));
            operands.blendTensor("dx", dx, problem.x(), alpha, shaken(algorithm, result), beta);
        });
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
        String call = "cudnnConvolutionBackwardFilter";
        notNull(call, x, dy, dw);
        convolve(call, ConvolutionPass.BACKWARD_FILTER, problem, algorithm, workspace, operands -> {
            double[] result = new SimulatedConvolution(problem)
                    .backwardFilter(
                            factors(problem, operands.readTensor("x", x, problem.x())),
                            factors(problem, operands.readTensor("dy", dy, problem.y())));
            operands.blendTensor("dw", dw, problem.w().asTensor(), alpha, shaken(algorithm, result), beta);
        });
    }

    // ---- pooling

    private static void check(String call, PoolingDescriptor pooling, TensorDescriptor x, TensorDescriptor y) {
        int[] sizes;
        try {
            sizes = pooling.outputSizes(x);
        } catch (IllegalArgumentException impossible) {
            throw badParameter(call, impossible.getMessage());
        }
        int[] given = y.sizes().stream().mapToInt(Integer::intValue).toArray();
        require(
                Arrays.equals(sizes, given) && x.type() == y.type(),
                call,
                "the output has sizes " + Arrays.toString(given) + " (" + y.type() + ") instead of "
                        + Arrays.toString(sizes) + " (" + x.type() + ")");
    }

    @Override
    public void poolingForward(
            PoolingDescriptor pooling,
            double alpha,
            TensorDescriptor xForm,
            long x,
            double beta,
            TensorDescriptor yForm,
            long y) {
        String call = "cudnnPoolingForward";
        check(call, pooling, xForm, yForm);
        notNull(call, x, y);
        issue(call, operands -> {
            double[] result = new SimulatedPooling(pooling, xForm, yForm).forward(operands.readTensor("x", x, xForm));
            operands.blendTensor("y", y, yForm, alpha, result, beta);
        });
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
        String call = "cudnnPoolingBackward";
        check(call, pooling, xForm, yForm);
        notNull(call, y, dy, x, dx);
        issue(call, operands -> {
            operands.readTensor("y", y, yForm);
            double[] result = new SimulatedPooling(pooling, xForm, yForm)
                    .backward(operands.readTensor("x", x, xForm), operands.readTensor("dy", dy, yForm));
            operands.blendTensor("dx", dx, xForm, alpha, result, beta);
        });
    }

    // ---- batch normalization and softmax

    private SimulatedNormalization normalization(
            String call, BatchNormMode mode, TensorDescriptor form, double epsilon) {
        require(epsilon >= 0, call, "epsilon is negative");
        require(form.rank() == 4 || form.rank() == 5, call, "the tensor has " + form.rank() + " sizes, not 4 or 5");
        return new SimulatedNormalization(form, mode, epsilon);
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
        String call = "cudnnBatchNormalizationForwardTraining";
        SimulatedNormalization norm = normalization(call, mode, form, epsilon);
        notNull(call, x, y, scale, bias);
        require((runningMean == 0) == (runningVariance == 0), call, "only one of the running statistics is null");
        require((savedMean == 0) == (savedInverseDeviation == 0), call, "only one of the saved statistics is null");
        DataType type = mode.parameters(form).type();
        issue(call, operands -> {
            double[] values = operands.readTensor("x", x, form);
            double[] mean = norm.mean(values);
            double[] variance = norm.variance(values, mean);
            double[] inverse = norm.inverseDeviation(variance);
            double[] scales = operands.read("scale", scale, type, norm.features());
            double[] biases = operands.read("bias", bias, type, norm.features());
            operands.writeTensor("y", y, form, norm.apply(values, mean, inverse, scales, biases));
            if (runningMean != 0) {
                double unbias = norm.count() > 1 ? norm.count() / (norm.count() - 1.0) : 1;
                double[] unbiased = Arrays.stream(variance).map(v -> v * unbias).toArray();
                // a weight of 1 replaces statistics that may not exist yet
                double keep = 1 - momentum;
                operands.blend("running mean", runningMean, type, momentum, mean, keep);
                operands.blend("running variance", runningVariance, type, momentum, unbiased, keep);
            }
            if (savedMean != 0) {
                operands.write("saved mean", savedMean, type, mean);
                operands.write("saved inverse deviation", savedInverseDeviation, type, inverse);
            }
        });
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
        String call = "cudnnBatchNormalizationForwardInference";
        SimulatedNormalization norm = normalization(call, mode, form, epsilon);
        notNull(call, x, y, scale, bias, mean, variance);
        DataType type = mode.parameters(form).type();
        issue(call, operands -> {
            double[] result = norm.apply(
                    operands.readTensor("x", x, form),
                    operands.read("mean", mean, type, norm.features()),
                    norm.inverseDeviation(operands.read("variance", variance, type, norm.features())),
                    operands.read("scale", scale, type, norm.features()),
                    operands.read("bias", bias, type, norm.features()));
            operands.writeTensor("y", y, form, result);
        });
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
        String call = "cudnnBatchNormalizationBackward";
        SimulatedNormalization norm = normalization(call, mode, form, epsilon);
        notNull(call, x, dy, dx, scale, dScale, dBias);
        require((savedMean == 0) == (savedInverseDeviation == 0), call, "only one of the saved statistics is null");
        DataType type = mode.parameters(form).type();
        issue(call, operands -> {
            double[] values = operands.readTensor("x", x, form);
            double[] upstream = operands.readTensor("dy", dy, form);
            double[] mean = savedMean == 0
                    ? norm.mean(values)
                    : operands.read("saved mean", savedMean, type, norm.features());
            double[] inverse = savedMean == 0
                    ? norm.inverseDeviation(norm.variance(values, mean))
                    : operands.read("saved inverse deviation", savedInverseDeviation, type, norm.features());
            double[] scales = operands.read("scale", scale, type, norm.features());
            SimulatedNormalization.Gradients gradients = norm.backward(values, upstream, mean, inverse, scales);
            operands.writeTensor("dx", dx, form, gradients.dx());
            operands.write("dScale", dScale, type, gradients.dScale());
            operands.write("dBias", dBias, type, gradients.dBias());
        });
    }

    @Override
    public void softmaxForward(SoftmaxKind kind, double alpha, TensorDescriptor form, long x, double beta, long y) {
        String call = "cudnnSoftmaxForward";
        require(form.rank() == 4 || form.rank() == 5, call, "the tensor has " + form.rank() + " sizes, not 4 or 5");
        notNull(call, x, y);
        issue(call, operands -> {
            double[] result = new SimulatedSoftmax(form, kind).forward(operands.readTensor("x", x, form));
            operands.blendTensor("y", y, form, alpha, result, beta);
        });
    }

    @Override
    public void softmaxBackward(
            SoftmaxKind kind, double alpha, TensorDescriptor form, long y, long dy, double beta, long dx) {
        String call = "cudnnSoftmaxBackward";
        require(form.rank() == 4 || form.rank() == 5, call, "the tensor has " + form.rank() + " sizes, not 4 or 5");
        notNull(call, y, dy, dx);
        issue(call, operands -> {
            double[] result = new SimulatedSoftmax(form, kind)
                    .backward(operands.readTensor("y", y, form), operands.readTensor("dy", dy, form));
            operands.blendTensor("dx", dx, form, alpha, result, beta);
        });
    }

    // ---- recurrent networks

    @Override
    public long rnnWeightSpaceBytes(RnnDescriptor rnn) {
        requireOpen("cudnnGetRNNWeightSpaceSize");
        return new SimulatedRnnLayout(rnn).bytes();
    }

    @Override
    public List<RnnParameter> rnnParameters(RnnDescriptor rnn) {
        requireOpen("cudnnGetRNNWeightParams");
        return new SimulatedRnnLayout(rnn).parameters();
    }

    @Override
    public RnnMemorySizes rnnMemorySizes(RnnDescriptor rnn, RnnSequence x, boolean training) {
        String call = "cudnnGetRNNTempSpaceSizes";
        requireOpen(call);
        require(x.features() == rnn.inputSize(), call, "the input has " + x.features() + " features");
        return new RnnMemorySizes(RNN_WORKSPACE, training ? 8L * new SimulatedRnn(rnn, x, v -> v).traceSize() : 0);
    }

    private RnnCall rnnCall(
            String call, RnnDescriptor rnn, RnnSequence x, RnnSequence y, boolean training, RnnMemory memory) {
        requireOpen(call);
        require(x.features() == rnn.inputSize(), call, "the input has " + x.features() + " features");
        require(y.features() == rnn.outputSize(), call, "the output has " + y.features() + " features");
        require(
                Objects.equals(x.lengths(), y.lengths()) && x.batchMajor() == y.batchMajor() && x.time() == y.time(),
                call,
                "lengths or layouts of input and output differ");
        require(x.type() == rnn.type() && y.type() == rnn.type(), call, "the types of data and weights differ");
        RnnMemorySizes sizes = rnnMemorySizes(rnn, x, training);
        require(
                memory.workspace().bytes() >= sizes.workspace(),
                call,
                "the workspace has " + memory.workspace().bytes() + " bytes, needed are " + sizes.workspace());
        require(
                memory.reserve().bytes() >= sizes.reserve(),
                call,
                "the reserve has " + memory.reserve().bytes() + " bytes, needed are " + sizes.reserve());
        long weights = rnnWeightSpaceBytes(rnn);
        require(
                memory.weights().bytes() == weights,
                call,
                "the weight space has " + memory.weights().bytes() + " bytes instead of " + weights);
        return new RnnCall(rnn, x, y, memory, rounding(rnn.type(), rnn.math()));
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
        String call = "cudnnRNNForward";
        RnnCall run = rnnCall(call, rnn, xForm, yForm, training, memory);
        notNull(call, x, y);
        issue(call, operands -> run.forward(operands, training, x, y, states));
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
        String call = "cudnnRNNBackwardData_v8";
        RnnCall run = rnnCall(call, rnn, xForm, yForm, true, memory);
        notNull(call, y, dy, dx);
        issue(call, operands -> run.backwardData(operands, y, dy, dx, states, gradients));
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
        String call = "cudnnRNNBackwardWeights_v8";
        RnnCall run = rnnCall(call, rnn, xForm, yForm, true, memory);
        notNull(call, x, y, dWeights);
        issue(call, operands -> run.backwardWeights(operands, x, y, dWeights, states));
    }

    @Override
    public void close() {
        closed = true;
    }
}
