package io.tandem.conformance;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Values for one input of a case.
 *
 * @param type type of the input
 * @param generator where the values come from
 */
public record Draw(TensorType type, Generator generator) {
    /** Checks that both parts are there. */
    public Draw {
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(generator, "generator");
    }

    /** Makes values of a type; equal random numbers give equal values. */
    @FunctionalInterface
    public interface Generator {
        /** Values of the given type. */
        NDArray draw(TensorType type, RandomGenerator random);
    }

    /** The values for a source of random numbers. */
    public NDArray values(RandomGenerator random) {
        return generator.draw(type, random);
    }

    /** The same input with another element type. */
    public Draw with(DType dtype) {
        return new Draw(type.with(dtype), generator);
    }

    /** Float32 numbers, uniform between -1 and 1. */
    public static Draw f32(int... dims) {
        return uniform(-1, 1, dims);
    }

    /** Float32 numbers, uniform between two limits. */
    public static Draw uniform(double low, double high, int... dims) {
        return uniform(TensorType.f32(dims), low, high);
    }

    /** Numbers of a type, uniform between two limits. */
    public static Draw uniform(TensorType type, double low, double high) {
        return new Draw(type, (t, random) -> NDArray.generate(t, i -> low + (high - low) * random.nextDouble()));
    }

    /** Float32 numbers with both signs whose size is between two limits: away from 0. */
    public static Draw signed(double low, double high, int... dims) {
        return new Draw(
                TensorType.f32(dims),
                (t, random) -> NDArray.generate(
                        t, i -> (random.nextBoolean() ? 1 : -1) * (low + (high - low) * random.nextDouble())));
    }

    /** Float32 numbers whose size is 10 to a power between two limits, with both signs or without. */
    public static Draw magnitudes(double low, double high, boolean signed, int... dims) {
        return new Draw(
                TensorType.f32(dims),
                (t, random) -> NDArray.generate(
                        t,
                        i -> (signed && random.nextBoolean() ? -1 : 1)
                                * StrictMath.pow(10, low + (high - low) * random.nextDouble())));
    }

    /** Float32 numbers between integers from {@code low} to {@code high}, at least 0.1 away from them. */
    public static Draw betweenIntegers(int low, int high, int... dims) {
        return new Draw(
                TensorType.f32(dims),
                (t, random) -> NDArray.generate(t, i -> random.nextInt(low, high) + 0.1 + 0.8 * random.nextDouble()));
    }

    /** Different float32 numbers around 0 in random order, each 1/16 from the next. */
    public static Draw apart(int... dims) {
        return apart(0, dims);
    }

    /** As {@link #apart(int...)}, but all moved by {@code offset}. */
    public static Draw apart(double offset, int... dims) {
        return new Draw(TensorType.f32(dims), (t, random) -> {
            int n = Math.toIntExact(t.shape().size());
            int[] order = IntStream.range(0, n).toArray();
            for (int i = n - 1; i > 0; i--) {
                int j = random.nextInt(i + 1);
                int swapped = order[i];
                order[i] = order[j];
                order[j] = swapped;
            }
            return NDArray.generate(t, i -> (order[i] - n / 2) / 16.0 + offset);
        });
    }

    /** Integers from {@code low} (inclusive) to {@code high} (exclusive). */
    public static Draw integers(DType dtype, long low, long high, int... dims) {
        return new Draw(TensorType.of(dtype, dims), (t, random) -> {
            long[] values = new long[Math.toIntExact(t.shape().size())];
            for (int i = 0; i < values.length; i++) {
                values[i] = random.nextLong(low, high);
            }
            return NDArray.ofLongs(t.shape(), values).cast(t.dtype());
        });
    }

    /** Truth values. */
    public static Draw truths(int... dims) {
        return integers(DType.BOOL, 0, 2, dims);
    }

    /** Truth values for attention, [..., T, S]: the first position is always allowed. */
    public static Draw mask(int... dims) {
        return new Draw(TensorType.of(DType.BOOL, dims), (t, random) -> {
            int row = t.shape().dim(-1);
            return NDArray.generate(t, i -> i % row == 0 || random.nextBoolean() ? 1 : 0);
        });
    }

    /** Any values that suit the type: numbers between -1 and 1, integers from 0 to 99, truth values. */
    public static Draw any(DType dtype, int... dims) {
        if (dtype.isFloating()) {
            return uniform(TensorType.of(dtype, dims), -1, 1);
        }
        return dtype == DType.BOOL ? truths(dims) : integers(dtype, 0, 100, dims);
    }

    /** An int64 scalar. */
    public static Draw scalar(long value) {
        return exactly(NDArray.scalar(value));
    }

    /** A row of given numbers of a floating type. */
    public static Draw numbers(DType dtype, double... values) {
        return new Draw(TensorType.of(dtype, values.length), (t, random) -> NDArray.generate(t, i -> values[i]));
    }

    /** A row of given integers or truth values. */
    public static Draw integers(DType dtype, long[] values) {
        return exactly(NDArray.ofLongs(Shape.of(values.length), values).cast(dtype));
    }

    /** The given values. */
    public static Draw exactly(NDArray values) {
        return new Draw(values.type(), (t, random) -> values.cast(t.dtype()));
    }
}
