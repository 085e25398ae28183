package io.tandem.oracle;

import io.tandem.graph.Composites;
import io.tandem.graph.Tensor;
import io.tandem.nn.Dense;
import io.tandem.nn.Initializers;
import io.tandem.nn.LayerTrace;
import io.tandem.nn.Mode;
import io.tandem.nn.Param;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Matrix products and attention. */
final class TorchProducts {
    private TorchProducts() {}

    static Optional<Object> apply(TorchCall c) {
        return Optional.ofNullable(switch (c.function()) {
            case "matmul", "mm", "bmm", "mv", "dot", "inner", "vdot" -> {
                if (c.function().equals("inner") && c.tensor(0).rank() > 1) {
                    yield matmul(c.tensor(0), c.tensor(1).transpose());
                }
                yield matmul(c.tensor(0), c.tensor(1));
            }
            case "outer", "ger" -> c.tensor(0).expandDims(1).mul(c.tensor(1).expandDims(0));
            case "linear" -> linear(c);
            case "addmm", "addmv" -> c.tensor(0)
                    .mul(c.number(-1, "beta", c.number(3, "beta", 1)))
                    .add(matmul(c.tensor(1), c.tensor(2)).mul(c.number(-1, "alpha", c.number(4, "alpha", 1))));
            case "baddbmm", "addbmm" -> {
                Tensor product = matmul(c.tensor(1), c.tensor(2)).mul(c.number(4, "alpha", 1));
                Tensor summed = c.function().equals("addbmm") ? product.sum(0) : product;
                yield c.tensor(0).mul(c.number(3, "beta", 1)).add(summed);
            }
            case "bilinear" -> {
                // y[n, o] = x1[n, i] W[o, i, j] x2[n, j] + b[o]
                Tensor w = c.tensor(2);
                Tensor left = c.tensor(0)
                        .matmul(w.permute(1, 0, 2).reshape(w.dim(1), -1))
                        .reshape(c.tensor(0).dim(0), w.dim(0), w.dim(2));
                Tensor y = left.mul(c.tensor(1).expandDims(1)).sum(2);
                yield c.optional(3, "bias").map(y::add).orElse(y);
            }
            case "einsum" -> einsum(c.text(0, "equation", ""), c.tensors(1, "operands"));
            case "tensordot" -> tensordot(
                    c.tensor(0),
                    c.tensor(1),
                    c.integers(2, "dims_self").orElseThrow(),
                    c.integers(3, "dims_other").orElseThrow());
            case "chain_matmul", "linalg_multi_dot" ->
                c.tensors(0, "matrices").stream().reduce(TorchProducts::matmul).orElseThrow();
            case "kron" -> {
                Tensor a = c.tensor(0);
                Tensor b = c.tensor(1);
                yield a.reshape(a.dim(0), 1, a.dim(1), 1)
                        .mul(b.reshape(1, b.dim(0), 1, b.dim(1)))
                        .reshape(a.dim(0) * b.dim(0), a.dim(1) * b.dim(1));
            }
            case "pairwise_distance" -> distance(
                    c.tensor(0), c.tensor(1), c.number(2, "p", 2), c.number(3, "eps", 1e-6),
                    c.flag(4, "keepdim", false));
            case "cdist" -> {
                Tensor d = c.tensor(0).expandDims(-2).sub(c.tensor(1).expandDims(c.tensor(1).rank() - 2));
                Tensor squares = d.square().sum(d.rank() - 1);
                Tensor zero = squares.eq(0);
                yield zero.select(squares.like(0), zero.select(squares.like(1), squares).sqrt());
            }
            case "cosine_similarity" -> {
                Tensor a = c.tensor(0);
                Tensor b = c.tensor(1);
                int axis = c.integer(2, "dim", 1);
                double epsilon = c.number(3, "eps", 1e-8);
                Tensor sizes = a.square().sum(axis).sqrt().maximum(epsilon)
                        .mul(b.square().sum(axis).sqrt().maximum(epsilon));
                yield a.mul(b).sum(axis).div(sizes);
            }
            case "scaled_dot_product_attention", "_scaled_dot_product_attention_math" -> attention(c);
            default -> null;
        });
    }

    /** PyTorch's matmul: vectors on either side, batches broadcast. */
    static Tensor matmul(Tensor a, Tensor b) {
        if (a.rank() == 1 && b.rank() == 1) {
            return a.mul(b).sum();
        }
        if (a.rank() == 1) {
            Tensor y = a.expandDims(0).matmul(b);
            return y.squeeze(y.rank() - 2);
        }
        if (b.rank() == 1) {
            Tensor y = a.matmul(b.expandDims(1));
            return y.squeeze(y.rank() - 1);
        }
        return a.matmul(b);
    }

    /** (Σ |a - b + eps|^p)^(1/p) along the last axis. */
    static Tensor distance(Tensor a, Tensor b, double p, double epsilon, boolean keep) {
        Tensor d = a.sub(b).add(epsilon);
        int last = d.rank() - 1;
        Tensor y = p == 2
                ? d.square().sum(last).sqrt()
                : d.abs().pow(p).sum(last).pow(1 / p);
        return keep ? y.expandDims(-1) : y;
    }

    private static Tensor tensordot(Tensor a, Tensor b, List<Integer> left, List<Integer> right) {
        StringBuilder first = new StringBuilder();
        StringBuilder second = new StringBuilder();
        for (int i = 0; i < a.rank(); i++) {
            first.append((char) ('a' + i));
        }
        for (int i = 0; i < b.rank(); i++) {
            second.append((char) ('n' + i));
        }
        for (int i = 0; i < left.size(); i++) {
            second.setCharAt(b.shape().axis(right.get(i)), first.charAt(a.shape().axis(left.get(i))));
        }
        String all = first.toString() + second;
        StringBuilder output = new StringBuilder();
        all.chars().filter(l -> all.indexOf(l) == all.lastIndexOf(l)).forEach(l -> output.append((char) l));
        return einsum(first + "," + second + "->" + output, List.of(a, b));
    }

    private static Tensor linear(TorchCall c) {
        Tensor x = c.tensor(0);
        Tensor w = c.tensor(1);
        Optional<Tensor> b = c.optional(2, "bias");
        Map<String, Tensor> params = new LinkedHashMap<>(Map.of("weight", w));
        b.ifPresent(t -> params.put("bias", t));
        Dense dense = new Dense(
                w.dim(0), Param.of(Initializers.zeros()), b.map(t -> Param.of(Initializers.zeros())));
        return LayerTrace.apply(
                dense, Mode.TRAINING, List.of(x), params, in -> List.of(dense.apply(in.getFirst())))
                .outputs()
                .getFirst();
    }

    private static Tensor attention(TorchCall c) {
        Tensor q = c.tensor(0);
        Tensor k = c.tensor(1);
        Tensor v = c.tensor(2);
        if (c.number(4, "dropout_p", 0) != 0) {
            throw new NotCovered("attention with dropout");
        }
        double scale = c.number(6, "scale", 1 / Math.sqrt(q.dim(-1)));
        boolean causal = c.flag(5, "is_causal", false);
        Optional<Tensor> mask = c.optional(3, "attn_mask");
        if (mask.isEmpty() || mask.get().dtype() == DType.BOOL) {
            return Composites.attention(q, k, v, mask, causal, scale);
        }
        return q.matmul(k, false, true)
                .mul(scale)
                .add(mask.get())
                .softmax(-1)
                .matmul(v);
    }

    /** Einstein sums of any number of operands: broadcast products, then a sum. */
    static Tensor einsum(String equation, List<Tensor> operands) {
        String compact = ellipsis(equation.replace(" ", ""), operands);
        int arrow = compact.indexOf("->");
        String[] inputs = (arrow < 0 ? compact : compact.substring(0, arrow)).split(",");
        StringBuilder letters = new StringBuilder();
        for (String input : inputs) {
            input.chars().filter(l -> letters.indexOf("" + (char) l) < 0).forEach(l -> letters.append((char) l));
        }
        String joined = String.join("", inputs);
        String output = arrow >= 0
                ? compact.substring(arrow + 2)
                : letters.chars()
                        .filter(l -> joined.indexOf(l) == joined.lastIndexOf(l))
                        .sorted()
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
        if (inputs.length == 2 && plainProduct(inputs[0], inputs[1], output)) {
            return operands.get(0).matmul(operands.get(1));
        }
        Tensor product = null;
        for (int i = 0; i < inputs.length; i++) {
            Tensor aligned = align(operands.get(i), inputs[i], letters.toString());
            product = product == null ? aligned : product.mul(aligned);
        }
        int[] summed = java.util.stream.IntStream.range(0, letters.length())
                .filter(i -> output.indexOf(letters.charAt(i)) < 0)
                .toArray();
        List<Character> left = new ArrayList<>();
        for (int i = 0; i < letters.length(); i++) {
            if (output.indexOf(letters.charAt(i)) >= 0) {
                left.add(letters.charAt(i));
            }
        }
        Tensor sum = summed.length == 0 ? product : product.sum(summed);
        return sum.permute(output.chars().map(l -> left.indexOf((char) l)).toArray());
    }

    /** An equation with letters of its own for the axes that an ellipsis stands for. */
    private static String ellipsis(String equation, List<Tensor> operands) {
        if (!equation.contains("...")) {
            return equation;
        }
        String[] inputs = equation.split("->")[0].split(",");
        int longest = 0;
        for (int i = 0; i < inputs.length; i++) {
            if (inputs[i].contains("...")) {
                longest = Math.max(longest, operands.get(i).rank() - (inputs[i].length() - 3));
            }
        }
        String letters = "ABCDEFGH".substring(0, longest);
        StringBuilder result = new StringBuilder();
        for (int i = 0; i < inputs.length; i++) {
            int own = operands.get(i).rank() - (inputs[i].length() - 3);
            String part =
                    inputs[i].contains("...") ? inputs[i].replace("...", letters.substring(longest - own)) : inputs[i];
            result.append(i == 0 ? "" : ",").append(part);
        }
        return equation.contains("->")
                ? result + "->" + equation.split("->")[1].replace("...", letters)
                : result.toString();
    }

    private static boolean plainProduct(String a, String b, String output) {
        return a.length() == 2
                && b.length() == 2
                && a.charAt(1) == b.charAt(0)
                && output.equals("" + a.charAt(0) + b.charAt(1))
                && a.charAt(0) != a.charAt(1)
                && b.charAt(0) != b.charAt(1)
                && a.charAt(0) != b.charAt(1);
    }

    /**
     * An operand with one axis per letter, of size 1 where it lacks the letter; a repeated letter takes the diagonal.
     */
    private static Tensor align(Tensor x, String input, String letters) {
        Tensor y = x;
        StringBuilder rest = new StringBuilder(input);
        for (int i = 0; i < rest.length(); i++) {
            int again = rest.indexOf("" + rest.charAt(i), i + 1);
            if (again >= 0) {
                TensorType index = new TensorType(DType.I32, y.shape());
                Tensor same = y.graph().iota(index, i).eq(y.graph().iota(index, again));
                y = same.select(y, y.like(0)).sum(again);
                rest.deleteCharAt(again);
                i--;
            }
        }
        String order = letters.chars()
                .filter(l -> rest.indexOf("" + (char) l) >= 0)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        y = y.permute(order.chars().map(l -> rest.indexOf("" + (char) l)).toArray());
        int[] dims = new int[letters.length()];
        for (int i = 0, axis = 0; i < dims.length; i++) {
            dims[i] = order.indexOf(letters.charAt(i)) >= 0 ? y.dim(axis++) : 1;
        }
        return y.reshape(Shape.of(dims));
    }
}
