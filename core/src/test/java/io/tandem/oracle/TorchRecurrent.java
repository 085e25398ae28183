package io.tandem.oracle;

import io.tandem.graph.Tensor;
import io.tandem.nn.Gru;
import io.tandem.nn.Initializers;
import io.tandem.nn.LayerTrace;
import io.tandem.nn.Lstm;
import io.tandem.nn.Mode;
import io.tandem.nn.Param;
import io.tandem.nn.RecurrentOptions;
import io.tandem.nn.RecurrentOutput;
import io.tandem.nn.RecurrentWeights;
import io.tandem.nn.Rnn;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Recurrent layers and cells: by Tandem's layers. */
final class TorchRecurrent {
    private TorchRecurrent() {}

    static Optional<Object> apply(TorchCall c) {
        return Optional.ofNullable(switch (c.function()) {
            case "lstm", "gru", "rnn_tanh", "rnn_relu" -> layer(c);
            case "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell" -> cell(c);
            default -> null;
        });
    }

    private static Object layer(TorchCall c) {
        if (c.isTensor(1) && c.get(3, "params").filter(v -> v instanceof List).isPresent()) {
            throw new NotCovered(c.function() + " over packed sequences");
        }
        Tensor x = c.tensor(0);
        List<Tensor> states = c.tensors(1, "hx");
        List<Tensor> weights = c.tensors(2, "params");
        boolean biases = c.flag(3, "has_biases", true);
        if (c.number(5, "dropout", 0) != 0 && c.flag(6, "train", false)) {
            throw new NotCovered(c.function() + " with dropout in training");
        }
        RecurrentOptions options = new RecurrentOptions(
                states.getFirst().dim(2),
                c.integer(4, "num_layers", 1),
                c.flag(7, "bidirectional", false),
                biases,
                0,
                !c.flag(8, "batch_first", false),
                true);
        return run(c.function(), options, x, states, weights);
    }

    private static Object cell(TorchCall c) {
        Tensor x = c.tensor(0);
        List<Tensor> states =
                c.tensors(1, "hx").stream().map(s -> s.expandDims(0)).toList();
        List<Tensor> weights = new ArrayList<>();
        for (int i = 2; i < 6; i++) {
            c.optional(i, "?").ifPresent(weights::add);
        }
        RecurrentOptions options = new RecurrentOptions(
                states.getFirst().dim(2), 1, false, weights.size() > 2, 0, true, true);
        String function = c.function().substring(0, c.function().length() - "_cell".length());
        List<?> results = run(function, options, x.expandDims(0), states, weights);
        Tensor h = ((Tensor) results.get(1)).squeeze(0);
        return results.size() > 2 ? List.of(h, ((Tensor) results.get(2)).squeeze(0)) : h;
    }

    private static List<Object> run(
            String function, RecurrentOptions options, Tensor x, List<Tensor> states, List<Tensor> weights) {
        int each = options.bias() ? 4 : 2;
        List<RecurrentWeights> sets = new ArrayList<>();
        Map<String, Tensor> params = new LinkedHashMap<>();
        for (int i = 0; i < options.layers() * options.directions(); i++) {
            Optional<Param> inputBias = options.bias() ? Optional.of(fresh()) : Optional.empty();
            Optional<Param> recurrentBias = options.bias() ? Optional.of(fresh()) : Optional.empty();
            sets.add(new RecurrentWeights(fresh(), fresh(), inputBias, recurrentBias));
            String path = "weights." + i + ".";
            params.put(path + "inputWeight", weights.get(i * each));
            params.put(path + "recurrentWeight", weights.get(i * each + 1));
            if (options.bias()) {
                params.put(path + "inputBias", weights.get(i * each + 2));
                params.put(path + "recurrentBias", weights.get(i * each + 3));
            }
        }
        List<Tensor> inputs = new ArrayList<>(List.of(x));
        inputs.addAll(states);
        Object root = switch (function) {
            case "lstm" -> new Lstm(options, sets);
            case "gru" -> new Gru(false, options, sets);
            case "rnn_tanh" -> new Rnn(false, options, sets);
            case "rnn_relu" -> new Rnn(true, options, sets);
            default -> throw new NotCovered(function);
        };
        List<Tensor> results = LayerTrace.apply(root, Mode.INFERENCE, inputs, params, in -> {
            List<Tensor> initial = in.subList(1, in.size());
            RecurrentOutput output = switch (root) {
                case Lstm lstm -> lstm.apply(in.getFirst(), initial);
                case Gru gru -> gru.apply(in.getFirst(), initial);
                default -> ((Rnn) root).apply(in.getFirst(), initial);
            };
            List<Tensor> all = new ArrayList<>(List.of(output.outputs()));
            all.addAll(output.states());
            return all;
        })
                .outputs();
        return List.copyOf(results);
    }

    private static Param fresh() {
        return Param.of(Initializers.zeros());
    }
}
