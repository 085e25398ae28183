package io.tandem.oracle;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.nn.Losses;
import io.tandem.optim.AdaDelta;
import io.tandem.optim.AdaGrad;
import io.tandem.optim.Adam;
import io.tandem.optim.Lamb;
import io.tandem.optim.Optimizer;
import io.tandem.optim.RmsProp;
import io.tandem.optim.Schedule;
import io.tandem.optim.Sgd;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Some full-batch steps of a small perceptron by an optimizer, in one graph. */
final class OptimizerCase {
    private static final List<String> PARAMS = List.of("w1", "b1", "w2", "b2");

    private OptimizerCase() {}

    /** Adds the steps to a graph; the case's outputs by name. */
    static Map<String, Tensor> outputs(OracleCase c, Graph graph, Map<String, Tensor> inputs) {
        Optimizer optimizer = optimizer(c);
        int steps = (int) number(c, "steps", 5);
        List<Tensor> params = new ArrayList<>(PARAMS.stream().map(inputs::get).toList());
        List<List<Tensor>> slots = new ArrayList<>();
        params.forEach(p -> slots.add(optimizer.slots().stream()
                .map(s -> graph.full(p.type(), s.initial()))
                .toList()));
        List<Tensor> losses = new ArrayList<>();
        List<List<Tensor>> trajectories = new ArrayList<>();
        params.forEach(p -> trajectories.add(new ArrayList<>()));
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        for (int step = 0; step < steps; step++) {
            Tensor loss = loss(inputs, params);
            losses.add(loss);
            List<Tensor> gradients = Gradients.of(loss, params);
            Tensor done = graph.constant(NDArray.scalar(DType.F64, step));
            Optimizer.Context context =
                    new Optimizer.Context(done.add(1), optimizer.rate().at(done));
            for (int i = 0; i < PARAMS.size(); i++) {
                if (step == 0) {
                    outputs.put("first_grad_" + PARAMS.get(i), gradients.get(i));
                }
                Optimizer.Update update = optimizer.update(context, params.get(i), gradients.get(i), slots.get(i));
                params.set(i, update.param());
                slots.set(i, update.slots());
                trajectories.get(i).add(update.param());
            }
        }
        outputs.put("losses", Tensor.stack(0, losses));
        for (int i = 0; i < PARAMS.size(); i++) {
            outputs.put("traj_" + PARAMS.get(i), Tensor.stack(0, trajectories.get(i)));
        }
        return outputs;
    }

    private static Tensor loss(Map<String, Tensor> inputs, List<Tensor> p) {
        Tensor h = inputs.get("x").matmul(p.get(0), false, true).add(p.get(1)).tanh();
        Tensor y = h.matmul(p.get(2), false, true).add(p.get(3));
        return Losses.meanSquaredError().of(y, inputs.get("t"));
    }

    private static Optimizer optimizer(OracleCase c) {
        Set<String> unused = new HashSet<>(c.attrs().keySet());
        unused.removeAll(Set.of("steps", "lr", "weight_decay", "eps", "maximize", "foreach"));
        Schedule rate = Schedule.constant(number(c, "lr", 0.01));
        double decay = number(c, "weight_decay", 0);
        if (number(c, "maximize", 0) != 0) {
            throw new NotCovered("an optimizer that maximizes");
        }
        Optimizer optimizer = switch (c.op()) {
            case "sgd", "momentum", "nesterov", "sgd_momentum", "sgd_nesterov" -> {
                unused.removeAll(Set.of("momentum", "dampening", "nesterov"));
                double momentum = number(c, "momentum", c.op().equals("sgd") ? 0 : 0.9);
                boolean nesterov = number(c, "nesterov", c.op().contains("nesterov") ? 1 : 0) != 0;
                yield new Sgd(rate, momentum, number(c, "dampening", 0), nesterov, decay);
            }
            case "adagrad" -> {
                unused.removeAll(Set.of("lr_decay", "initial_accumulator_value"));
                yield new AdaGrad(
                        rate,
                        number(c, "lr_decay", 0),
                        number(c, "eps", 1e-10),
                        decay,
                        number(c, "initial_accumulator_value", 0));
            }
            case "rmsprop" -> {
                unused.removeAll(Set.of("alpha", "momentum", "centered"));
                yield new RmsProp(
                        rate,
                        number(c, "alpha", 0.99),
                        number(c, "eps", 1e-8),
                        number(c, "momentum", 0),
                        number(c, "centered", 0) != 0,
                        decay);
            }
            case "adam", "adamw" -> {
                unused.removeAll(Set.of("beta1", "beta2", "betas", "amsgrad", "decoupled_weight_decay"));
                List<?> betas = c.attrs().get("betas") instanceof List<?> list ? list : List.of(0.9, 0.999);
                yield new Adam(
                        rate,
                        number(c, "beta1", ((Number) betas.get(0)).doubleValue()),
                        number(c, "beta2", ((Number) betas.get(1)).doubleValue()),
                        number(c, "eps", 1e-8),
                        c.op().equals("adamw") ? number(c, "weight_decay", 0.01) : decay,
                        c.op().equals("adamw"),
                        number(c, "amsgrad", 0) != 0);
            }
            case "adadelta" -> {
                unused.remove("rho");
                yield new AdaDelta(rate, number(c, "rho", 0.9), number(c, "eps", 1e-6), decay);
            }
            case "lamb" -> {
                unused.removeAll(Set.of("beta1", "beta2"));
                yield new Lamb(
                        rate, number(c, "beta1", 0.9), number(c, "beta2", 0.999), number(c, "eps", 1e-6), decay);
            }
            default -> throw new NotCovered("optimizer " + c.op());
        };
        if (!unused.isEmpty()) {
            throw new NotCovered("attributes " + unused + " of " + c.op());
        }
        return optimizer;
    }

    private static double number(OracleCase c, String name, double otherwise) {
        return switch (c.attrs().get(name)) {
            case null -> otherwise;
            case Number n -> n.doubleValue();
            case Boolean b -> b ? 1 : 0;
            default -> throw new NotCovered("attribute " + name + " of " + c.op());
        };
    }
}
