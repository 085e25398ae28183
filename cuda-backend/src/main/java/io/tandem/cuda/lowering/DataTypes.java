package io.tandem.cuda.lowering;

import io.tandem.backend.DeviceOptions;
import io.tandem.cuda.lib.ComputeType;
import io.tandem.cuda.lib.DataType;
import io.tandem.cuda.lib.MathType;
import io.tandem.tensor.DType;

/** Element types and precisions in the libraries' terms. */
final class DataTypes {
    private DataTypes() {}

    /** The libraries' name of a floating type. */
    static DataType of(DType dtype) {
        return switch (dtype) {
            case F64 -> DataType.F64;
            case F32 -> DataType.F32;
            case F16 -> DataType.F16;
            case BF16 -> DataType.BF16;
            case I64, I32, U8, BOOL -> throw new IllegalArgumentException("no library computes with " + dtype);
        };
    }

    /** The type that the libraries accumulate in. */
    static DataType accumulator(DType dtype) {
        return dtype == DType.F64 ? DataType.F64 : DataType.F32;
    }

    /** How cuBLAS multiplies. */
    static ComputeType compute(DType dtype, DeviceOptions options) {
        return switch (dtype) {
            case F64 -> ComputeType.F64;
            case F32 -> switch (options.math()) {
                case EXACT -> ComputeType.F32;
                case TF32 -> ComputeType.F32_FAST_TF32;
                case BF16 -> ComputeType.F32_FAST_BF16;
            };
            case F16, BF16 -> ComputeType.F32;
            case I64, I32, U8, BOOL -> throw new IllegalArgumentException("cuBLAS does not multiply " + dtype);
        };
    }

    /** Which units cuDNN may use; its float32 convolutions know TF32 as the only shortened form. */
    static MathType math(DType dtype, DeviceOptions options) {
        return switch (dtype) {
            case F64 -> MathType.FMA;
            case F32 -> options.math() == DeviceOptions.MathPolicy.EXACT ? MathType.FMA : MathType.DEFAULT;
            case F16, BF16 -> MathType.TENSOR_OP;
            case I64, I32, U8, BOOL -> throw new IllegalArgumentException("cuDNN does not compute with " + dtype);
        };
    }
}
