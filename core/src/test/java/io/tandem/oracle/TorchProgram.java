package io.tandem.oracle;

import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.tensor.NDArray;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs lines such as {@code y, h = torch.gru(x, h0, [w, u], True, 1)} over a graph: assignments of expressions of
 * operator calls, variables, numbers, lists and the four arithmetic operators.
 */
final class TorchProgram {
    private final Graph graph;
    private final Map<String, Object> variables = new LinkedHashMap<>();
    private final Map<Tensor, NDArray> values;
    private String text = "";
    private int at;

    /**
     * A program with inputs.
     *
     * @param values of those inputs that are known
     */
    TorchProgram(Graph graph, Map<String, Tensor> inputs, Map<Tensor, NDArray> values) {
        this.graph = graph;
        this.values = values;
        inputs.forEach((name, tensor) -> variables.put(name, new TorchCall.Ref(tensor)));
    }

    /** Runs one line. */
    void run(String line) {
        text = line;
        at = 0;
        List<String> targets = targets();
        Object value = expression();
        space();
        if (at < text.length()) {
            throw new NotCovered("syntax of '" + line + "' at " + at);
        }
        if (targets.size() == 1) {
            variables.put(targets.getFirst(), value);
        } else if (!targets.isEmpty()) {
            if (!(value instanceof List<?> list) || list.size() < targets.size()) {
                throw new NotCovered("'" + line + "' needs " + targets.size() + " values, got " + value);
            }
            for (int i = 0; i < targets.size(); i++) {
                variables.put(targets.get(i), list.get(i));
            }
        }
    }

    /** The value of a variable. */
    Tensor tensor(String name) {
        if (variables.get(name) instanceof TorchCall.Ref ref) {
            return ref.value();
        }
        throw new NotCovered("variable " + name + " is " + variables.get(name));
    }

    private List<String> targets() {
        int equals = assignment();
        if (equals < 0) {
            return List.of();
        }
        at = equals + 1;
        return java.util.Arrays.stream(text.substring(0, equals).replaceAll("[()\\[\\]]", "").split(","))
                .map(String::strip)
                .filter(s -> !s.isEmpty())
                .toList();
    }

    /** Position of the assignment's sign: the first one outside of parentheses. */
    private int assignment() {
        int depth = 0;
        for (int i = 0; i < text.length(); i++) {
            switch (text.charAt(i)) {
                case '(', '[' -> depth++;
                case ')', ']' -> depth--;
                case '=' -> {
                    if (depth == 0) {
                        return i;
                    }
                }
                default -> {}
            }
        }
        return -1;
    }

    private Object expression() {
        Object left = term();
        while (true) {
            space();
            if (take("+")) {
                left = call("add", left, term());
            } else if (take("-")) {
                left = call("sub", left, term());
            } else {
                return left;
            }
        }
    }

    private Object term() {
        Object left = factor();
        while (true) {
            space();
            if (take("**")) {
                left = call("pow", left, factor());
            } else if (take("*")) {
                left = call("mul", left, factor());
            } else if (take("/")) {
                left = call("div", left, factor());
            } else if (take("@")) {
                left = call("matmul", left, factor());
            } else {
                return left;
            }
        }
    }

    private Object call(String function, Object left, Object right) {
        if (left instanceof Number a && right instanceof Number b) {
            double x = a.doubleValue();
            double y = b.doubleValue();
            double z = switch (function) {
                case "add" -> x + y;
                case "sub" -> x - y;
                case "mul" -> x * y;
                case "div" -> x / y;
                default -> Math.pow(x, y);
            };
            return a instanceof Long && b instanceof Long && z == Math.rint(z) ? (Object) (long) z : (Object) z;
        }
        return apply(function, new ArrayList<>(List.of(left, right)), Map.of());
    }

    private Object factor() {
        space();
        if (take("-")) {
            Object value = factor();
            return switch (value) {
                case Long l -> -l;
                case Double d -> -d;
                default -> apply("neg", new ArrayList<>(List.of(value)), Map.of());
            };
        }
        Object value = primary();
        while (true) {
            space();
            if (at < text.length() && text.charAt(at) == '.') {
                at++;
                String method = name();
                List<Object> arguments = new ArrayList<>(List.of(value));
                Map<String, Object> named = new LinkedHashMap<>();
                arguments('(', ')', arguments, named);
                value = apply(method, arguments, named);
            } else if (at < text.length() && text.charAt(at) == '[') {
                List<Object> indices = new ArrayList<>();
                arguments('[', ']', indices, new LinkedHashMap<>());
                value = element(value, indices);
            } else {
                return value;
            }
        }
    }

    private Object element(Object value, List<Object> indices) {
        if (indices.size() == 1 && indices.getFirst() instanceof Long index) {
            if (value instanceof List<?> list) {
                return list.get(Math.toIntExact(index < 0 ? index + list.size() : index));
            }
            return apply("select", new ArrayList<>(List.of(value, 0L, index)), Map.of());
        }
        throw new NotCovered("indexing with " + indices);
    }

    private Object primary() {
        space();
        if (at >= text.length()) {
            throw new NotCovered("the end of '" + text + "'");
        }
        char c = text.charAt(at);
        if (c == '[' || c == '(') {
            List<Object> items = new ArrayList<>();
            boolean tuple = arguments(c, c == '[' ? ']' : ')', items, new LinkedHashMap<>());
            return c == '(' && items.size() == 1 && !tuple ? items.getFirst() : items;
        }
        if (c == '"' || c == '\'') {
            int end = text.indexOf(c, at + 1);
            String string = text.substring(at + 1, end);
            at = end + 1;
            return string;
        }
        if (Character.isDigit(c) || c == '.') {
            return number();
        }
        String name = name();
        while (name.equals("torch") || name.startsWith("torch.")) {
            expect('.');
            String next = name();
            if (at < text.length() && text.charAt(at) == '(') {
                List<Object> arguments = new ArrayList<>();
                Map<String, Object> named = new LinkedHashMap<>();
                arguments('(', ')', arguments, named);
                return apply(next, arguments, named);
            }
            if (at >= text.length() || text.charAt(at) != '.') {
                return "torch." + next;
            }
            name = "torch." + next;
        }
        return switch (name) {
            case "True" -> true;
            case "False" -> false;
            case "None" -> TorchCall.None.NONE;
            case "inf" -> Double.POSITIVE_INFINITY;
            case "nan" -> Double.NaN;
            case "float", "int" -> {
                List<Object> arguments = new ArrayList<>();
                arguments('(', ')', arguments, new LinkedHashMap<>());
                yield switch (arguments.getFirst().toString()) {
                    case "inf" -> Double.POSITIVE_INFINITY;
                    case "-inf" -> Double.NEGATIVE_INFINITY;
                    default -> arguments.getFirst();
                };
            }
            default -> {
                if (!variables.containsKey(name)) {
                    throw new NotCovered("variable " + name);
                }
                yield variables.get(name);
            }
        };
    }

    /** Reads arguments in brackets; whether there was a comma. */
    private boolean arguments(char open, char close, List<Object> positional, Map<String, Object> named) {
        expect(open);
        boolean commas = false;
        space();
        while (at < text.length() && text.charAt(at) != close) {
            int start = at;
            String key = Character.isLetter(text.charAt(at)) || text.charAt(at) == '_' ? name() : "";
            space();
            if (!key.isEmpty() && at < text.length() && text.charAt(at) == '=') {
                at++;
                named.put(key, expression());
            } else {
                at = start;
                positional.add(expression());
            }
            space();
            if (take(",")) {
                commas = true;
                space();
            }
        }
        expect(close);
        return commas;
    }

    private Object apply(String function, List<Object> arguments, Map<String, Object> named) {
        Object result = TorchOps.apply(new TorchCall(function, arguments, named, graph, values));
        return switch (result) {
            case Tensor tensor -> new TorchCall.Ref(tensor);
            case List<?> list ->
                list.stream().<Object>map(v -> v instanceof Tensor t ? new TorchCall.Ref(t) : v).toList();
            default -> result;
        };
    }

    private Object number() {
        int start = at;
        while (at < text.length()) {
            char c = text.charAt(at);
            boolean sign = (c == '+' || c == '-') && at > start && "eE".indexOf(text.charAt(at - 1)) >= 0;
            if (!Character.isDigit(c) && c != '.' && c != 'e' && c != 'E' && !sign) {
                break;
            }
            at++;
        }
        String digits = text.substring(start, at);
        return digits.matches("\\d+") ? (Object) Long.valueOf(digits) : (Object) Double.valueOf(digits);
    }

    private String name() {
        int start = at;
        while (at < text.length() && (Character.isLetterOrDigit(text.charAt(at)) || text.charAt(at) == '_')) {
            at++;
        }
        if (start == at) {
            throw new NotCovered("syntax of '" + text + "' at " + at);
        }
        return text.substring(start, at);
    }

    private void space() {
        while (at < text.length() && text.charAt(at) == ' ') {
            at++;
        }
    }

    private boolean take(String token) {
        if (text.startsWith(token, at)) {
            at += token.length();
            return true;
        }
        return false;
    }

    private void expect(char c) {
        if (at >= text.length() || text.charAt(at) != c) {
            throw new NotCovered("syntax of '" + text + "': expected '" + c + "' at " + at);
        }
        at++;
    }
}
