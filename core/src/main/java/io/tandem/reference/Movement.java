package io.tandem.reference;

import io.tandem.graph.Op;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.Arrays;
import java.util.List;

/** Operations that move elements and compute nothing. */
final class Movement {
    private Movement() {}

    static Value iota(TensorType type, int axis) {
        Shape shape = type.shape();
        long[] strides = new long[shape.rank()];
        strides[axis] = 1;
        int[] indices = new Strided(shape, 0, strides).places();
        return type.dtype().isFloating()
                ? Value.rounded(type, Arrays.stream(indices).asDoubleStream().toArray())
                : Value.wrapped(type, Arrays.stream(indices).asLongStream().toArray());
    }

    static Value permute(List<Integer> axes, Value x, TensorType type) {
        long[] from = x.type().shape().strides();
        long[] strides = axes.stream().mapToLong(axis -> from[axis]).toArray();
        return x.pick(type, new Strided(type.shape(), 0, strides).places());
    }

    static Value broadcast(Value x, TensorType type) {
        Shape from = x.type().shape();
        long[] fromStrides = from.strides();
        long[] strides = new long[type.shape().rank()];
        for (int i = 1; i <= from.rank(); i++) {
            strides[strides.length - i] = from.dim(-i) == 1 ? 0 : fromStrides[from.rank() - i];
        }
        return x.pick(type, new Strided(type.shape(), 0, strides).places());
    }

    static Value slice(Op.Slice slice, Value x, TensorType type) {
        long[] strides = x.type().shape().strides();
        long offset = 0;
        for (int i = 0; i < strides.length; i++) {
            offset += slice.start().get(i) * strides[i];
            strides[i] *= slice.step().get(i);
        }
        return x.pick(type, new Strided(type.shape(), offset, strides).places());
    }

    static Value flip(List<Integer> axes, Value x) {
        Shape shape = x.type().shape();
        long[] strides = shape.strides();
        long offset = 0;
        for (int axis : axes) {
            offset += (shape.dim(axis) - 1) * strides[axis];
            strides[axis] = -strides[axis];
        }
        return x.pick(x.type(), new Strided(shape, offset, strides).places());
    }

    static Value pad(Op.Pad pad, Value x, TensorType type) {
        long[] strides = type.shape().strides();
        long offset = 0;
        for (int i = 0; i < strides.length; i++) {
            offset += pad.low().get(i) * strides[i];
            strides[i] *= pad.interior().get(i) + 1;
        }
        Value result = full(type, pad.value());
        place(x, result, new Strided(x.type().shape(), offset, strides));
        return result;
    }

    static Value concat(int axis, List<Value> parts, TensorType type) {
        Value result = Value.zeros(type);
        long[] strides = type.shape().strides();
        long offset = 0;
        for (Value part : parts) {
            place(part, result, new Strided(part.type().shape(), offset, strides));
            offset += part.type().shape().dim(axis) * strides[axis];
        }
        return result;
    }

    private static Value full(TensorType type, double value) {
        Value result = Value.zeros(type);
        DType dtype = type.dtype();
        switch (result) {
            case Value.Floating floating -> Arrays.fill(floating.data(), dtype.round(value));
            case Value.Integral integral -> Arrays.fill(integral.data(), (long) dtype.round(value));
        }
        return result;
    }

    private static void place(Value x, Value target, Strided where) {
        int[] places = where.places();
        switch (x) {
            case Value.Floating floating -> {
                double[] to = target.doubles();
                for (int i = 0; i < places.length; i++) {
                    to[places[i]] = floating.data()[i];
                }
            }
            case Value.Integral integral -> {
                long[] to = target.longs();
                for (int i = 0; i < places.length; i++) {
                    to[places[i]] = integral.data()[i];
                }
            }
        }
    }
}
