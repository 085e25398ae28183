package io.tandem.autodiff;

import io.tandem.graph.Composites;
import io.tandem.graph.Graph;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.ScanStep;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The gradient of a scan: a scan in the other direction. Each iteration repeats the forward step from the saved carries
 * and applies its gradient, so that only the carries are kept from the forward pass. Gradients of fixed values are sums
 * over the iterations, and as such at least float32 on their way.
 */
final class ScanGradient {
    private ScanGradient() {}

    static List<Optional<Tensor>> of(
            Node node, Op.Scan scan, List<Optional<Tensor>> cotangents, List<Integer> wanted) {
        int carries = scan.carries();
        int scanned = scan.scanned();
        int stacked = scan.body().outputs().size() - carries;
        Graph graph = node.graph();

        // Cotangents travel through floating carries alone, wanted or not: one carry's gradient reaches the others.
        List<Integer> active = IntStream.range(0, carries)
                .filter(i -> node.operand(i).dtype().isFloating())
                .boxed()
                .toList();
        List<Integer> wantedScanned = wanted.stream()
                .filter(i -> i >= carries && i < carries + scanned)
                .toList();
        List<Integer> wantedFixed =
                wanted.stream().filter(i -> i >= carries + scanned).toList();
        List<Integer> givenStacked = IntStream.range(0, stacked)
                .filter(i -> cotangents.get(carries + i).isPresent())
                .boxed()
                .toList();
        List<Integer> givenHistory = active.stream()
                .filter(i -> cotangents.get(carries + stacked + i).isPresent())
                .toList();

        List<Tensor> initial = new ArrayList<>();
        active.forEach(i -> initial.add(
                cotangents.get(i).orElseGet(() -> graph.zeros(node.operand(i).type()))));
        wantedFixed.forEach(i -> initial.add(graph.zeros(sum(node.operand(i).type()))));

        List<Tensor> slices = new ArrayList<>();
        IntStream.range(0, carries).forEach(i -> slices.add(node.result(carries + stacked + i)));
        slices.addAll(node.operands().subList(carries, carries + scanned));
        givenStacked.forEach(i -> slices.add(cotangents.get(carries + i).orElseThrow()));
        givenHistory.forEach(i -> slices.add(cotangents.get(carries + stacked + i).orElseThrow()));
        List<Tensor> fixed = node.operands().subList(carries + scanned, node.operands().size());

        List<Tensor> results = Composites.scan(scan.length(), !scan.reverse(), initial, slices, fixed, step -> {
            List<Tensor> values = new ArrayList<>(Gradients.aliases(step.scanned().subList(0, carries + scanned)));
            values.addAll(Gradients.aliases(step.fixed()));
            List<Tensor> inputs = List.copyOf(values);
            values.add(step.index());
            List<Tensor> outputs = step.index().graph().inline(scan.body(), values);

            List<Tensor> differentiated = new ArrayList<>();
            List<Tensor> given = new ArrayList<>();
            for (int k = 0; k < active.size(); k++) {
                differentiated.add(outputs.get(active.get(k)));
                given.add(step.carry(k));
            }
            for (int k = 0; k < givenStacked.size(); k++) {
                differentiated.add(outputs.get(carries + givenStacked.get(k)));
                given.add(step.scanned(carries + scanned + k));
            }
            List<Tensor> wrt = new ArrayList<>();
            active.forEach(i -> wrt.add(inputs.get(i)));
            wantedFixed.forEach(i -> wrt.add(inputs.get(i)));
            wantedScanned.forEach(i -> wrt.add(inputs.get(i)));
            List<Tensor> gradients = new ArrayList<>(Gradients.gradients(differentiated, given, wrt));
            for (int k = 0; k < givenHistory.size(); k++) {
                int at = active.indexOf(givenHistory.get(k));
                Tensor history = step.scanned(carries + scanned + givenStacked.size() + k);
                gradients.set(at, gradients.get(at).add(history));
            }
            for (int k = 0; k < wantedFixed.size(); k++) {
                int at = active.size() + k;
                gradients.set(
                        at,
                        step.carry(at).add(gradients.get(at).cast(step.carry(at).dtype())));
            }
            int next = active.size() + wantedFixed.size();
            return new ScanStep.Next(gradients.subList(0, next), gradients.subList(next, gradients.size()));
        });

        List<Optional<Tensor>> operands = new ArrayList<>();
        node.operands().forEach(x -> operands.add(Optional.empty()));
        for (int k = 0; k < active.size(); k++) {
            operands.set(active.get(k), Optional.of(results.get(k)));
        }
        for (int k = 0; k < wantedFixed.size(); k++) {
            int operand = wantedFixed.get(k);
            Tensor gradient = results.get(active.size() + k);
            operands.set(operand, Optional.of(gradient.cast(node.operand(operand).dtype())));
        }
        for (int k = 0; k < wantedScanned.size(); k++) {
            operands.set(
                    wantedScanned.get(k), Optional.of(results.get(active.size() + wantedFixed.size() + k)));
        }
        return operands;
    }

    private static TensorType sum(TensorType type) {
        return type.dtype() == DType.F16 || type.dtype() == DType.BF16 ? type.with(DType.F32) : type;
    }
}
