package io.tandem.cpu.codegen;

import io.tandem.compile.Kernel;
import io.tandem.tensor.DType;
import java.util.List;

/** Checks that a kernel is consistent, before code is made of it. */
final class KernelChecks {
    private KernelChecks() {}

    static void check(Kernel kernel) {
        List<Kernel.Instruction> body = kernel.body();
        int rank = kernel.outer().rank() + kernel.inner().rank();
        for (int i = 0; i < body.size(); i++) {
            Kernel.Instruction instruction = body.get(i);
            switch (instruction) {
                case Kernel.Load load -> {
                    number(kernel, i, load.operand(), kernel.operands().size(), "operand");
                    DType dtype = kernel.operands().get(load.operand());
                    ensure(dtype == load.dtype(), kernel, i, "operand " + load.operand() + " is of type " + dtype);
                    rank(kernel, i, load.access(), rank);
                }
                case Kernel.Index index -> rank(kernel, i, index.access(), rank);
                case Kernel.Literal literal -> {}
                case Kernel.Unary unary -> argument(kernel, i, unary.x());
                case Kernel.Binary binary -> {
                    argument(kernel, i, binary.x());
                    argument(kernel, i, binary.y());
                    equal(kernel, i, binary.x(), binary.y());
                }
                case Kernel.Compare compare -> {
                    argument(kernel, i, compare.x());
                    argument(kernel, i, compare.y());
                    equal(kernel, i, compare.x(), compare.y());
                }
                case Kernel.Select select -> {
                    argument(kernel, i, select.condition());
                    argument(kernel, i, select.x());
                    argument(kernel, i, select.y());
                    equal(kernel, i, select.x(), select.y());
                    DType condition = body.get(select.condition()).dtype();
                    ensure(condition == DType.BOOL, kernel, i, "the condition is of type " + condition);
                }
                case Kernel.Cast cast -> argument(kernel, i, cast.x());
                case Kernel.Fold fold -> {
                    argument(kernel, i, fold.x());
                    ensure(fold.accumulator() != DType.BOOL, kernel, i, "truth values are not folded");
                    ensure(kernel.inner().rank() > 0, kernel, i, "a fold needs inner axes");
                }
            }
        }
        for (int i = 0; i < kernel.stores().size(); i++) {
            Kernel.Store store = kernel.stores().get(i);
            boolean exists = store.value() >= 0
                    && store.value() < body.size()
                    && store.result() >= 0
                    && store.result() < kernel.results().size();
            if (!exists
                    || store.access().strides().size() != rank
                    || kernel.results().get(store.result()) != body.get(store.value()).dtype()) {
                throw new IllegalArgumentException(
                        "store %d of v%d to result %d does not fit the values, the results' types or the rank:\n%s"
                                .formatted(i, store.value(), store.result(), kernel));
            }
        }
    }

    private static void argument(Kernel kernel, int at, int argument) {
        number(kernel, at, argument, at, "value");
    }

    private static void equal(Kernel kernel, int at, int x, int y) {
        DType first = kernel.body().get(x).dtype();
        DType second = kernel.body().get(y).dtype();
        ensure(first == second, kernel, at, "its arguments are of types %s and %s".formatted(first, second));
    }

    private static void number(Kernel kernel, int at, int number, int bound, String what) {
        ensure(number >= 0 && number < bound, kernel, at, "there is no %s %d yet".formatted(what, number));
    }

    private static void rank(Kernel kernel, int at, Kernel.Access access, int rank) {
        ensure(
                access.strides().size() == rank,
                kernel,
                at,
                "%d strides for %d axes".formatted(access.strides().size(), rank));
    }

    private static void ensure(boolean condition, Kernel kernel, int at, String message) {
        if (!condition) {
            throw new IllegalArgumentException("instruction v%d: %s in\n%s".formatted(at, message, kernel));
        }
    }
}
