package io.tandem.conformance;

import io.tandem.graph.Composites;
import io.tandem.graph.Distribution;
import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.graph.ScanStep;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;

/** Loops, with each kind of operand. */
final class ScanCases {
    private ScanCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (boolean reverse : new boolean[] {false, true}) {
            String direction = reverse ? ", reverse" : "";
            for (int length : new int[] {0, 1, 2, 7}) {
                cases.add(OpCase.of(
                        "scan/running sum of %d%s".formatted(length, direction),
                        List.of(Draw.f32(3), Draw.f32(length, 3)),
                        in -> runningSum(in, length, reverse))
                        .within(Tolerance.sum(length + 1)));
            }
            cases.add(OpCase.of(
                    "scan/recurrent cell" + direction,
                    List.of(Draw.f32(3, 5), Draw.f32(7, 3, 2), Draw.f32(2, 5), Draw.f32(5, 5), Draw.f32(5)),
                    in -> recurrent(in, reverse))
                    .within(new Tolerance(64, 64)));
            cases.add(OpCase.of(
                    "scan/index and two carries" + direction,
                    List.of(Draw.f32(3), Draw.f32(3)),
                    in -> Composites.scan(5, reverse, in, List.of(), List.of(), s -> {
                        Tensor weight = s.index().cast(in.get(0).dtype()).mul(0.25);
                        Tensor a = s.carry(0).mul(0.5).add(s.carry(1).mul(weight).tanh());
                        Tensor b = s.carry(1).sub(s.carry(0).mul(0.25));
                        return new ScanStep.Next(List.of(a, b), List.of(a.mul(b)));
                    }))
                    .within(new Tolerance(64, 64)));
            cases.add(OpCase.of(
                    "scan/map without carries" + direction,
                    List.of(Draw.f32(5, 3), Draw.f32(5, 2, 3), Draw.f32(3)),
                    in -> Composites.scan(
                            5, reverse, List.of(), in.subList(0, 2), in.subList(2, 3), s -> new ScanStep.Next(
                                    List.of(),
                                    List.of(
                                            s.scanned(0).mul(s.fixed(0)),
                                            s.scanned(1).mul(s.scanned(0)).sum(0)))))
                    .within(Tolerance.sum(3)));
            cases.add(OpCase.of("scan/history of carries" + direction, List.of(Draw.f32(3), Draw.f32(5, 3)), in -> {
                // All results of the node, so also the carries before each iteration.
                return runningSum(in, 5, reverse).getFirst().node().results();
            })
                    .within(Tolerance.sum(6)));
        }
        cases.add(OpCase.of(
                "scan/carry of integers beside floats",
                List.of(Draw.f32(3), Draw.scalar(2), Draw.f32(5, 3)),
                in -> Composites.scan(5, false, in.subList(0, 2), in.subList(2, 3), List.of(), s -> {
                    Tensor even = s.carry(1).and(s.carry(1).like(1)).eq(0);
                    Tensor next = even.select(s.carry(0).mul(s.scanned(0)), s.carry(0).add(s.scanned(0)));
                    return new ScanStep.Next(List.of(next, s.carry(1).add(1)), List.of(s.carry(1), next));
                }))
                .within(Tolerance.sum(16)));
        cases.add(OpCase.of(
                "scan/variable lengths keep the carry",
                List.of(Draw.f32(4, 3), Draw.f32(6, 4, 3), Draw.integers(DType.I64, 0, 7, 4)),
                in -> Composites.scan(6, false, in.subList(0, 1), in.subList(1, 2), in.subList(2, 3), s -> {
                    Tensor alive = s.index().lt(s.fixed(0)).expandDims(1);
                    Tensor next = s.carry(0).mul(0.5).add(s.scanned(0)).tanh();
                    Tensor kept = alive.select(next, s.carry(0));
                    return new ScanStep.Next(List.of(kept), List.of(kept));
                }))
                .within(new Tolerance(64, 16)));
        cases.add(OpCase.of(
                "scan/passes values through",
                List.of(Draw.f32(3), Draw.f32(3), Draw.f32(4, 2)),
                in -> Composites.scan(
                        4, false, in.subList(0, 2), in.subList(2, 3), List.of(), s -> new ScanStep.Next(
                                List.of(s.carry(1), s.carry(0)), List.of(s.scanned(0), s.carry(0))))));
        cases.add(OpCase.of(
                "scan/nested",
                List.of(Draw.f32(3), Draw.f32(4, 5, 3), Draw.f32(3)),
                in -> Composites.scan(4, false, in.subList(0, 1), in.subList(1, 2), in.subList(2, 3), s -> {
                    List<Tensor> inner = Composites.scan(
                            5, true, s.carries(), s.scanned(), s.fixed(), t -> {
                                Tensor next = t.carry(0).mul(t.fixed(0)).add(t.scanned(0)).tanh();
                                return new ScanStep.Next(List.of(next), List.of(next));
                            });
                    return new ScanStep.Next(List.of(inner.get(0)), List.of(inner.get(1).sum(0)));
                }))
                .within(new Tolerance(64, 64)));
        cases.add(OpCase.of(
                "scan/composite in the body",
                List.of(Draw.f32(2, 5), Draw.f32(3, 2, 5)),
                in -> Composites.scan(3, false, in.subList(0, 1), in.subList(1, 2), List.of(), s -> {
                    Tensor next = s.carry(0).add(s.scanned(0)).softmax(1);
                    return new ScanStep.Next(List.of(next), List.of(next.logSoftmax(1)));
                }))
                .within(new Tolerance(64, 64)));
        cases.add(OpCase.of(
                "scan/random numbers by index",
                List.of(Draw.f32(17), Draw.scalar(11)),
                in -> Composites.scan(4, false, in.subList(0, 1), List.of(), in.subList(1, 2), s -> {
                    Tensor bits = s.index()
                            .graph()
                            .add(
                                    new Op.Random(Distribution.BITS, s.carry(0).shape(), 5),
                                    s.fixed(0),
                                    s.index());
                    Tensor next = bits.lt(0).select(s.carry(0).mul(0.5), s.carry(0).add(1));
                    return new ScanStep.Next(List.of(next), List.of());
                }))
                .within(new Tolerance(8, 8)));
        cases.add(OpCase.of(
                "scan/fixed and constant results",
                List.of(Draw.f32(3), Draw.f32(3)),
                in -> Composites.scan(3, false, in.subList(0, 1), List.of(), in.subList(1, 2), s -> {
                    Tensor constant = s.index().graph().full(s.fixed(0).type(), 2);
                    return new ScanStep.Next(List.of(s.fixed(0)), List.of(constant, s.carry(0)));
                })));
        cases.add(OpCase.one("scan/one result unused", List.of(Draw.f32(3), Draw.f32(5, 3)),
                in -> runningSum(in, 5, false)
                        .get(1))
                .within(Tolerance.sum(6)));
        cases.add(handMadeBody());
        return cases;
    }

    private static List<Tensor> runningSum(List<Tensor> in, int length, boolean reverse) {
        return Composites.scan(length, reverse, in.subList(0, 1), in.subList(1, 2), List.of(), s -> {
            Tensor next = s.carry(0).add(s.scanned(0));
            return new ScanStep.Next(List.of(next), List.of(next));
        });
    }

    private static List<Tensor> recurrent(List<Tensor> in, boolean reverse) {
        return Composites.scan(7, reverse, in.subList(0, 1), in.subList(1, 2), in.subList(2, 5), s -> {
            Tensor h = s.scanned(0)
                    .matmul(s.fixed(0))
                    .add(s.carry(0).matmul(s.fixed(1)))
                    .add(s.fixed(2))
                    .tanh();
            return new ScanStep.Next(List.of(h), List.of(h));
        });
    }

    /** A body with an input that it does not use. */
    private static OpCase handMadeBody() {
        return OpCase.of("scan/unused operands", List.of(Draw.f32(3), Draw.f32(4, 5), Draw.f32(7)), in -> {
            Graph body = new Graph();
            DType dtype = in.get(0).dtype();
            Tensor carry = body.input("c", TensorType.of(dtype, 3));
            body.input("s", TensorType.of(dtype, 5));
            body.input("f", TensorType.of(dtype, 7));
            body.input("i", TensorType.of(DType.I64));
            body.body(List.of(carry.mul(-2)));
            return in.get(0).graph().add(new Op.Scan(body, 4, false, 1, 1), in);
        });
    }
}
