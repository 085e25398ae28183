package io.tandem.cpu.codegen;

import io.tandem.graph.Reduction;
import java.util.Arrays;

/** Combines partial results of folds, always in the same order. */
final class FoldArithmetic {
    private FoldArithmetic() {}

    /** Fills an array with what a reduction gives for no elements. */
    static void clear(Reduction reduction, Object array) {
        switch (array) {
            case float[] values -> Arrays.fill(values, switch (reduction) {
                case SUM -> 0f;
                case MAX -> Float.NEGATIVE_INFINITY;
                case MIN -> Float.POSITIVE_INFINITY;
            });
            case NativeLanes values -> values.clear(reduction);
            case double[] values -> Arrays.fill(values, switch (reduction) {
                case SUM -> 0.0;
                case MAX -> Double.NEGATIVE_INFINITY;
                case MIN -> Double.POSITIVE_INFINITY;
            });
            case int[] values -> Arrays.fill(values, switch (reduction) {
                case SUM -> 0;
                case MAX -> Integer.MIN_VALUE;
                case MIN -> Integer.MAX_VALUE;
            });
            case long[] values -> Arrays.fill(values, switch (reduction) {
                case SUM -> 0;
                case MAX -> Long.MIN_VALUE;
                case MIN -> Long.MAX_VALUE;
            });
            default -> throw unexpected(array);
        }
    }

    /** For each row the reduction of its {@code width} elements, by halves, into element {@code row}. */
    static void reduceLanes(Reduction reduction, Object array, int rows, int width) {
        switch (array) {
            case NativeLanes values -> values.reduceLanes(reduction, rows, width);
            case float[] values -> {
                for (int row = 0; row < rows; row++) {
                    int base = row * width;
                    for (int half = width / 2; half > 0; half /= 2) {
                        for (int i = base; i < base + half; i++) {
                            values[i] = combine(reduction, values[i], values[i + half]);
                        }
                    }
                    values[row] = values[base];
                }
            }
            case double[] values -> {
                for (int row = 0; row < rows; row++) {
                    int base = row * width;
                    for (int half = width / 2; half > 0; half /= 2) {
                        for (int i = base; i < base + half; i++) {
                            values[i] = combine(reduction, values[i], values[i + half]);
                        }
                    }
                    values[row] = values[base];
                }
            }
            case int[] values -> {
                for (int row = 0; row < rows; row++) {
                    int base = row * width;
                    for (int i = 1; i < width; i++) {
                        values[base] = (int) combine(reduction, (long) values[base], (long) values[base + i]);
                    }
                    values[row] = values[base];
                }
            }
            case long[] values -> {
                for (int row = 0; row < rows; row++) {
                    int base = row * width;
                    for (int i = 1; i < width; i++) {
                        values[base] = combine(reduction, values[base], values[base + i]);
                    }
                    values[row] = values[base];
                }
            }
            default -> throw unexpected(array);
        }
    }

    /** Combines the first {@code n} elements of {@code part} into those of {@code total}. */
    static void combine(Reduction reduction, Object total, Object part, int n) {
        switch (total) {
            case NativeLanes values -> values.combine(reduction, (NativeLanes) part, n);
            case float[] values -> {
                float[] more = (float[]) part;
                for (int i = 0; i < n; i++) {
                    values[i] = combine(reduction, values[i], more[i]);
                }
            }
            case double[] values -> {
                double[] more = (double[]) part;
                for (int i = 0; i < n; i++) {
                    values[i] = combine(reduction, values[i], more[i]);
                }
            }
            case int[] values -> {
                int[] more = (int[]) part;
                for (int i = 0; i < n; i++) {
                    values[i] = (int) combine(reduction, (long) values[i], (long) more[i]);
                }
            }
            case long[] values -> {
                long[] more = (long[]) part;
                for (int i = 0; i < n; i++) {
                    values[i] = combine(reduction, values[i], more[i]);
                }
            }
            default -> throw unexpected(total);
        }
    }

    private static float combine(Reduction reduction, float x, float y) {
        return switch (reduction) {
            case SUM -> x + y;
            case MAX -> Math.max(x, y);
            case MIN -> Math.min(x, y);
        };
    }

    private static double combine(Reduction reduction, double x, double y) {
        return switch (reduction) {
            case SUM -> x + y;
            case MAX -> Math.max(x, y);
            case MIN -> Math.min(x, y);
        };
    }

    private static long combine(Reduction reduction, long x, long y) {
        return switch (reduction) {
            case SUM -> x + y;
            case MAX -> Math.max(x, y);
            case MIN -> Math.min(x, y);
        };
    }

    private static IllegalArgumentException unexpected(Object array) {
        return new IllegalArgumentException("not an array of lanes: " + array.getClass());
    }
}
