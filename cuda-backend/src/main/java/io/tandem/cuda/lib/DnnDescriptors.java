package io.tandem.cuda.lib;

import static io.tandem.cuda.lib.DnnCheck.check;
import static jcuda.jcudnn.JCudnn.cudnnCreateConvolutionDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateDropoutDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateFilterDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreatePoolingDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateRNNDataDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateRNNDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyConvolutionDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyDropoutDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyFilterDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyPoolingDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyRNNDataDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyRNNDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetConvolutionGroupCount;
import static jcuda.jcudnn.JCudnn.cudnnSetConvolutionMathType;
import static jcuda.jcudnn.JCudnn.cudnnSetConvolutionNdDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetDropoutDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetFilterNdDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetPoolingNdDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetRNNDataDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetRNNDescriptor_v8;
import static jcuda.jcudnn.JCudnn.cudnnSetTensorNdDescriptor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnConvolutionMode;
import jcuda.jcudnn.cudnnDirectionMode;
import jcuda.jcudnn.cudnnDropoutDescriptor;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnNanPropagation;
import jcuda.jcudnn.cudnnPoolingDescriptor;
import jcuda.jcudnn.cudnnPoolingMode;
import jcuda.jcudnn.cudnnRNNAlgo;
import jcuda.jcudnn.cudnnRNNBiasMode;
import jcuda.jcudnn.cudnnRNNDataDescriptor;
import jcuda.jcudnn.cudnnRNNDataLayout;
import jcuda.jcudnn.cudnnRNNDescriptor;
import jcuda.jcudnn.cudnnRNNInputMode;
import jcuda.jcudnn.cudnnRNNMode;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.jcudnn.cudnnTensorFormat;

/**
 * cuDNN's descriptors, made once per value and kept until the library is closed: they are small, and a program uses few
 * different ones.
 */
final class DnnDescriptors implements AutoCloseable {

    private static final int PADDED_IO = 1;

    private final cudnnHandle handle;
    private final Map<TensorDescriptor, cudnnTensorDescriptor> tensors = new HashMap<>();
    private final Map<FilterDescriptor, cudnnFilterDescriptor> filters = new HashMap<>();
    private final Map<ConvolutionDescriptor, cudnnConvolutionDescriptor> convolutions = new HashMap<>();
    private final Map<PoolingDescriptor, cudnnPoolingDescriptor> poolings = new HashMap<>();
    private final Map<RnnDescriptor, cudnnRNNDescriptor> networks = new HashMap<>();
    private final Map<RnnSequence, cudnnRNNDataDescriptor> sequences = new HashMap<>();
    private final List<Runnable> destroyers = new ArrayList<>();
    // fills outputs behind a sequence's length: zero in every type. JCuda takes native memory only here
    private final Arena arena = Arena.ofShared();
    private final MemorySegment padding = arena.allocate(ValueLayout.JAVA_LONG);
    private cudnnDropoutDescriptor noDropout;

    DnnDescriptors(cudnnHandle handle) {
        this.handle = handle;
    }

    private static <K, D> D cached(Map<K, D> map, K key, Function<K, D> create) {
        D known = map.get(key);
        if (known == null) {
            known = create.apply(key);
            map.put(key, known);
        }
        return known;
    }

    private static int[] array(List<Integer> values) {
        return values.stream().mapToInt(Integer::intValue).toArray();
    }

    cudnnTensorDescriptor tensor(TensorDescriptor form) {
        return cached(tensors, form, this::create);
    }

    private cudnnTensorDescriptor create(TensorDescriptor form) {
        cudnnTensorDescriptor descriptor = new cudnnTensorDescriptor();
        check(cudnnCreateTensorDescriptor(descriptor), "cudnnCreateTensorDescriptor");
        destroyers.add(() -> cudnnDestroyTensorDescriptor(descriptor));
        int type = DnnCheck.type(form.type());
        check(
                cudnnSetTensorNdDescriptor(descriptor, type, form.rank(), array(form.sizes()), array(form.strides())),
                "cudnnSetTensorNdDescriptor",
                form);
        return descriptor;
    }

    cudnnFilterDescriptor filter(FilterDescriptor form) {
        return cached(filters, form, this::create);
    }

    private cudnnFilterDescriptor create(FilterDescriptor form) {
        cudnnFilterDescriptor descriptor = new cudnnFilterDescriptor();
        check(cudnnCreateFilterDescriptor(descriptor), "cudnnCreateFilterDescriptor");
        destroyers.add(() -> cudnnDestroyFilterDescriptor(descriptor));
        int layout =
                form.channelsLast() ? cudnnTensorFormat.CUDNN_TENSOR_NHWC : cudnnTensorFormat.CUDNN_TENSOR_NCHW;
        int[] sizes = array(form.sizes());
        check(
                cudnnSetFilterNdDescriptor(descriptor, DnnCheck.type(form.type()), layout, sizes.length, sizes),
                "cudnnSetFilterNdDescriptor",
                form);
        return descriptor;
    }

    cudnnConvolutionDescriptor convolution(ConvolutionDescriptor form) {
        return cached(convolutions, form, this::create);
    }

    private cudnnConvolutionDescriptor create(ConvolutionDescriptor form) {
        cudnnConvolutionDescriptor descriptor = new cudnnConvolutionDescriptor();
        check(cudnnCreateConvolutionDescriptor(descriptor), "cudnnCreateConvolutionDescriptor");
        destroyers.add(() -> cudnnDestroyConvolutionDescriptor(descriptor));
        check(
                cudnnSetConvolutionNdDescriptor(
                        descriptor,
                        form.padding().size(),
                        array(form.padding()),
                        array(form.stride()),
                        array(form.dilation()),
                        cudnnConvolutionMode.CUDNN_CROSS_CORRELATION,
                        DnnCheck.type(form.compute())),
                "cudnnSetConvolutionNdDescriptor",
                form);
        check(cudnnSetConvolutionGroupCount(descriptor, form.groups()), "cudnnSetConvolutionGroupCount", form);
        check(
                cudnnSetConvolutionMathType(descriptor, DnnCheck.math(form.math())),
                "cudnnSetConvolutionMathType",
                form);
        return descriptor;
    }

    cudnnPoolingDescriptor pooling(PoolingDescriptor form) {
        return cached(poolings, form, this::create);
    }

    private cudnnPoolingDescriptor create(PoolingDescriptor form) {
        cudnnPoolingDescriptor descriptor = new cudnnPoolingDescriptor();
        check(cudnnCreatePoolingDescriptor(descriptor), "cudnnCreatePoolingDescriptor");
        destroyers.add(() -> cudnnDestroyPoolingDescriptor(descriptor));
        int mode =
                switch (form.mode()) {
                    case MAX -> cudnnPoolingMode.CUDNN_POOLING_MAX;
                    case MAX_DETERMINISTIC -> cudnnPoolingMode.CUDNN_POOLING_MAX_DETERMINISTIC;
                    case AVERAGE_INCLUDE_PADDING -> cudnnPoolingMode.CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING;
                    case AVERAGE_EXCLUDE_PADDING -> cudnnPoolingMode.CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING;
                };
        check(
                cudnnSetPoolingNdDescriptor(
                        descriptor,
                        mode,
                        cudnnNanPropagation.CUDNN_PROPAGATE_NAN,
                        form.window().size(),
                        array(form.window()),
                        array(form.padding()),
                        array(form.stride())),
                "cudnnSetPoolingNdDescriptor",
                form);
        return descriptor;
    }

    cudnnRNNDescriptor network(RnnDescriptor form) {
        return cached(networks, form, this::create);
    }

    private cudnnRNNDescriptor create(RnnDescriptor form) {
        cudnnRNNDescriptor descriptor = new cudnnRNNDescriptor();
        check(cudnnCreateRNNDescriptor(descriptor), "cudnnCreateRNNDescriptor");
        destroyers.add(() -> cudnnDestroyRNNDescriptor(descriptor));
        int cell =
                switch (form.cell()) {
                    case RELU -> cudnnRNNMode.CUDNN_RNN_RELU;
                    case TANH -> cudnnRNNMode.CUDNN_RNN_TANH;
                    case LSTM -> cudnnRNNMode.CUDNN_LSTM;
                    case GRU -> cudnnRNNMode.CUDNN_GRU;
                };
        int biases =
                switch (form.biases()) {
                    case NONE -> cudnnRNNBiasMode.CUDNN_RNN_NO_BIAS;
                    case INPUT -> cudnnRNNBiasMode.CUDNN_RNN_SINGLE_INP_BIAS;
                    case RECURRENT -> cudnnRNNBiasMode.CUDNN_RNN_SINGLE_REC_BIAS;
                    case BOTH -> cudnnRNNBiasMode.CUDNN_RNN_DOUBLE_BIAS;
                };
        int direction = form.bidirectional()
                ? cudnnDirectionMode.CUDNN_BIDIRECTIONAL
                : cudnnDirectionMode.CUDNN_UNIDIRECTIONAL;
        check(
                cudnnSetRNNDescriptor_v8(
                        descriptor,
                        cudnnRNNAlgo.CUDNN_RNN_ALGO_STANDARD,
                        cell,
                        biases,
                        direction,
                        cudnnRNNInputMode.CUDNN_LINEAR_INPUT,
                        DnnCheck.type(form.type()),
                        DnnCheck.type(form.compute()),
                        DnnCheck.math(form.math()),
                        form.inputSize(),
                        form.hiddenSize(),
                        form.hiddenSize(),
                        form.layers(),
                        dropout(),
                        PADDED_IO),
                "cudnnSetRNNDescriptor_v8",
                form);
        return descriptor;
    }

    private cudnnDropoutDescriptor dropout() {
        if (noDropout == null) {
            cudnnDropoutDescriptor descriptor = new cudnnDropoutDescriptor();
            check(cudnnCreateDropoutDescriptor(descriptor), "cudnnCreateDropoutDescriptor");
            destroyers.add(() -> cudnnDestroyDropoutDescriptor(descriptor));
            // without dropout no random numbers are needed, so no memory for their states
            check(
                    cudnnSetDropoutDescriptor(descriptor, handle, 0, DnnCheck.at(0), 0, 0),
                    "cudnnSetDropoutDescriptor");
            noDropout = descriptor;
        }
        return noDropout;
    }

    cudnnRNNDataDescriptor sequence(RnnSequence form) {
        return cached(sequences, form, this::create);
    }

    private cudnnRNNDataDescriptor create(RnnSequence form) {
        cudnnRNNDataDescriptor descriptor = new cudnnRNNDataDescriptor();
        check(cudnnCreateRNNDataDescriptor(descriptor), "cudnnCreateRNNDataDescriptor");
        destroyers.add(() -> cudnnDestroyRNNDataDescriptor(descriptor));
        int layout = form.batchMajor()
                ? cudnnRNNDataLayout.CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED
                : cudnnRNNDataLayout.CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED;
        check(
                cudnnSetRNNDataDescriptor(
                        descriptor,
                        DnnCheck.type(form.type()),
                        layout,
                        form.time(),
                        form.batch(),
                        form.features(),
                        array(form.lengths()),
                        DnnCheck.at(padding.address())),
                "cudnnSetRNNDataDescriptor",
                form);
        return descriptor;
    }

    @Override
    public void close() {
        Collections.reverse(destroyers);
        destroyers.forEach(Runnable::run);
        destroyers.clear();
        arena.close();
    }
}
