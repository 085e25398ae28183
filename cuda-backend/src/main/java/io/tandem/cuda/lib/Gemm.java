package io.tandem.cuda.lib;

import java.util.Objects;

/**
 * The form of a matrix product in cuBLAS' terms: {@code C = alpha * op(A) * op(B) + beta * C} over
 * <b>column-major</b> matrices; {@code op(A)} is {@code m x k}, {@code op(B)} is {@code k x n}, {@code C} is
 * {@code m x n}.
 *
 * <p>A row-major product {@code Z[r, c] = X[r, i] * Y[i, c]} is the column-major product of the swapped operands:
 * {@code m = c, n = r, k = i, A = Y, B = X}, and each leading dimension is the length of a row.
 *
 * @param transposeA       whether {@code op(A)} is A's transpose
 * @param transposeB       whether {@code op(B)} is B's transpose
 * @param m                rows of {@code C}
 * @param n                columns of {@code C}
 * @param k                columns of {@code op(A)}
 * @param typeA            element type of A
 * @param leadingA         distance of A's columns in elements, at least the rows of the stored A
 * @param typeB            element type of B
 * @param leadingB         distance of B's columns in elements, at least the rows of the stored B
 * @param typeC            element type of C
 * @param leadingC         distance of C's columns in elements, at least {@code m}
 * @param computeType      precision of the product; also the type of alpha and beta
 */
public record Gemm(
        boolean transposeA,
        boolean transposeB,
        int m,
        int n,
        int k,
        DataType typeA,
        int leadingA,
        DataType typeB,
        int leadingB,
        DataType typeC,
        int leadingC,
        ComputeType computeType) {

    /** Refuses missing values; the library checks the numbers. */
    public Gemm {
        Objects.requireNonNull(typeA, "typeA");
        Objects.requireNonNull(typeB, "typeB");
        Objects.requireNonNull(typeC, "typeC");
        Objects.requireNonNull(computeType, "computeType");
    }

    /**
     * The product with one type for all operands.
     *
     * @param transposeA  whether {@code op(A)} is A's transpose
     * @param transposeB  whether {@code op(B)} is B's transpose
     * @param m           rows of C
     * @param n           columns of C
     * @param k           columns of {@code op(A)}
     * @param type        type of A, B and C
     * @param leadingA    distance of A's columns
     * @param leadingB    distance of B's columns
     * @param leadingC    distance of C's columns
     * @param computeType precision
     */
    public static Gemm of(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            DataType type,
            int leadingA,
            int leadingB,
            int leadingC,
            ComputeType computeType) {
        return new Gemm(
                transposeA, transposeB, m, n, k, type, leadingA, type, leadingB, type, leadingC, computeType);
    }

    /**
     * The dense row-major product {@code Z[rows, columns] = op(X) * op(Y)}: pass Y's address as {@code a} and X's as
     * {@code b}.
     *
     * @param transposeX  whether X is stored as {@code [inner, rows]}
     * @param transposeY  whether Y is stored as {@code [columns, inner]}
     * @param rows        rows of Z
     * @param columns     columns of Z
     * @param inner       the summed size
     * @param type        type of all three
     * @param computeType precision
     */
    public static Gemm rowMajor(
            boolean transposeX,
            boolean transposeY,
            int rows,
            int columns,
            int inner,
            DataType type,
            ComputeType computeType) {
        return of(
                transposeY,
                transposeX,
                columns,
                rows,
                inner,
                type,
                Math.max(1, transposeY ? inner : columns),
                Math.max(1, transposeX ? rows : inner),
                Math.max(1, columns),
                computeType);
    }

    /** Rows of A as stored. */
    public int storedRowsA() {
        return transposeA ? k : m;
    }

    /** Columns of A as stored. */
    public int storedColumnsA() {
        return transposeA ? m : k;
    }

    /** Rows of B as stored. */
    public int storedRowsB() {
        return transposeB ? n : k;
    }

    /** Columns of B as stored. */
    public int storedColumnsB() {
        return transposeB ? k : n;
    }
}
