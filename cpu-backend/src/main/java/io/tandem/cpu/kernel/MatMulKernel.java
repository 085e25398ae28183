package io.tandem.cpu.kernel;

import io.tandem.compile.Plan;
import io.tandem.graph.Op;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Matrix products without a library: float32 (and narrower types through it) and float64, one row block per unit. */
public final class MatMulKernel implements StepKernel {
    private static final int ROWS = 32;

    private final Op.MatMul op;
    private final Place a;
    private final Place b;
    private final Optional<Place> bias;
    private final Place result;
    private final Optional<Plan.Epilogue> epilogue;
    private final Parallel parallel;
    private final DType dtype;
    private final int m;
    private final int n;
    private final int k;
    private final int batch;
    private final Floats floats;
    private final Doubles doubles;
    private int current;

    /** Tiles for types of at most 32 bits: the second factor, and per thread rows of the others and a column. */
    private record Floats(float[][] b, float[] bias, float[][][] a, float[][][] c, float[][] column) {
        Floats(int threads, int n, int k) {
            this(
                    new float[k][n],
                    new float[n],
                    new float[threads][ROWS][k],
                    new float[threads][ROWS][n],
                    new float[threads][Math.max(ROWS, Math.max(k, n))]);
        }
    }

    private record Doubles(double[][] b, double[][][] a, double[][][] c, double[][] column) {
        Doubles(int threads, int n, int k) {
            this(
                    new double[k][n],
                    new double[threads][ROWS][k],
                    new double[threads][ROWS][n],
                    new double[threads][Math.max(ROWS, Math.max(k, n))]);
        }
    }

    /** A kernel for {@link Op.MatMul}; the operands are the matrices, then the bias if the epilogue has one. */
    public MatMulKernel(
            Op.MatMul op, Optional<Plan.Epilogue> epilogue, List<Place> operands, Place result, Parallel parallel) {
        this.op = op;
        this.a = operands.get(0);
        this.b = operands.get(1);
        this.bias = operands.size() > 2 ? Optional.of(operands.get(2)) : Optional.empty();
        this.epilogue = epilogue;
        this.result = result;
        this.parallel = parallel;
        this.dtype = result.type().dtype();
        Shape shape = result.type().shape();
        this.m = shape.dim(-2);
        this.n = shape.dim(-1);
        this.k = a.type().shape().dim(op.transposeA() ? -2 : -1);
        this.batch = Math.toIntExact(shape.subShape(0, shape.rank() - 2).size());
        boolean wide = dtype == DType.F64;
        this.floats = wide ? new Floats(0, 0, 0) : new Floats(parallel.threads(), n, k);
        this.doubles = wide ? new Doubles(parallel.threads(), n, k) : new Doubles(0, 0, 0);
    }

    @Override
    public void run() {
        bias.ifPresent(p -> NativeMemory.read(p.type().dtype(), p.address(), floats.bias, 0, n));
        int bytes = dtype.bytes();
        for (current = 0; current < batch && m > 0 && n > 0; current++) {
            long matrix = b.address() + (long) current * k * n * bytes;
            for (int i = 0; i < (op.transposeB() ? n : k); i++) {
                readB(matrix, i);
            }
            parallel.split(Math.ceilDiv(m, ROWS), (long) ROWS * n * (1 + k / 4) * 4, this::part);
        }
    }

    /** Row i of the stored second factor: a row of it, or a column if it is transposed. */
    private void readB(long matrix, int i) {
        int bytes = dtype.bytes();
        if (dtype == DType.F64) {
            if (!op.transposeB()) {
                NativeMemory.read(matrix + (long) i * n * bytes, doubles.b[i], 0, n);
                return;
            }
            double[] column = doubles.column[0];
            NativeMemory.read(matrix + (long) i * k * bytes, column, 0, k);
            for (int p = 0; p < k; p++) {
                doubles.b[p][i] = column[p];
            }
            return;
        }
        if (!op.transposeB()) {
            NativeMemory.read(dtype, matrix + (long) i * n * bytes, floats.b[i], 0, n);
            return;
        }
        float[] column = floats.column[0];
        NativeMemory.read(dtype, matrix + (long) i * k * bytes, column, 0, k);
        for (int p = 0; p < k; p++) {
            floats.b[p][i] = column[p];
        }
    }

    private void part(int thread, long from, long to) {
        for (int block = (int) from; block < to; block++) {
            if (dtype == DType.F64) {
                blockOfDoubles(thread, block * ROWS);
            } else {
                blockOfFloats(thread, block * ROWS);
            }
        }
    }

    private void blockOfFloats(int thread, int first) {
        float[][] x = floats.a[thread];
        float[][] y = floats.c[thread];
        int rows = Math.min(ROWS, m - first);
        int bytes = dtype.bytes();
        long matrix = a.address() + (long) current * m * k * bytes;
        if (op.transposeA()) {
            float[] column = floats.column[thread];
            for (int p = 0; p < k; p++) {
                NativeMemory.read(dtype, matrix + ((long) p * m + first) * bytes, column, 0, rows);
                for (int i = 0; i < rows; i++) {
                    x[i][p] = column[i];
                }
            }
        } else {
            for (int i = 0; i < rows; i++) {
                NativeMemory.read(dtype, matrix + (long) (first + i) * k * bytes, x[i], 0, k);
            }
        }
        for (int i = 0; i < rows; i++) {
            Arrays.fill(y[i], 0);
        }
        Gemm.add(x, floats.b, y, rows, n, k);
        for (int i = 0; i < rows; i++) {
            if (bias.isPresent()) {
                Epilogue.add(floats.bias, y[i], n);
            }
            Epilogue.activate(epilogue, y[i], n);
            NativeMemory.write(dtype, y[i], 0, result.address() + ((long) current * m + first + i) * n * bytes, n);
        }
    }

    private void blockOfDoubles(int thread, int first) {
        double[][] x = doubles.a[thread];
        double[][] y = doubles.c[thread];
        int rows = Math.min(ROWS, m - first);
        long matrix = a.address() + (long) current * m * k * 8;
        if (op.transposeA()) {
            double[] column = doubles.column[thread];
            for (int p = 0; p < k; p++) {
                NativeMemory.read(matrix + ((long) p * m + first) * 8, column, 0, rows);
                for (int i = 0; i < rows; i++) {
                    x[i][p] = column[i];
                }
            }
        } else {
            for (int i = 0; i < rows; i++) {
                NativeMemory.read(matrix + (long) (first + i) * k * 8, x[i], 0, k);
            }
        }
        for (int i = 0; i < rows; i++) {
            Arrays.fill(y[i], 0);
        }
        Gemm.add(x, doubles.b, y, rows, n, k);
        for (int i = 0; i < rows; i++) {
            NativeMemory.write(y[i], 0, result.address() + ((long) current * m + first + i) * n * 8, n);
        }
    }

    @Override
    public String label() {
        return "java";
    }
}
