package io.tandem.cuda.codegen;

import io.tandem.compile.Kernel;
import io.tandem.tensor.DType;
import java.util.function.BiFunction;
import java.util.function.Function;

/** Writes instructions of a kernel as C statements, each into a variable {@code v} with its number. */
final class BodyWriter {
    private final Kernel kernel;
    private final StringBuilder out;

    BodyWriter(Kernel kernel, StringBuilder out) {
        this.kernel = kernel;
        this.out = out;
    }

    /** The parameters for operands and results, in this order. */
    static String parameters(Kernel kernel, boolean aliased) {
        StringBuilder text = new StringBuilder();
        String restrict = aliased ? "" : "__restrict__ ";
        for (int i = 0; i < kernel.operands().size(); i++) {
            text.append(text.isEmpty() ? "" : ", ")
                    .append("const ").append(ElementType.stored(kernel.operands().get(i)))
                    .append("* ").append(restrict).append('x').append(i);
        }
        for (int i = 0; i < kernel.results().size(); i++) {
            text.append(text.isEmpty() ? "" : ", ")
                    .append(ElementType.stored(kernel.results().get(i)))
                    .append("* ").append(restrict).append('y').append(i);
        }
        return text.toString();
    }

    /**
     * Writes one instruction, which is no fold.
     *
     * @param load the element that a load reads
     * @param position the value of an access at the current index
     */
    void write(
            int number,
            String indent,
            BiFunction<Integer, Kernel.Load, String> load,
            Function<Kernel.Access, String> position) {
        Kernel.Instruction instruction = kernel.body().get(number);
        DType dtype = instruction.dtype();
        String expression = switch (instruction) {
            case Kernel.Load read -> ElementType.load(dtype, load.apply(number, read));
            case Kernel.Literal literal -> ElementType.literal(dtype, literal.value());
            case Kernel.Index index ->
                Expressions.cast(DType.I64, dtype, "(long long) (" + position.apply(index.access()) + ")");
            case Kernel.Unary unary -> Expressions.unary(unary.function(), dtype, dtypeOf(unary.x()), name(unary.x()));
            case Kernel.Binary binary ->
                Expressions.binary(binary.function(), dtype, name(binary.x()), name(binary.y()));
            case Kernel.Compare compare ->
                Expressions.compare(compare.comparison(), name(compare.x()), name(compare.y()));
            case Kernel.Select select ->
                name(select.condition()) + " ? " + name(select.x()) + " : " + name(select.y());
            case Kernel.Cast cast -> Expressions.cast(dtypeOf(cast.x()), dtype, name(cast.x()));
            case Kernel.Fold fold -> throw new IllegalArgumentException("a fold is no expression");
        };
        out.append("%sconst %s %s = %s;\n".formatted(indent, ElementType.computed(dtype), name(number), expression));
    }

    private DType dtypeOf(int number) {
        return kernel.body().get(number).dtype();
    }

    static String name(int number) {
        return "v" + number;
    }
}
