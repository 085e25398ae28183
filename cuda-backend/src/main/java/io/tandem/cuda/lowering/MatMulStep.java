package io.tandem.cuda.lowering;

import io.tandem.cuda.driver.Architecture;
import io.tandem.cuda.lib.Gemm;
import io.tandem.graph.Op;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;

/**
 * A matrix product by cuBLAS, whose matrices are column-major: the row-major product is that of the swapped operands.
 */
final class MatMulStep implements StepKernel {
    private static final Architecture AMPERE = new Architecture(8, 0);

    /** Products of one call: a grid's third side, along which kernels of cuBLAS lay a batch. */
    private static final int MAX_BATCH = 65_535;

    private final LoweringContext context;
    private final Place x;
    private final Place y;
    private final Place result;
    private final Gemm form;
    private final int batch;
    private final long strideX;
    private final long strideY;
    private final long strideResult;

    MatMulStep(LoweringContext context, Op.MatMul op, Place x, Place y, Place result) {
        if (result.dtype() == DType.BF16 && context.architecture().compareTo(AMPERE) < 0) {
            throw new IllegalArgumentException("cuBLAS multiplies bfloat16 from compute capability " + AMPERE
                    + " on, this device has " + context.architecture() + "; use float16 or float32");
        }
        this.context = context;
        this.x = x;
        this.y = y;
        this.result = result;
        Shape shape = result.shape();
        int rows = shape.dim(-2);
        int columns = shape.dim(-1);
        int inner = x.shape().dim(op.transposeA() ? -2 : -1);
        this.batch = Math.toIntExact(shape.subShape(0, shape.rank() - 2).size());
        this.strideX = (long) rows * inner;
        this.strideY = (long) inner * columns;
        this.strideResult = (long) rows * columns;
        this.form = Gemm.rowMajor(
                op.transposeA(),
                op.transposeB(),
                rows,
                columns,
                inner,
                DataTypes.of(result.dtype()),
                DataTypes.compute(result.dtype(), context.options()));
    }

    @Override
    public void issue() {
        if (form.k() == 0) {
            context.stream().fill(result.address(), (byte) 0, result.bytes());
        } else if (batch == 1) {
            context.blas().gemm(form, 1, y.address(), x.address(), 0, result.address());
        } else {
            for (int first = 0; first < batch; first += MAX_BATCH) {
                context.blas().gemmStridedBatched(
                        form,
                        1,
                        y.address() + first * strideY * y.dtype().bytes(),
                        strideY,
                        x.address() + first * strideX * x.dtype().bytes(),
                        strideX,
                        0,
                        result.address() + first * strideResult * result.dtype().bytes(),
                        strideResult,
                        Math.min(MAX_BATCH, batch - first));
            }
        }
    }

    @Override
    public int launches() {
        return Math.ceilDiv(batch, MAX_BATCH);
    }

    @Override
    public String label() {
        String size = form.n() + "x" + form.m() + "x" + form.k();
        return "cublas gemm " + (batch == 1 ? "" : batch + " of ") + size;
    }
}
