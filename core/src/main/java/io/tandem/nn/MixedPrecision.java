package io.tandem.nn;

import io.tandem.tensor.DType;

/**
 * Arithmetic in 16 bits where that is safe (Micikevicius et al., 2018), while parameters, statistics and all that the
 * optimizer keeps stay in float32. {@link Model#withPrecision} rewrites each trace of a model before gradients are taken,
 * so that training, evaluation and prediction compute alike on every device:
 *
 * <table>
 * <caption>What is computed in which type</caption>
 * <tr><th>type</th><th>operations</th></tr>
 * <tr><td>16 bits, sums in float32</td><td>matrix products, convolutions and their adjoints; the products of attention and of
 * loops such as simple recurrent networks</td></tr>
 * <tr><td>float32</td><td>reductions, softmax, layer normalization, exponentials, logarithms, powers, quotients, roots; LSTM
 * and GRU layers, whose kernels are of float32; what loops carry and compute beside products; what follows the model: loss, penalties, metrics</td></tr>
 * <tr><td>that of the operands</td><td>sums, differences, products, extremes, ReLU, tanh, sigmoid, choices, movements and
 * pooling. Where types differ, the result is float32; constants and parameters with one value per channel follow the
 * other operand</td></tr>
 * <tr><td>16 bits outside, float32 inside</td><td>batch normalization (its statistics are float32) and GELU of 16-bit
 * inputs</td></tr>
 * </table>
 *
 * <p>How the remaining products of float32 are computed, those of LSTM and GRU layers, is a matter of the device's {@link
 * io.tandem.backend.DeviceOptions.MathPolicy}.
 *
 * <p>Parameters are rounded once per step; their gradients come out in float32. Gradients of a model's values have the
 * values' types, so float16 needs a {@link io.tandem.train.LossScaling}, which training has by default.
 *
 * @param dtype {@link DType#F16} or {@link DType#BF16}
 */
public record MixedPrecision(DType dtype) {
    /** Checks the type. */
    public MixedPrecision {
        if (dtype != DType.F16 && dtype != DType.BF16) {
            throw new IllegalArgumentException(
                    "mixed precision is of float32 with a 16-bit type, f16 or bf16; got " + dtype);
        }
    }

    /** With IEEE half precision: 10 fraction bits, but only values from 6e-8 to 65,504. */
    public static MixedPrecision f16() {
        return new MixedPrecision(DType.F16);
    }

    /** With bfloat16: the range of float32, but only 7 fraction bits. */
    public static MixedPrecision bf16() {
        return new MixedPrecision(DType.BF16);
    }
}
