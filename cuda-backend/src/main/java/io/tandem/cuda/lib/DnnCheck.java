package io.tandem.cuda.lib;

import static jcuda.jcudnn.JCudnn.cudnnGetErrorString;

import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.NativeAddress;
import jcuda.Pointer;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnMathType;

/** Status codes, scalars and constants of cuDNN. JCuda's own texts know cuDNN 8's codes only: the library is asked. */
final class DnnCheck {

    private static final int SUCCESS = 0;

    private DnnCheck() {}

    static void check(int status, String call) {
        if (status != SUCCESS) {
            throw failure(status, call);
        }
    }

    static void check(int status, String call, Object detail) {
        if (status != SUCCESS) {
            throw failure(status, call + "(" + detail + ")");
        }
    }

    static CudaException failure(int status, String call) {
        return new CudaException(call, status, cudnnGetErrorString(status), meaning(status));
    }

    /** cuDNN 9 numbers its categories in thousands; 8 numbered single codes. */
    private static String meaning(int status) {
        return switch (status / 1000) {
            case 1 -> "the library is not ready, or its parts differ in version";
            case 2 -> "an argument is wrong";
            case 3 -> "this combination of arguments is not supported";
            case 4 -> "an internal failure of cuDNN";
            case 5 -> "the computation failed on the device";
            default -> "";
        };
    }

    /** A scaling factor: cuDNN wants a double for double tensors, else a float. */
    static Pointer scalar(DataType type, double value) {
        return HostScalar.of(type == DataType.F64, value);
    }

    static Pointer at(long address) {
        return new NativeAddress(address);
    }

    static int type(DataType type) {
        return switch (type) {
            case F64 -> cudnnDataType.CUDNN_DATA_DOUBLE;
            case F32 -> cudnnDataType.CUDNN_DATA_FLOAT;
            case F16 -> cudnnDataType.CUDNN_DATA_HALF;
            case BF16 -> cudnnDataType.CUDNN_DATA_BFLOAT16;
            case I8 -> cudnnDataType.CUDNN_DATA_INT8;
            case I32 -> cudnnDataType.CUDNN_DATA_INT32;
        };
    }

    static int math(MathType math) {
        return switch (math) {
            case FMA -> cudnnMathType.CUDNN_FMA_MATH;
            case DEFAULT -> cudnnMathType.CUDNN_DEFAULT_MATH;
            case TENSOR_OP -> cudnnMathType.CUDNN_TENSOR_OP_MATH;
            case TENSOR_OP_ALLOW_CONVERSION -> cudnnMathType.CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION;
        };
    }
}
