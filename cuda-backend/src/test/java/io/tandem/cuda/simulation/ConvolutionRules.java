package io.tandem.cuda.simulation;

import static io.tandem.cuda.simulation.DnnErrors.badParameter;
import static io.tandem.cuda.simulation.DnnErrors.require;
import static io.tandem.cuda.simulation.DnnErrors.unsupported;

import io.tandem.cuda.lib.ConvolutionAlgorithm;
import io.tandem.cuda.lib.ConvolutionPass;
import io.tandem.cuda.lib.ConvolutionProblem;
import io.tandem.cuda.lib.DataType;
import io.tandem.cuda.lib.MathType;
import io.tandem.cuda.lib.TensorDescriptor;
import java.util.Arrays;
import java.util.List;

/**
 * Which convolutions cuDNN computes, and by which algorithms.
 *
 * @param driver of the device that would compute them
 */
record ConvolutionRules(SimulatedDriver driver) {

    /** Refuses a problem as the library does. */
    void check(String call, ConvolutionProblem problem) {
        TensorDescriptor x = problem.x();
        int groups = problem.convolution().groups();
        int channels = problem.w().sizes().get(1) * groups;
        int outputs = problem.w().sizes().getFirst();
        require(x.size(1) == channels, call, "the input has " + x.size(1) + " channels, the filter wants " + channels);
        require(outputs % groups == 0, call, outputs + " outputs do not divide into " + groups + " groups");
        require(
                x.type() == problem.w().type() && x.type() == problem.y().type(),
                call,
                "the types of input, filter and output differ");
        int[] sizes;
        try {
            sizes = ConvolutionProblem.outputSizes(x, problem.w(), problem.convolution());
        } catch (IllegalArgumentException impossible) {
            throw badParameter(call, impossible.getMessage());
        }
        int[] given = problem.y().sizes().stream().mapToInt(Integer::intValue).toArray();
        require(
                Arrays.equals(sizes, given),
                call,
                "the output has sizes " + Arrays.toString(given) + " instead of " + Arrays.toString(sizes));
        checkTypes(call, problem);
        boolean last = problem.w().channelsLast();
        if (differs(last, x) || differs(last, problem.y())) {
            throw unsupported(call, "the layouts of input, filter and output differ");
        }
    }

    /** Whether a tensor has another layout than its filter, of those in which its elements would not lie alike. */
    private static boolean differs(boolean channelsLast, TensorDescriptor form) {
        boolean alike = form.size(1) == 1 || form.elements() == (long) form.size(0) * form.size(1);
        return !alike && form.isChannelsLast() != channelsLast;
    }

    /**
     * The configurations of the library: the type of the data with the type that it accumulates in. Stricter than the
     * library in one place: 16-bit convolutions over three axes are there for channels innermost only.
     */
    private void checkTypes(String call, ConvolutionProblem problem) {
        DataType type = problem.x().type();
        DataType compute = problem.convolution().compute();
        MathType math = problem.convolution().math();
        boolean supported =
                switch (type) {
                    case F64 -> compute == DataType.F64 && !problem.w().channelsLast();
                    case F32 -> compute == DataType.F32;
                    case F16 -> compute == DataType.F32 || compute == DataType.F16;
                    case BF16 -> compute == DataType.F32 && math != MathType.FMA && driver.hasAmpereUnits();
                    case I8, I32 -> false;
                };
        if (!supported) {
            throw unsupported(call, type + " data with " + compute + " accumulation and math " + math);
        }
        if (type.bytes() == 2 && problem.x().rank() == 5 && !problem.w().channelsLast()) {
            throw unsupported(call, type + " data over three axes in row-major order");
        }
    }

    /** What the heuristics name, the best first. */
    static List<ConvolutionAlgorithm> algorithms(ConvolutionPass pass, ConvolutionProblem problem) {
        long columns = 4 * problem.y().elements() / problem.y().size(1);
        MathType math = problem.convolution().math();
        return switch (pass) {
            case FORWARD -> List.of(
                    new ConvolutionAlgorithm(pass, 1, math, 256 + columns, true),
                    new ConvolutionAlgorithm(pass, 0, math, 0, true));
            case BACKWARD_DATA -> List.of(
                    new ConvolutionAlgorithm(pass, 0, math, 0, false),
                    new ConvolutionAlgorithm(pass, 1, math, 512 + columns, true));
            case BACKWARD_FILTER -> List.of(
                    new ConvolutionAlgorithm(pass, 0, math, 0, false),
                    new ConvolutionAlgorithm(pass, 3, math, 1024, false),
                    new ConvolutionAlgorithm(pass, 1, math, 768 + columns, true));
        };
    }
}
