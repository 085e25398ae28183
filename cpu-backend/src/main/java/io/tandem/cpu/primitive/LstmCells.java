package io.tandem.cpu.primitive;

import io.tandem.compile.Kernel;
import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Reduction;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What an LSTM layer computes between its products, as fused kernels over [batch, units]. */
final class LstmCells {
    private static final int GATES = 4;

    private LstmCells() {}

    /** Instructions over [batch, units]. */
    private static final class Body {
        private final int units;
        private final List<Kernel.Instruction> instructions = new ArrayList<>();
        private final List<Kernel.Store> stores = new ArrayList<>();

        Body(int units) {
            this.units = units;
        }

        /** One of the four gates in a row of [4 units]. */
        Kernel.Access gate(int number) {
            return new Kernel.Access((long) number * units, List.of((long) GATES * units, 1L));
        }

        Kernel.Access state() {
            return new Kernel.Access(0, List.of((long) units, 1L));
        }

        int load(int operand, Kernel.Access access) {
            return add(new Kernel.Load(DType.F32, operand, access));
        }

        int apply(UnaryFunction function, int x) {
            return add(new Kernel.Unary(DType.F32, function, x));
        }

        int mul(int x, int y) {
            return add(new Kernel.Binary(DType.F32, BinaryFunction.MUL, x, y));
        }

        int plus(int x, int y) {
            return add(new Kernel.Binary(DType.F32, BinaryFunction.ADD, x, y));
        }

        /** 1 - x. */
        int rest(int x) {
            int one = add(new Kernel.Literal(DType.F32, 1));
            return add(new Kernel.Binary(DType.F32, BinaryFunction.SUB, one, x));
        }

        void store(int result, int value, Kernel.Access access) {
            stores.add(new Kernel.Store(result, value, access));
        }

        private int add(Kernel.Instruction instruction) {
            instructions.add(instruction);
            return instructions.size() - 1;
        }

        Kernel kernel(int batch, int operands, int results) {
            return new Kernel(
                    Shape.of(batch, units),
                    Shape.of(),
                    Collections.nCopies(operands, DType.F32),
                    Collections.nCopies(results, DType.F32),
                    instructions,
                    stores);
        }
    }

    /**
     * One step forward. Operands: sums of the gates [N, 4H], cell before [N, H]. Results: gates (where the sums were), cell,
     * hidden state, and the hidden state once more in [N, I + H], behind the inputs.
     */
    static Kernel forward(int batch, int inputs, int units) {
        Body b = new Body(units);
        int i = b.apply(UnaryFunction.SIGMOID, b.load(0, b.gate(0)));
        int f = b.apply(UnaryFunction.SIGMOID, b.load(0, b.gate(1)));
        int g = b.apply(UnaryFunction.TANH, b.load(0, b.gate(2)));
        int o = b.apply(UnaryFunction.SIGMOID, b.load(0, b.gate(3)));
        int cell = b.plus(b.mul(f, b.load(1, b.state())), b.mul(i, g));
        int hidden = b.mul(o, b.apply(UnaryFunction.TANH, cell));
        b.store(0, i, b.gate(0));
        b.store(0, f, b.gate(1));
        b.store(0, g, b.gate(2));
        b.store(0, o, b.gate(3));
        b.store(1, cell, b.state());
        b.store(2, hidden, b.state());
        b.store(3, hidden, new Kernel.Access(inputs, List.of((long) inputs + units, 1L)));
        return b.kernel(batch, 2, 4);
    }

    /**
     * One step back. Operands: gates [N, 4H], cell, cell before, cotangent of the hidden state from the next step, cotangent
     * of the cell, all [N, H], those of the sums added up over the later steps [N, 4H], and if given the cotangent of the
     * output [N, H]. Results: cotangents of the sums [N, 4H], cotangent of the cell before (where that of the cell was), and
     * the sum over steps (in place).
     */
    static Kernel backward(int batch, int units, boolean outputGiven) {
        Body b = new Body(units);
        int i = b.load(0, b.gate(0));
        int f = b.load(0, b.gate(1));
        int g = b.load(0, b.gate(2));
        int o = b.load(0, b.gate(3));
        int squashed = b.apply(UnaryFunction.TANH, b.load(1, b.state()));
        int before = b.load(2, b.state());
        int hidden = b.load(3, b.state());
        if (outputGiven) {
            hidden = b.plus(hidden, b.load(6, b.state()));
        }
        int through = b.mul(b.mul(hidden, o), b.rest(b.mul(squashed, squashed)));
        int cell = b.plus(b.load(4, b.state()), through);
        List<Integer> sums = List.of(
                b.mul(b.mul(cell, g), b.mul(i, b.rest(i))),
                b.mul(b.mul(cell, before), b.mul(f, b.rest(f))),
                b.mul(b.mul(cell, i), b.rest(b.mul(g, g))),
                b.mul(b.mul(hidden, squashed), b.mul(o, b.rest(o))));
        for (int gate = 0; gate < GATES; gate++) {
            b.store(0, sums.get(gate), b.gate(gate));
            b.store(2, b.plus(b.load(5, b.gate(gate)), sums.get(gate)), b.gate(gate));
        }
        b.store(1, b.mul(cell, f), b.state());
        return b.kernel(batch, outputGiven ? 7 : 6, 3);
    }

    /** Copies columns of a matrix to columns of another one, which may be of another width. */
    static Kernel copy(int rows, int columns, int fromWidth, int fromFirst, int toWidth, int toFirst) {
        return new Kernel(
                Shape.of(rows, columns),
                Shape.of(),
                List.of(DType.F32),
                List.of(DType.F32),
                List.of(new Kernel.Load(DType.F32, 0, new Kernel.Access(fromFirst, List.of((long) fromWidth, 1L)))),
                List.of(new Kernel.Store(0, 0, new Kernel.Access(toFirst, List.of((long) toWidth, 1L)))));
    }

    /** Sums over rows: [rows, columns] to [columns]. */
    static Kernel sumOfRows(int rows, int columns) {
        return new Kernel(
                Shape.of(columns),
                Shape.of(rows),
                List.of(DType.F32),
                List.of(DType.F32),
                List.of(
                        new Kernel.Load(DType.F32, 0, new Kernel.Access(0, List.of(1L, (long) columns))),
                        new Kernel.Fold(DType.F32, Reduction.SUM, DType.F32, 0)),
                List.of(new Kernel.Store(0, 1, new Kernel.Access(0, List.of(1L, 0L)))));
    }
}
