package io.tandem.cuda.lib;

import static jcuda.jcublas.JCublas2.cublasCreate;
import static jcuda.jcublas.JCublas2.cublasDestroy;
import static jcuda.jcublas.JCublas2.cublasGemmEx_new;
import static jcuda.jcublas.JCublas2.cublasGemmStridedBatchedEx_new;
import static jcuda.jcublas.JCublas2.cublasGetStatusName;
import static jcuda.jcublas.JCublas2.cublasGetStatusString;
import static jcuda.jcublas.JCublas2.cublasGetVersion;
import static jcuda.jcublas.JCublas2.cublasSetMathMode;
import static jcuda.jcublas.JCublas2.cublasSetStream;
import static jcuda.jcublas.JCublas2.cublasSetWorkspace;

import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaStream;
import io.tandem.cuda.driver.JCudaDriver;
import io.tandem.cuda.driver.JCudaStream;
import io.tandem.cuda.driver.NativeAddress;
import java.util.function.Supplier;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;

/**
 * cuBLAS behind JCuda.
 *
 * <p>JCuda's plain {@code cublasGemmEx} takes the compute types of CUDA 10 and changes them by the handle's math mode;
 * the {@code _new} functions are the library's current ones. Alpha and beta are read on the host during the call, so
 * captured products keep their values.
 */
public final class JCudaBlas implements Blas {

    private final JCudaDriver driver;
    private final cublasHandle handle = new cublasHandle();
    private final int version;
    private boolean closed;

    /**
     * Opens the library.
     *
     * @param driver the device
     */
    public JCudaBlas(JCudaDriver driver) {
        this.driver = driver;
        driver.enter();
        JCublas2.setExceptionsEnabled(false);
        check(cublasCreate(handle), () -> "cublasCreate");
        // 16-bit products with float32 accumulation: parts of a sum must not be rounded before they are added
        check(
                cublasSetMathMode(
                        handle,
                        cublasMath.CUBLAS_DEFAULT_MATH | cublasMath.CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION),
                () -> "cublasSetMathMode");
        int[] number = new int[1];
        check(cublasGetVersion(handle, number), () -> "cublasGetVersion");
        version = number[0];
    }

    private static void check(int status, Supplier<String> call) {
        if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
            throw new CudaException(call.get(), status, cublasGetStatusName(status), cublasGetStatusString(status));
        }
    }

    private void enter(String call) {
        if (closed) {
            throw new CudaException(call, "the handle is closed", null);
        }
        driver.enter();
    }

    @Override
    public int version() {
        return version;
    }

    @Override
    public void setStream(CudaStream stream) {
        enter("cublasSetStream");
        check(cublasSetStream(handle, ((JCudaStream) stream).runtimeStream()), () -> "cublasSetStream");
    }

    @Override
    public void setWorkspace(Workspace workspace) {
        enter("cublasSetWorkspace");
        check(
                cublasSetWorkspace(handle, new NativeAddress(workspace.address()), workspace.bytes()),
                () -> "cublasSetWorkspace(" + workspace.bytes() + " bytes)");
    }

    @Override
    public void gemm(Gemm form, double alpha, long a, long b, double beta, long c) {
        enter("cublasGemmEx");
        int status = cublasGemmEx_new(
                handle,
                operation(form.transposeA()),
                operation(form.transposeB()),
                form.m(),
                form.n(),
                form.k(),
                scalar(form, alpha),
                new NativeAddress(a),
                type(form.typeA()),
                form.leadingA(),
                new NativeAddress(b),
                type(form.typeB()),
                form.leadingB(),
                scalar(form, beta),
                new NativeAddress(c),
                type(form.typeC()),
                form.leadingC(),
                compute(form.computeType()),
                cublasGemmAlgo.CUBLAS_GEMM_DEFAULT);
        check(status, () -> "cublasGemmEx(" + form + ")");
    }

    @Override
    public void gemmStridedBatched(
            Gemm form,
            double alpha,
            long a,
            long strideA,
            long b,
            long strideB,
            double beta,
            long c,
            long strideC,
            int count) {
        enter("cublasGemmStridedBatchedEx");
        int status = cublasGemmStridedBatchedEx_new(
                handle,
                operation(form.transposeA()),
                operation(form.transposeB()),
                form.m(),
                form.n(),
                form.k(),
                scalar(form, alpha),
                new NativeAddress(a),
                type(form.typeA()),
                form.leadingA(),
                strideA,
                new NativeAddress(b),
                type(form.typeB()),
                form.leadingB(),
                strideB,
                scalar(form, beta),
                new NativeAddress(c),
                type(form.typeC()),
                form.leadingC(),
                strideC,
                count,
                compute(form.computeType()),
                cublasGemmAlgo.CUBLAS_GEMM_DEFAULT);
        check(status, () -> "cublasGemmStridedBatchedEx(" + form + ", " + count + " times)");
    }

    private static int operation(boolean transpose) {
        return transpose ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
    }

    private static Pointer scalar(Gemm form, double value) {
        return HostScalar.of(form.computeType() == ComputeType.F64, value);
    }

    private static int type(DataType type) {
        return switch (type) {
            case F64 -> cudaDataType.CUDA_R_64F;
            case F32 -> cudaDataType.CUDA_R_32F;
            case F16 -> cudaDataType.CUDA_R_16F;
            case BF16 -> cudaDataType.CUDA_R_16BF;
            case I8 -> cudaDataType.CUDA_R_8I;
            case I32 -> cudaDataType.CUDA_R_32I;
        };
    }

    private static int compute(ComputeType type) {
        return switch (type) {
            case F32 -> cublasComputeType.CUBLAS_COMPUTE_32F;
            case F32_PEDANTIC -> cublasComputeType.CUBLAS_COMPUTE_32F_PEDANTIC;
            case F32_FAST_TF32 -> cublasComputeType.CUBLAS_COMPUTE_32F_FAST_TF32;
            case F32_FAST_BF16 -> cublasComputeType.CUBLAS_COMPUTE_32F_FAST_16BF;
            case F32_FAST_F16 -> cublasComputeType.CUBLAS_COMPUTE_32F_FAST_16F;
            case F64 -> cublasComputeType.CUBLAS_COMPUTE_64F;
        };
    }

    @Override
    public void close() {
        if (!closed) {
            driver.enter();
            closed = true;
            check(cublasDestroy(handle), () -> "cublasDestroy");
        }
    }
}
