package io.tandem.cpu.kernel;

import io.tandem.compile.Plan;
import io.tandem.graph.UnaryFunction;
import java.util.Optional;

/** Bias and activation of a product or convolution, in plain Java. */
public final class Epilogue {
    private Epilogue() {}

    /** Whether kernels in Java can apply the activation. */
    public static boolean supports(Optional<UnaryFunction> activation) {
        return activation.isEmpty() || activation.get() == UnaryFunction.RELU;
    }

    static void add(float[] bias, float[] row, int count) {
        for (int j = 0; j < count; j++) {
            row[j] += bias[j];
        }
    }

    static void add(float bias, float[] row, int count) {
        for (int j = 0; j < count; j++) {
            row[j] += bias;
        }
    }

    static void activate(Optional<Plan.Epilogue> epilogue, float[] row, int count) {
        if (epilogue.flatMap(Plan.Epilogue::activation).isPresent()) {
            for (int j = 0; j < count; j++) {
                row[j] = row[j] < 0 ? 0 : row[j];
            }
        }
    }
}
