package io.tandem.cuda.lib;

import static io.tandem.cuda.lib.DnnCheck.check;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolutionBackwardDataAlgorithmMaxCount;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolutionBackwardDataAlgorithm_v7;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolutionBackwardDataWorkspaceSize;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolutionBackwardFilterAlgorithmMaxCount;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolutionBackwardFilterAlgorithm_v7;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolutionBackwardFilterWorkspaceSize;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolutionForwardAlgorithmMaxCount;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolutionForwardAlgorithm_v7;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolutionForwardWorkspaceSize;

import io.tandem.cuda.driver.CudaException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntSupplier;
import jcuda.jcudnn.cudnnConvolutionBwdDataAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionBwdFilterAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnConvolutionFwdAlgoPerf;
import jcuda.jcudnn.cudnnDeterminism;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnTensorDescriptor;

/**
 * The algorithms of convolutions by cuDNN's heuristics, asked once per problem.
 *
 * <p>JCuda hands back the math type of an algorithm for the filter's gradient only. The calls therefore compute with
 * the convolution's own math type, and the workspace is asked for with that.
 */
final class DnnAlgorithms {

    private static final int SUCCESS = 0;
    private static final int NOT_SUPPORTED = 3000;

    private final cudnnHandle handle;
    private final DnnDescriptors descriptors;
    private final Map<Question, List<ConvolutionAlgorithm>> known = new HashMap<>();

    DnnAlgorithms(cudnnHandle handle, DnnDescriptors descriptors) {
        this.handle = handle;
        this.descriptors = descriptors;
    }

    private record Question(ConvolutionPass pass, ConvolutionProblem problem) {}

    /** An algorithm as the heuristics name it. */
    private record Candidate(int id, boolean deterministic) {}

    List<ConvolutionAlgorithm> list(ConvolutionPass pass, ConvolutionProblem problem) {
        Question question = new Question(pass, problem);
        List<ConvolutionAlgorithm> algorithms = known.get(question);
        if (algorithms == null) {
            algorithms = ask(pass, problem);
            known.put(question, algorithms);
        }
        return algorithms;
    }

    private List<ConvolutionAlgorithm> ask(ConvolutionPass pass, ConvolutionProblem problem) {
        cudnnTensorDescriptor x = descriptors.tensor(problem.x());
        cudnnTensorDescriptor y = descriptors.tensor(problem.y());
        cudnnFilterDescriptor w = descriptors.filter(problem.w());
        cudnnConvolutionDescriptor convolution = descriptors.convolution(problem.convolution());
        Set<Candidate> candidates =
                switch (pass) {
                    case FORWARD -> forward(x, w, convolution, y, problem);
                    case BACKWARD_DATA -> backwardData(x, w, convolution, y, problem);
                    case BACKWARD_FILTER -> backwardFilter(x, w, convolution, y, problem);
                };
        List<ConvolutionAlgorithm> algorithms = new ArrayList<>();
        for (Candidate candidate : candidates) {
            long[] bytes = new long[1];
            int id = candidate.id();
            int status =
                    switch (pass) {
                        case FORWARD -> cudnnGetConvolutionForwardWorkspaceSize(
                                handle, x, w, convolution, y, id, bytes);
                        case BACKWARD_DATA -> cudnnGetConvolutionBackwardDataWorkspaceSize(
                                handle, w, y, convolution, x, id, bytes);
                        case BACKWARD_FILTER -> cudnnGetConvolutionBackwardFilterWorkspaceSize(
                                handle, x, y, convolution, w, id, bytes);
                    };
            if (status == SUCCESS) {
                algorithms.add(new ConvolutionAlgorithm(
                        pass, id, problem.convolution().math(), bytes[0], candidate.deterministic()));
            }
        }
        if (algorithms.isEmpty()) {
            throw new CudaException(
                    "cudnnGetConvolutionAlgorithm_v7(" + pass + ", " + problem + ")",
                    NOT_SUPPORTED,
                    "CUDNN_STATUS_NOT_SUPPORTED",
                    "no algorithm computes this convolution");
        }
        return List.copyOf(algorithms);
    }

    private Set<Candidate> forward(
            cudnnTensorDescriptor x,
            cudnnFilterDescriptor w,
            cudnnConvolutionDescriptor convolution,
            cudnnTensorDescriptor y,
            ConvolutionProblem problem) {
        int[] count = new int[1];
        check(
                cudnnGetConvolutionForwardAlgorithmMaxCount(handle, count),
                "cudnnGetConvolutionForwardAlgorithmMaxCount");
        cudnnConvolutionFwdAlgoPerf[] results = new cudnnConvolutionFwdAlgoPerf[count[0]];
        heuristics(
                () -> cudnnGetConvolutionForwardAlgorithm_v7(handle, x, w, convolution, y, results.length, count,
                        results),
                "cudnnGetConvolutionForwardAlgorithm_v7",
                problem);
        Set<Candidate> candidates = new LinkedHashSet<>();
        for (int i = 0; i < count[0]; i++) {
            if (results[i].status == SUCCESS) {
                candidates.add(candidate(results[i].algo, results[i].determinism));
            }
        }
        return candidates;
    }

    private Set<Candidate> backwardData(
            cudnnTensorDescriptor x,
            cudnnFilterDescriptor w,
            cudnnConvolutionDescriptor convolution,
            cudnnTensorDescriptor y,
            ConvolutionProblem problem) {
        int[] count = new int[1];
        check(
                cudnnGetConvolutionBackwardDataAlgorithmMaxCount(handle, count),
                "cudnnGetConvolutionBackwardDataAlgorithmMaxCount");
        cudnnConvolutionBwdDataAlgoPerf[] results = new cudnnConvolutionBwdDataAlgoPerf[count[0]];
        heuristics(
                () -> cudnnGetConvolutionBackwardDataAlgorithm_v7(handle, w, y, convolution, x, results.length, count,
                        results),
                "cudnnGetConvolutionBackwardDataAlgorithm_v7",
                problem);
        Set<Candidate> candidates = new LinkedHashSet<>();
        for (int i = 0; i < count[0]; i++) {
            if (results[i].status == SUCCESS) {
                candidates.add(candidate(results[i].algo, results[i].determinism));
            }
        }
        return candidates;
    }

    private Set<Candidate> backwardFilter(
            cudnnTensorDescriptor x,
            cudnnFilterDescriptor w,
            cudnnConvolutionDescriptor convolution,
            cudnnTensorDescriptor y,
            ConvolutionProblem problem) {
        int[] count = new int[1];
        check(
                cudnnGetConvolutionBackwardFilterAlgorithmMaxCount(handle, count),
                "cudnnGetConvolutionBackwardFilterAlgorithmMaxCount");
        cudnnConvolutionBwdFilterAlgoPerf[] results = new cudnnConvolutionBwdFilterAlgoPerf[count[0]];
        heuristics(
                () -> cudnnGetConvolutionBackwardFilterAlgorithm_v7(handle, x, y, convolution, w, results.length, count,
                        results),
                "cudnnGetConvolutionBackwardFilterAlgorithm_v7",
                problem);
        Set<Candidate> candidates = new LinkedHashSet<>();
        for (int i = 0; i < count[0]; i++) {
            if (results[i].status == SUCCESS) {
                candidates.add(candidate(results[i].algo, results[i].determinism));
            }
        }
        return candidates;
    }

    /**
     * Asks for a list. Where cuDNN refuses a problem it may leave the list's length unset; JCuda reads the length all the
     * same, and fails with an index before the status can be seen.
     */
    private static void heuristics(IntSupplier call, String name, ConvolutionProblem problem) {
        int status;
        try {
            status = call.getAsInt();
        } catch (ArrayIndexOutOfBoundsException noLength) {
            status = NOT_SUPPORTED;
        }
        check(status, name, problem);
    }

    private static Candidate candidate(int id, int determinism) {
        return new Candidate(id, determinism == cudnnDeterminism.CUDNN_DETERMINISTIC);
    }
}
