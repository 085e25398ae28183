package io.tandem.cuda.simulation;

import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaStream;
import io.tandem.cuda.lib.Blas;
import io.tandem.cuda.lib.ComputeType;
import io.tandem.cuda.lib.DataType;
import io.tandem.cuda.lib.Gemm;
import io.tandem.cuda.lib.Workspace;
import java.util.function.DoubleUnaryOperator;

/** Stands in for cuBLAS on a {@link SimulatedDriver}: same arguments, same refusals, sums in double precision. */
public final class SimulatedBlas implements Blas {

    private final SimulatedDriver driver;
    private SimulatedStream stream;
    private Workspace workspace = Workspace.NONE;
    private boolean closed;

    /**
     * Opens the library.
     *
     * @param driver the device
     */
    public SimulatedBlas(SimulatedDriver driver) {
        this.driver = driver;
    }

    @Override
    public int version() {
        return 120_600;
    }

    @Override
    public void setStream(CudaStream newStream) {
        requireOpen("cublasSetStream");
        stream = (SimulatedStream) newStream;
        workspace = Workspace.NONE;
    }

    @Override
    public void setWorkspace(Workspace newWorkspace) {
        requireOpen("cublasSetWorkspace");
        if (newWorkspace.address() % 256 != 0) {
            throw invalid("cublasSetWorkspace", "the address is not a multiple of 256");
        }
        workspace = newWorkspace;
    }

    @Override
    public void gemm(Gemm form, double alpha, long a, long b, double beta, long c) {
        String call = "cublasGemmEx(" + describe(form) + ")";
        check(call, form);
        issue(call, () -> multiply(call, form, alpha, a, b, beta, c));
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
        String call = "cublasGemmStridedBatchedEx(" + describe(form) + ", " + count + " times)";
        check(call, form);
        if (count < 0) {
            throw invalid(call, "the number of products is negative");
        }
        // Stricter than the library, of which only some kernels have this limit.
        if (count > 65_535) {
            throw invalid(call, count + " products in one call");
        }
        if (count > 1 && strideC < (long) form.leadingC() * (form.n() - 1) + form.m()) {
            throw invalid(call, "stride " + strideC + " of C makes the results overlap");
        }
        issue(call, () -> {
            for (int i = 0; i < count; i++) {
                multiply(
                        call,
                        form,
                        alpha,
                        a + i * strideA * form.typeA().bytes(),
                        b + i * strideB * form.typeB().bytes(),
                        beta,
                        c + i * strideC * form.typeC().bytes());
            }
        });
    }

    private void issue(String call, Runnable action) {
        if (stream == null) {
            throw invalid(call, "no stream was set");
        }
        Workspace lent = workspace;
        if (stream.capture() != null && lent.bytes() == 0) {
            driver.refuseDuringCapture(call + " without a workspace, which makes cuBLAS allocate");
        }
        stream.issue(call, () -> {
            if (lent.bytes() > 0) {
                new Operands(driver.memory(), call).useWorkspace("workspace", lent.address(), lent.bytes());
            }
            action.run();
        });
    }

    private void requireOpen(String call) {
        driver.requireOpen(call);
        if (closed) {
            throw new CudaException(call, 1, "CUBLAS_STATUS_NOT_INITIALIZED", "the handle is closed");
        }
    }

    private static CudaException invalid(String call, String why) {
        return new CudaException(call, 7, "CUBLAS_STATUS_INVALID_VALUE", why);
    }

    private static String describe(Gemm f) {
        return (f.transposeA() ? "T" : "N") + (f.transposeB() ? "T" : "N") + ", m " + f.m() + ", n " + f.n() + ", k "
                + f.k() + ", lda " + f.leadingA() + ", ldb " + f.leadingB() + ", ldc " + f.leadingC();
    }

    private void check(String call, Gemm form) {
        requireOpen(call);
        if (form.m() < 0 || form.n() < 0 || form.k() < 0) {
            throw invalid(call, "a size is negative");
        }
        leading(call, "A", form.leadingA(), form.storedRowsA());
        leading(call, "B", form.leadingB(), form.storedRowsB());
        leading(call, "C", form.leadingC(), form.m());
        boolean narrow = form.typeA() == DataType.BF16 || form.typeB() == DataType.BF16;
        if (narrow && !driver.hasAmpereUnits()) {
            throw new CudaException(
                    call, 8, "CUBLAS_STATUS_ARCH_MISMATCH", "bfloat16 needs compute capability 8.0 or newer");
        }
        if (!isSupported(form)) {
            throw new CudaException(
                    call,
                    15,
                    "CUBLAS_STATUS_NOT_SUPPORTED",
                    form.typeA() + " * " + form.typeB() + " -> " + form.typeC() + " with " + form.computeType());
        }
    }

    private static void leading(String call, String matrix, int leading, int rows) {
        if (leading < Math.max(1, rows)) {
            throw invalid(
                    call, "leading dimension " + leading + " of " + matrix + " is less than its " + rows + " rows");
        }
    }

    private static boolean isSupported(Gemm form) {
        DataType in = form.typeA();
        DataType out = form.typeC();
        return in == form.typeB()
                && switch (form.computeType()) {
                    case F64 -> in == DataType.F64 && out == DataType.F64;
                    case F32, F32_PEDANTIC -> switch (in) {
                        case F32 -> out == DataType.F32;
                        case F16 -> out == DataType.F16 || out == DataType.F32;
                        case BF16 -> out == DataType.BF16 || out == DataType.F32;
                        case F64, I8, I32 -> false;
                    };
                    case F32_FAST_TF32, F32_FAST_BF16, F32_FAST_F16 -> in == DataType.F32 && out == DataType.F32;
                };
    }

    private void multiply(String call, Gemm form, double alpha, long a, long b, double beta, long c) {
        int m = form.m();
        int n = form.n();
        int k = form.k();
        if (m == 0 || n == 0) {
            return;
        }
        Operands operands = new Operands(driver.memory(), call);
        double[] product = new double[Math.multiplyExact(m, n)];
        if (k > 0 && alpha != 0) {
            double[] x = operands.readMatrix(
                    "A", a, form.typeA(), form.storedRowsA(), form.storedColumnsA(), form.leadingA());
            double[] y = operands.readMatrix(
                    "B", b, form.typeB(), form.storedRowsB(), form.storedColumnsB(), form.leadingB());
            round(form.computeType(), x);
            round(form.computeType(), y);
            x = form.transposeA() ? transpose(x, k, m) : x;
            y = form.transposeB() ? transpose(y, n, k) : y;
            for (int j = 0; j < n; j++) {
                for (int l = 0; l < k; l++) {
                    double factor = y[j * k + l];
                    for (int i = 0; i < m; i++) {
                        product[j * m + i] += x[l * m + i] * factor;
                    }
                }
            }
        }
        double[] old = beta == 0 ? null : operands.readMatrix("C", c, form.typeC(), m, n, form.leadingC());
        for (int i = 0; i < product.length; i++) {
            product[i] = alpha * product[i] + (old == null ? 0 : beta * old[i]);
        }
        operands.writeMatrix("C", c, form.typeC(), m, n, form.leadingC(), product);
    }

    /** Column-major rows x columns to columns x rows. */
    private static double[] transpose(double[] values, int rows, int columns) {
        double[] result = new double[values.length];
        for (int j = 0; j < columns; j++) {
            for (int i = 0; i < rows; i++) {
                result[i * columns + j] = values[j * rows + i];
            }
        }
        return result;
    }

    /** The shortened forms are allowed, not demanded: devices without units for them compute in single precision. */
    private void round(ComputeType type, double[] values) {
        DoubleUnaryOperator rounding =
                switch (type) {
                    case F32, F32_PEDANTIC, F64 -> DoubleUnaryOperator.identity();
                    case F32_FAST_TF32 ->
                        driver.hasAmpereUnits() ? Operands::toTf32 : DoubleUnaryOperator.identity();
                    case F32_FAST_BF16 ->
                        driver.hasAmpereUnits() ? Operands::toBfloat16 : DoubleUnaryOperator.identity();
                    case F32_FAST_F16 -> v -> Float.float16ToFloat(Float.floatToFloat16((float) v));
                };
        for (int i = 0; i < values.length; i++) {
            values[i] = rounding.applyAsDouble(values[i]);
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}
