package io.tandem.train;

import io.tandem.nn.Model;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * How stored values find their way into a model: by equal paths, through tables for parts that have other names, and
 * wholly or in part.
 *
 * <p>For example, the body of a trained network for a new task, which is then frozen:
 *
 * <pre>{@code
 * Model model = Model.of(net, 3, 32, 32).freeze("body");
 * State state = State.of(model, device, 1);
 * WeightFile.load(state, file, Loading.strict().renamed("features", "body").only("body"));
 * }</pre>
 *
 * @param conversion from the stored values by name to values by path; applied before anything else
 * @param only prefixes of the paths that are loaded; empty for all
 * @param except prefixes of the paths that keep their values
 * @param ignored prefixes of stored names that have no counterpart
 */
public record Loading(
        UnaryOperator<Map<String, NDArray>> conversion, Set<String> only, Set<String> except, Set<String> ignored) {
    /** Copies the sets. */
    public Loading {
        only = Set.copyOf(only);
        except = Set.copyOf(except);
        ignored = Set.copyOf(ignored);
    }

    /** Equal names; every path of the model must be stored, and everything stored be a path. */
    public static Loading strict() {
        return new Loading(UnaryOperator.identity(), Set.of(), Set.of(), Set.of());
    }

    /** With stored names that are {@code stored} or begin with it up to a dot moved to {@code path}. */
    public Loading renamed(String stored, String path) {
        return withNames(name -> within(name, stored) ? path + name.substring(stored.length()) : name);
    }

    /** With an alias table: each entry renames as {@link #renamed} does, the first one that fits. */
    public Loading renamed(Map<String, String> table) {
        Map<String, String> copy = new LinkedHashMap<>(table);
        return withNames(name -> copy.entrySet().stream()
                .filter(e -> within(name, e.getKey()))
                .findFirst()
                .map(e -> e.getValue() + name.substring(e.getKey().length()))
                .orElse(name));
    }

    /**
     * With a further change of stored names, after those before it.
     *
     * @throws IllegalArgumentException when loading, if two names become the same
     */
    public Loading withNames(UnaryOperator<String> change) {
        return withConversion(stored -> {
            Map<String, NDArray> renamed = new LinkedHashMap<>();
            stored.forEach((name, value) -> {
                if (renamed.put(change.apply(name), value) != null) {
                    throw new IllegalArgumentException("two stored entries are called '" + change.apply(name)
                            + "' after renaming, '" + name + "' is one of them");
                }
            });
            return renamed;
        });
    }

    /** With a further change of everything that is stored, after those before it. */
    public Loading withConversion(UnaryOperator<Map<String, NDArray>> change) {
        return new Loading(stored -> change.apply(conversion.apply(stored)), only, except, ignored);
    }

    /**
     * With PyTorch's names, where layers have others: batch norm's running statistics, recurrent layers' weights, the joined
     * projections of attention, which are split; what PyTorch counts beside ({@code num_batches_tracked}) is left out.
     * Shapes and orders of gates agree. Names of modules differ with the model: rename them.
     */
    public Loading fromPyTorch() {
        return withConversion(TorchNames::convert);
    }

    /** Loading only paths that are one of the prefixes, or begin with one up to a dot; the others keep their values. */
    public Loading only(String... prefixes) {
        return new Loading(conversion, joined(only, prefixes), except, ignored);
    }

    /** Leaving the values of paths below the prefixes as they are, stored or not. */
    public Loading except(String... prefixes) {
        return new Loading(conversion, only, joined(except, prefixes), ignored);
    }

    /** Ignoring stored names (after renaming) below the prefixes. */
    public Loading ignoring(String... prefixes) {
        return new Loading(conversion, only, except, joined(ignored, prefixes));
    }

    private static Set<String> joined(Set<String> set, String... more) {
        Set<String> all = new LinkedHashSet<>(set);
        all.addAll(List.of(more));
        return all;
    }

    private static boolean within(String path, String prefix) {
        return path.equals(prefix) || path.startsWith(prefix.endsWith(".") ? prefix : prefix + ".");
    }

    private boolean chosen(String path) {
        return (only.isEmpty() || only.stream().anyMatch(p -> within(path, p)))
                && except.stream().noneMatch(p -> within(path, p));
    }

    /**
     * The stored values under the paths of the model.
     *
     * @param what names the values in the error message
     * @param wanted types by path
     * @param stored values by stored name
     * @throws IllegalArgumentException that lists all missing, unexpected and wrong-shaped entries
     */
    Map<String, NDArray> require(
            String what, Map<String, TensorType> wanted, Map<String, NDArray> stored, Model model) {
        Map<String, NDArray> found = new LinkedHashMap<>();
        List<String> unexpected = new ArrayList<>();
        conversion.apply(stored).forEach((name, value) -> {
            String path = wanted.containsKey(name) ? name : model.aliases().getOrDefault(name, name);
            if (ignored.stream().anyMatch(p -> within(name, p)) || !chosen(path)) {
                return;
            }
            if (!wanted.containsKey(path)) {
                unexpected.add(name + ", " + value.type());
            } else if (path.equals(name)) {
                found.put(path, value);
            } else {
                found.putIfAbsent(path, value);
            }
        });
        List<String> missing = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        wanted.forEach((path, type) -> {
            NDArray value = found.get(path);
            if (value == null && chosen(path)) {
                missing.add(path + ", " + type);
            } else if (value != null && !fits(type, value.type())) {
                wrong.add(path + ": needed is " + type + ", stored is " + value.type());
            }
        });
        only.stream()
                .filter(prefix -> wanted.keySet().stream().noneMatch(path -> within(path, prefix)))
                .sorted()
                .forEach(prefix -> missing.add(prefix + ", which no path of the model begins with"));
        List<String> faults = new ArrayList<>();
        list(faults, "missing", missing);
        list(faults, "unexpected", unexpected);
        list(faults, "wrong type or shape", wrong);
        if (!faults.isEmpty()) {
            throw new IllegalArgumentException(what + " does not fit the model:\n" + String.join("\n", faults));
        }
        return found;
    }

    /** Floating values may be stored in another floating type; anything else must be the same. */
    private static boolean fits(TensorType type, TensorType stored) {
        return type.shape().equals(stored.shape())
                && (type.dtype() == stored.dtype() || type.dtype().isFloating() && stored.dtype().isFloating());
    }

    private static void list(List<String> faults, String title, List<String> entries) {
        if (!entries.isEmpty()) {
            faults.add("  " + title + " (" + entries.size() + "):");
            entries.forEach(entry -> faults.add("    " + entry));
        }
    }
}
