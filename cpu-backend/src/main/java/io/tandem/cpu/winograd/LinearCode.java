package io.tandem.cpu.winograd;

import io.tandem.cpu.codegen.machine.Assembler;
import io.tandem.cpu.codegen.machine.Operand;
import io.tandem.cpu.codegen.machine.VectorInstruction;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes code that multiplies vectors of registers by a constant matrix. Where two rows, or two columns, differ in signs
 * alone, their sums and differences are shared.
 */
final class LinearCode {
    private static final int BITS = 512;

    private final Assembler code;
    private final double[][] rows;
    private final List<int[]> columnPairs = new ArrayList<>();
    private final int[] partner;
    private final Map<Float, Integer> constants = new LinkedHashMap<>();
    private final Deque<Integer> free;

    /**
     * Loads the matrix's entries into registers, where they stay.
     *
     * @param free registers that may be used
     */
    LinearCode(Assembler code, double[][] matrix, List<Integer> free) {
        this.code = code;
        this.free = new ArrayDeque<>(free);
        this.rows = new double[matrix.length][];
        for (int i = 0; i < matrix.length; i++) {
            rows[i] = matrix[i].clone();
        }
        pairColumns();
        partner = new int[rows.length];
        pairRows();
        for (double[] row : rows) {
            for (double entry : row) {
                if (entry != 0 && entry != 1) {
                    constants.computeIfAbsent((float) entry, this::loadConstant);
                }
            }
        }
    }

    /** Afterwards the first column of a pair stands for the sum of the two inputs, the second for their difference. */
    private void pairColumns() {
        boolean[] taken = new boolean[rows[0].length];
        for (int j = 0; j < taken.length; j++) {
            for (int k = j + 1; k < taken.length && !taken[j]; k++) {
                if (!taken[k] && columnsDifferInSigns(j, k)) {
                    taken[j] = true;
                    taken[k] = true;
                    columnPairs.add(new int[] {j, k});
                }
            }
        }
        for (int[] pair : columnPairs) {
            for (double[] row : rows) {
                boolean same = row[pair[0]] == row[pair[1]];
                double entry = row[pair[0]];
                row[pair[0]] = same ? entry : 0;
                row[pair[1]] = same ? 0 : entry;
            }
        }
    }

    private boolean columnsDifferInSigns(int j, int k) {
        boolean same = false;
        boolean opposite = false;
        for (double[] row : rows) {
            if (Math.abs(row[j]) != Math.abs(row[k])) {
                return false;
            }
            same |= row[j] != 0 && row[j] == row[k];
            opposite |= row[j] != 0 && row[j] == -row[k];
        }
        return same && opposite;
    }

    private void pairRows() {
        Arrays.fill(partner, -1);
        for (int i = 0; i < rows.length; i++) {
            for (int k = i + 1; k < rows.length && partner[i] < 0; k++) {
                if (partner[k] < 0 && rowsDifferInSigns(rows[i], rows[k])) {
                    partner[i] = k;
                    partner[k] = i;
                }
            }
        }
    }

    private static boolean rowsDifferInSigns(double[] one, double[] other) {
        boolean same = false;
        boolean opposite = false;
        for (int j = 0; j < one.length; j++) {
            if (Math.abs(one[j]) != Math.abs(other[j])) {
                return false;
            }
            same |= one[j] != 0 && one[j] == other[j];
            opposite |= one[j] != 0 && one[j] == -other[j];
        }
        return same && opposite;
    }

    private int loadConstant(float value) {
        int register = take();
        code.vector(
                VectorInstruction.VBROADCASTSS,
                BITS,
                register,
                0,
                code.constant(Float.floatToRawIntBits(value) & 0xffffffffL, false));
        return register;
    }

    /** A register for the caller. */
    int take() {
        return free.removeLast();
    }

    /** Gives a register back. */
    void give(int register) {
        free.addLast(register);
    }

    /**
     * Writes the product.
     *
     * @param inputs registers, which are given back
     * @return registers with the results, which the caller gives back
     */
    int[] multiply(int[] inputs) {
        int[] x = inputs.clone();
        for (int[] pair : columnPairs) {
            int difference = take();
            subtract(difference, x[pair[0]], x[pair[1]]);
            add(x[pair[0]], x[pair[0]], x[pair[1]]);
            give(x[pair[1]]);
            x[pair[1]] = difference;
        }
        int[] results = new int[rows.length];
        for (int i = 0; i < rows.length; i++) {
            if (partner[i] < 0) {
                results[i] = sum(rows[i], x);
            } else if (partner[i] > i) {
                int even = sum(part(i, true), x);
                int odd = sum(part(i, false), x);
                int difference = take();
                subtract(difference, even, odd);
                add(even, even, odd);
                give(odd);
                results[i] = even;
                results[partner[i]] = difference;
            }
        }
        for (int register : x) {
            give(register);
        }
        return results;
    }

    /** The entries of a row that are those of its partner, or those of other sign. */
    private double[] part(int row, boolean same) {
        double[] part = new double[rows[row].length];
        for (int j = 0; j < part.length; j++) {
            part[j] = (rows[row][j] == rows[partner[row]][j]) == same ? rows[row][j] : 0;
        }
        return part;
    }

    /** A sum of products into a new register, beginning with an entry of 1 if there is one. */
    private int sum(double[] row, int[] x) {
        int target = take();
        int first = -1;
        for (int j = row.length - 1; j >= 0; j--) {
            if (row[j] == 1 || row[j] != 0 && first < 0) {
                first = j;
            }
        }
        if (first < 0) {
            code.vector(VectorInstruction.VPXORD, BITS, target, target, Operand.register(target));
            return target;
        }
        if (row[first] == 1) {
            code.vector(VectorInstruction.VMOVUPS, BITS, target, 0, Operand.register(x[first]));
        } else {
            code.vector(VectorInstruction.VMULPS, BITS, target, x[first], constant(row[first]));
        }
        for (int j = 0; j < row.length; j++) {
            if (j == first || row[j] == 0) {
                continue;
            }
            if (row[j] == 1) {
                add(target, target, x[j]);
            } else {
                code.vector(VectorInstruction.VFMADD231PS, BITS, target, x[j], constant(row[j]));
            }
        }
        return target;
    }

    private Operand constant(double value) {
        return Operand.register(constants.get((float) value));
    }

    private void add(int target, int a, int b) {
        code.vector(VectorInstruction.VADDPS, BITS, target, a, Operand.register(b));
    }

    private void subtract(int target, int a, int b) {
        code.vector(VectorInstruction.VSUBPS, BITS, target, a, Operand.register(b));
    }
}
