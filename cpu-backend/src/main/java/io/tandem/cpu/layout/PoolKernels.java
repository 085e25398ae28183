package io.tandem.cpu.layout;

import io.tandem.compile.Kernel;
import io.tandem.compile.KernelAxes;
import io.tandem.compile.Plan;
import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Pools whose windows tile their input, as fused kernels: each element belongs to one window, so the gradient writes
 * each
 * element once and needs nothing but input and cotangent.
 */
public final class PoolKernels {
    private static final int MAX_TAPS = 9;

    private PoolKernels() {}

    /** Whether windows lie side by side and cover the input exactly. */
    public static boolean tiles(PoolGeometry geometry, Shape input) {
        long taps = 1;
        for (int axis = 0; axis < geometry.axes(); axis++) {
            int window = geometry.window().get(axis);
            taps *= window;
            if (geometry.stride().get(axis) != window
                    || geometry.padLow().get(axis) != 0
                    || geometry.padHigh().get(axis) != 0
                    || geometry.dilation().get(axis) != 1
                    || input.dim(axis + 2) % window != 0) {
                return false;
            }
        }
        return taps > 1 && taps <= MAX_TAPS && input.size() > 0;
    }

    /** The plan with such pools as kernels. */
    public static Plan apply(Plan plan) {
        return new Plan(plan.arguments(), plan.values(), plan.steps().stream().map(PoolKernels::rewrite).toList());
    }

    private static Plan.Step rewrite(Plan.Step step) {
        return switch (step.action()) {
            case Plan.Call call when !call.residual() -> kernel(call.op(), step)
                    .map(k -> new Plan.Step(
                            new Plan.RunKernel(KernelAxes.merge(k)),
                            step.operands(),
                            step.results(),
                            step.scratch(),
                            step.scope()))
                    .orElse(step);
            case Plan.Loop loop -> new Plan.Step(
                    new Plan.Loop(
                            apply(loop.body()),
                            loop.length(),
                            loop.reverse(),
                            loop.carries(),
                            loop.scanned(),
                            loop.produced()),
                    step.operands(),
                    step.results(),
                    step.scratch(),
                    step.scope());
            default -> step;
        };
    }

    private static Optional<Kernel> kernel(Op op, Plan.Step step) {
        DType dtype = step.results().getFirst().type().dtype();
        return switch (op) {
            case Op.Pool(Pooling pooling, PoolGeometry geometry) when tiles(geometry,
                    step.operands().getFirst().type().shape()) ->
                Optional.of(new Windows(geometry, step.operands().getFirst().type().shape(), dtype).pool(pooling));
            case Op.PoolGradient(Pooling pooling, PoolGeometry geometry, Shape input) when tiles(geometry, input) ->
                Optional.of(new Windows(geometry, input, dtype).gradient(pooling));
            default -> Optional.empty();
        };
    }

    /** Builds kernels over the result's index space. */
    private static final class Windows {
        private final DType dtype;
        private final Shape output;
        private final List<Kernel.Access> taps = new ArrayList<>();
        private final List<Kernel.Instruction> body = new ArrayList<>();
        private final List<Kernel.Store> stores = new ArrayList<>();

        Windows(PoolGeometry geometry, Shape input, DType dtype) {
            this.dtype = dtype;
            int[] dims = input.toArray();
            long[] strides = input.strides();
            long[] steps = strides.clone();
            for (int axis = 0; axis < geometry.axes(); axis++) {
                dims[axis + 2] /= geometry.window().get(axis);
                steps[axis + 2] *= geometry.window().get(axis);
            }
            output = Shape.of(dims);
            List<Long> access = Arrays.stream(steps).boxed().toList();
            Shape window = Shape.of(geometry.window());
            for (long tap = 0; tap < window.size(); tap++) {
                long offset = 0;
                long rest = tap;
                for (int axis = geometry.axes() - 1; axis >= 0; axis--) {
                    offset += rest % window.dim(axis) * strides[axis + 2];
                    rest /= window.dim(axis);
                }
                taps.add(new Kernel.Access(offset, access));
            }
        }

        private int add(Kernel.Instruction instruction) {
            body.add(instruction);
            return body.size() - 1;
        }

        private Kernel.Access dense() {
            return new Kernel.Access(0, Arrays.stream(output.strides()).boxed().toList());
        }

        private int combined(List<Integer> loads, BinaryFunction function) {
            int all = loads.getFirst();
            for (int load : loads.subList(1, loads.size())) {
                all = add(new Kernel.Binary(dtype, function, all, load));
            }
            return all;
        }

        private List<Integer> loads() {
            List<Integer> loads = new ArrayList<>();
            taps.forEach(tap -> loads.add(add(new Kernel.Load(dtype, 0, tap))));
            return loads;
        }

        Kernel pool(Pooling pooling) {
            List<Integer> loads = loads();
            int result = switch (pooling) {
                case MAX -> combined(loads, BinaryFunction.MAX);
                case AVERAGE, AVERAGE_INCLUDING_PADDING -> {
                    int count = add(new Kernel.Literal(dtype, taps.size()));
                    yield add(new Kernel.Binary(
                            dtype, BinaryFunction.DIV, combined(loads, BinaryFunction.ADD), count));
                }
            };
            stores.add(new Kernel.Store(0, result, dense()));
            return kernel(1);
        }

        Kernel gradient(Pooling pooling) {
            return switch (pooling) {
                case MAX -> gradientOfMaximum();
                case AVERAGE, AVERAGE_INCLUDING_PADDING -> {
                    int count = add(new Kernel.Literal(dtype, taps.size()));
                    int cotangent = add(new Kernel.Load(dtype, 0, dense()));
                    int share = add(new Kernel.Binary(dtype, BinaryFunction.DIV, cotangent, count));
                    taps.forEach(tap -> stores.add(new Kernel.Store(0, share, tap)));
                    yield kernel(1);
                }
            };
        }

        /**
         * The first element that equals the maximum gets the cotangent; NaN, which is the maximum then, equals itself
         * here.
         */
        private Kernel gradientOfMaximum() {
            List<Integer> loads = loads();
            int maximum = combined(loads, BinaryFunction.MAX);
            int cotangent = add(new Kernel.Load(dtype, 1, dense()));
            int zero = add(new Kernel.Literal(dtype, 0));
            int taken = -1;
            for (int i = 0; i < loads.size(); i++) {
                int equal = add(new Kernel.Compare(Comparison.EQ, loads.get(i), maximum));
                int nan = add(new Kernel.Compare(Comparison.NE, loads.get(i), loads.get(i)));
                int wins = add(new Kernel.Binary(DType.BOOL, BinaryFunction.OR, equal, nan));
                int first = wins;
                if (taken >= 0) {
                    int free = add(new Kernel.Unary(DType.BOOL, UnaryFunction.NOT, taken));
                    first = add(new Kernel.Binary(DType.BOOL, BinaryFunction.AND, wins, free));
                }
                taken = taken < 0 ? wins : add(new Kernel.Binary(DType.BOOL, BinaryFunction.OR, taken, wins));
                stores.add(new Kernel.Store(0, add(new Kernel.Select(dtype, first, cotangent, zero)), taps.get(i)));
            }
            return kernel(2);
        }

        private Kernel kernel(int operands) {
            return new Kernel(
                    output, Shape.of(), Collections.nCopies(operands, dtype), List.of(dtype), body, stores);
        }
    }
}
