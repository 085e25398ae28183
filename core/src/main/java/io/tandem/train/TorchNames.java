package io.tandem.train;

import io.tandem.tensor.NDArray;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** From the names that PyTorch's modules give their values to those of Tandem's layers. */
final class TorchNames {
    private static final Pattern RECURRENT =
            Pattern.compile(
                    "(?<prefix>(?:.*\\.)?)(?<kind>weight|bias)_(?<part>ih|hh)_l(?<layer>\\d{1,4})(?<reverse>_reverse)?");
    private static final Pattern JOINED = Pattern.compile("(?<prefix>(?:.*\\.)?)in_proj_(?<kind>weight|bias)");
    private static final List<String> PROJECTIONS = List.of("query", "key", "value");
    private static final Map<String, String> LAST = Map.of(
            "running_mean", "runningMean",
            "running_var", "runningVariance");
    private static final Map<String, String> RECURRENT_PARTS = Map.of(
            "weight_ih", "inputWeight",
            "weight_hh", "recurrentWeight",
            "bias_ih", "inputBias",
            "bias_hh", "recurrentBias");

    private TorchNames() {}

    static Map<String, NDArray> convert(Map<String, NDArray> stored) {
        Map<String, NDArray> converted = new LinkedHashMap<>();
        stored.forEach((name, value) -> {
            Matcher joined = JOINED.matcher(name);
            Matcher recurrent = RECURRENT.matcher(name);
            if (joined.matches() && value.shape().rank() > 0 && value.shape().dim(0) % 3 == 0) {
                int rows = value.shape().dim(0) / 3;
                for (int i = 0; i < 3; i++) {
                    converted.put(
                            joined.group("prefix") + PROJECTIONS.get(i) + "." + joined.group("kind"),
                            value.rows(i * rows, (i + 1) * rows));
                }
            } else if (recurrent.matches()) {
                converted.put(recurrent(recurrent, stored), value);
            } else if (!name.equals("num_batches_tracked") && !name.endsWith(".num_batches_tracked")) {
                converted.put(plain(name), value);
            }
        });
        return converted;
    }

    private static String recurrent(Matcher name, Map<String, NDArray> stored) {
        String prefix = name.group("prefix");
        boolean bidirectional = stored.containsKey(prefix + "weight_ih_l0_reverse");
        int layer = Integer.parseInt(name.group("layer"));
        int index = (bidirectional ? 2 * layer : layer) + (name.group("reverse") == null ? 0 : 1);
        return prefix + "weights." + index + "." + RECURRENT_PARTS.get(name.group("kind") + "_" + name.group("part"));
    }

    private static String plain(String name) {
        int dot = name.lastIndexOf('.');
        String last = name.substring(dot + 1);
        String prefix = name.substring(0, dot + 1);
        boolean projection = prefix.equals("out_proj.") || prefix.endsWith(".out_proj.");
        if (projection && (last.equals("weight") || last.equals("bias"))) {
            prefix = prefix.substring(0, prefix.length() - "out_proj.".length()) + "output.";
        }
        return prefix + LAST.getOrDefault(last, last);
    }
}
