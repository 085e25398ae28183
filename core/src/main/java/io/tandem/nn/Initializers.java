package io.tandem.nn;

import io.tandem.graph.Distribution;
import io.tandem.reference.RandomNumbers;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;

/**
 * The usual initializers. Weights are [outputs, inputs, kernel...], so that the fan-in is the product of all axes but the
 * first, the fan-out that of all axes but the second.
 */
public final class Initializers {
    private static final double TRUNCATED_STD = 0.87962566103423978; // of a standard normal within two deviations

    private Initializers() {}

    /** All elements equal. */
    public static Initializer constant(double value) {
        return (type, seed) -> NDArray.full(type, value);
    }

    /** All elements 0. */
    public static Initializer zeros() {
        return constant(0);
    }

    /** All elements 1. */
    public static Initializer ones() {
        return constant(1);
    }

    /** Given values. */
    public static Initializer of(NDArray values) {
        return (type, seed) -> {
            if (!values.shape().equals(type.shape())) {
                throw new IllegalArgumentException(
                        "the initial values " + values.type() + " do not fit the parameter " + type);
            }
            return values.cast(type.dtype());
        };
    }

    /** Uniform in [low, high). */
    public static Initializer uniform(double low, double high) {
        return (type, seed) -> {
            if (type.dtype() == DType.F32) {
                int size = Math.toIntExact(type.shape().size());
                return NDArray.wrap(
                        type, MemorySegment.ofArray(RandomNumbers.uniform(size, low, high, seed, 0, 0)));
            }
            float[] u = draw(Distribution.UNIFORM, type.shape(), seed).toFloats();
            return NDArray.generate(type, i -> low + (high - low) * u[i]);
        };
    }

    /** Normal with mean and standard deviation. */
    public static Initializer normal(double mean, double std) {
        return (type, seed) -> {
            float[] z = draw(Distribution.NORMAL, type.shape(), seed).toFloats();
            return NDArray.generate(type, i -> mean + std * z[i]);
        };
    }

    /** Normal, with values further than two standard deviations from the mean drawn again. */
    public static Initializer truncatedNormal(double mean, double std) {
        return (type, seed) -> {
            double[] values = new double[Math.toIntExact(type.shape().size())];
            int known = 0;
            for (long round = 0; known < values.length; round++) {
                NDArray z = RandomNumbers.draw(Distribution.NORMAL, Shape.of(values.length + 16), seed, round, 0);
                for (int i = 0; i < values.length + 16 && known < values.length; i++) {
                    if (Math.abs(z.getDouble(i)) <= 2) {
                        values[known++] = z.getDouble(i);
                    }
                }
            }
            return NDArray.generate(type, i -> mean + std * values[i]);
        };
    }

    /** Uniform with variance 2 / (fan-in + fan-out) (Glorot and Bengio, 2010); also known as Xavier. */
    public static Initializer glorotUniform() {
        return (type, seed) -> {
            double limit = Math.sqrt(6.0 / (fanIn(type) + fanOut(type)));
            return uniform(-limit, limit).initialize(type, seed);
        };
    }

    /** Normal with variance 2 / (fan-in + fan-out) (Glorot and Bengio, 2010); also known as Xavier. */
    public static Initializer glorotNormal() {
        return (type, seed) -> normal(0, Math.sqrt(2.0 / (fanIn(type) + fanOut(type)))).initialize(type, seed);
    }

    /** Uniform with variance 2 / fan-in (He et al., 2015). */
    public static Initializer heUniform() {
        return (type, seed) -> {
            double limit = Math.sqrt(6.0 / fanIn(type));
            return uniform(-limit, limit).initialize(type, seed);
        };
    }

    /** Normal with variance 2 / fan-in (He et al., 2015). */
    public static Initializer heNormal() {
        return (type, seed) -> normal(0, Math.sqrt(2.0 / fanIn(type))).initialize(type, seed);
    }

    /** Truncated normal with variance 1 / fan-in (LeCun et al., 1998). */
    public static Initializer lecunNormal() {
        return (type, seed) -> truncatedNormal(0, Math.sqrt(1.0 / fanIn(type)) / TRUNCATED_STD)
                .initialize(type, seed);
    }

    /** Uniform with variance 1 / fan-in (LeCun et al., 1998). */
    public static Initializer lecunUniform() {
        return (type, seed) -> {
            double limit = Math.sqrt(3.0 / fanIn(type));
            return uniform(-limit, limit).initialize(type, seed);
        };
    }

    /**
     * Orthonormal rows, or columns if there are fewer of them (Saxe et al., 2014): the Q of a normal matrix, whose columns
     * are made orthogonal by the modified Gram-Schmidt method.
     *
     * @param gain factor
     */
    public static Initializer orthogonal(double gain) {
        return (type, seed) -> {
            int rows = type.shape().rank() == 0 ? 1 : type.shape().dim(0);
            int columns = Math.toIntExact(type.shape().size() / Math.max(1, rows));
            int vectors = Math.min(rows, columns);
            int length = Math.max(rows, columns);
            NDArray z = draw(Distribution.NORMAL, Shape.of(vectors, length), seed);
            double[][] q = new double[vectors][length];
            for (int i = 0; i < vectors; i++) {
                for (int k = 0; k < length; k++) {
                    q[i][k] = z.getDouble((long) i * length + k);
                }
                // Twice: the second pass removes what rounding left of the first.
                for (int pass = 0; pass < 2; pass++) {
                    for (int j = 0; j < i; j++) {
                        double dot = dot(q[i], q[j]);
                        for (int k = 0; k < length; k++) {
                            q[i][k] -= dot * q[j][k];
                        }
                    }
                }
                double norm = Math.sqrt(dot(q[i], q[i]));
                for (int k = 0; k < length; k++) {
                    q[i][k] /= norm;
                }
            }
            return NDArray.generate(type, flat -> {
                int row = flat / columns;
                int column = flat % columns;
                return gain * (rows <= columns ? q[row][column] : q[column][row]);
            });
        };
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static NDArray draw(Distribution distribution, Shape shape, long seed) {
        return RandomNumbers.draw(distribution, shape, seed, 0, 0);
    }

    private static double fanIn(TensorType type) {
        Shape shape = type.shape();
        return switch (shape.rank()) {
            case 0 -> 1;
            case 1 -> shape.dim(0);
            default -> (double) shape.size() / shape.dim(0);
        };
    }

    private static double fanOut(TensorType type) {
        Shape shape = type.shape();
        return switch (shape.rank()) {
            case 0 -> 1;
            case 1 -> shape.dim(0);
            default -> (double) shape.size() / shape.dim(1);
        };
    }
}
