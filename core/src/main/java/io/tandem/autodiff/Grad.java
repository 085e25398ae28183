package io.tandem.autodiff;

import io.tandem.graph.Composites;
import io.tandem.graph.GraphException;
import io.tandem.graph.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Derivatives of Java functions over tensors. A derivative is again a function over tensors, so that derivatives compose:
 * {@code grad(grad(f))} is the second one.
 */
public final class Grad {
    private Grad() {}

    /** A function of several tensors. */
    @FunctionalInterface
    public interface TensorFunction {
        /** The function's value. */
        Tensor apply(Tensor... arguments);
    }

    /**
     * A value with its gradient.
     *
     * @param value the function's value
     * @param gradient its gradient, shaped as the argument
     */
    public record ValueAndGrad<P>(Tensor value, P gradient) {}

    /** The gradient of a function with one argument and a scalar value. */
    public static UnaryOperator<Tensor> grad(Function<Tensor, Tensor> f) {
        return x -> valueAndGrad(f).apply(x).gradient();
    }

    /** The gradient of a scalar function with respect to argument number {@code argument}, counted from 0. */
    public static TensorFunction grad(TensorFunction f, int argument) {
        return arguments -> {
            if (argument < 0 || argument >= arguments.length) {
                throw new GraphException(
                        "grad: argument " + argument + " does not exist, the function got " + arguments.length);
            }
            Tensor[] copy = arguments.clone();
            return grad((Tensor x) -> {
                copy[argument] = x;
                return f.apply(copy);
            })
                    .apply(arguments[argument]);
        };
    }

    /** Value and gradient of a function with one argument and a scalar value. */
    public static Function<Tensor, ValueAndGrad<Tensor>> valueAndGrad(Function<Tensor, Tensor> f) {
        return x -> {
            // A name of its own for the argument: the function may also refer to x itself, as to a constant.
            Tensor argument = Gradients.alias(x);
            Tensor value = f.apply(argument);
            return new ValueAndGrad<>(
                    value, Gradients.of(value, List.of(argument)).getFirst());
        };
    }

    /**
     * Value and gradient of a scalar function of a record (or list) of tensors, nested as you like; the gradient is a
     * record of the same type. Integer tensors in it get zeros.
     */
    public static <P> Function<P, ValueAndGrad<P>> valueAndGradOf(Function<P, Tensor> f) {
        return parameters -> {
            List<Tensor> leaves = TensorTree.leaves(parameters);
            List<Tensor> arguments = Gradients.aliases(leaves);
            Tensor value = f.apply(TensorTree.rebuild(parameters, arguments));
            return new ValueAndGrad<>(value, TensorTree.rebuild(parameters, Gradients.of(value, arguments)));
        };
    }

    /** The gradient of a scalar function of a record (or list) of tensors. */
    public static <P> Function<P, P> gradOf(Function<P, Tensor> f) {
        return parameters -> valueAndGradOf(f).apply(parameters).gradient();
    }

    /**
     * A function with a gradient of its own.
     *
     * @param name for printing
     * @param forward the function
     * @param gradient from (argument, result) and the result's cotangent to the argument's cotangent
     */
    public static UnaryOperator<Tensor> custom(
            String name,
            UnaryOperator<Tensor> forward,
            BiFunction<ArgumentAndResult, Tensor, Tensor> gradient) {
        return x -> Composites.custom(
                name,
                List.of(x),
                in -> List.of(forward.apply(in.getFirst())),
                (values, cotangents) -> List.of(Optional.of(gradient.apply(
                        new ArgumentAndResult(
                                values.operands().getFirst(),
                                values.results().getFirst()),
                        cotangents.getFirst()))))
                .getFirst();
    }

    /** The argument and the result of a call of a function with a gradient of its own. */
    public record ArgumentAndResult(Tensor argument, Tensor result) {}

    /**
     * The Jacobian of a function of one vector: row i is the gradient of element i of its value.
     *
     * @param f from [n] to [m]
     * @return from [n] to [m, n]
     */
    public static UnaryOperator<Tensor> jacobian(Function<Tensor, Tensor> f) {
        return x -> {
            Tensor argument = Gradients.alias(x);
            Tensor value = f.apply(argument);
            if (value.rank() != 1 || x.rank() != 1) {
                throw new GraphException("jacobian needs vectors, got " + x.type() + " to " + value.type());
            }
            List<Tensor> rows = new ArrayList<>();
            for (int i = 0; i < value.dim(0); i++) {
                rows.add(Gradients.of(value.at(0, i), List.of(argument)).getFirst());
            }
            return Tensor.stack(0, rows);
        };
    }

    /** The Hessian of a scalar function of one vector: the Jacobian of its gradient. */
    public static UnaryOperator<Tensor> hessian(Function<Tensor, Tensor> f) {
        return jacobian(grad(f));
    }

}
