package io.tandem.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Learning rates at known places of their schedules. */
class ScheduleTest {
    private static void check(Schedule schedule, double... stepsAndRates) {
        Graph graph = new Graph();
        Tensor step = graph.input("step", TensorType.of(DType.F64));
        graph.output("rate", schedule.at(step));
        for (int i = 0; i < stepsAndRates.length; i += 2) {
            NDArray at = NDArray.scalar(DType.F64, stepsAndRates[i]);
            double rate = new Interpreter().run(graph, Map.of("step", at)).get("rate").item();
            assertEquals(stepsAndRates[i + 1], rate, 1e-12, "step " + stepsAndRates[i]);
        }
    }

    @Test
    void schedulesThatFall() {
        check(Schedule.constant(0.1), 0, 0.1, 1e6, 0.1);
        check(Schedules.step(0.1, 3, 0.5), 0, 0.1, 2, 0.1, 3, 0.05, 5, 0.05, 7, 0.025);
        check(Schedules.exponential(0.1, 0.5), 0, 0.1, 1, 0.05, 3, 0.0125);
        check(Schedules.polynomial(1, 0.2, 10, 2), 0, 1, 5, 0.4, 10, 0.2, 25, 0.2);
        check(Schedules.polynomial(1, 0, 4, 1), 1, 0.75, 3, 0.25);
        check(Schedules.cosine(0.1, 0.02, 8), 0, 0.1, 4, 0.06, 8, 0.02, 9, 0.02, 2, 0.06 + 0.04 * Math.sqrt(0.5));
    }

    @Test
    void warmUpRisesThenTheOtherScheduleBegins() {
        check(Schedules.warmUp(4, Schedule.constant(0.1)), 0, 0.025, 1, 0.05, 2, 0.075, 3, 0.1, 4, 0.1, 9, 0.1);
        check(Schedules.warmUp(2, Schedules.polynomial(1, 0, 4, 1)), 0, 0.5, 1, 1, 2, 0.75, 5, 0);
    }

    @Test
    void oneCycleRisesToItsPeakAndFallsBelowItsStart() {
        // 110 steps: the rise ends at 0.3 * 110 - 1 = 32, the fall takes the 77 steps up to number 109.
        check(Schedules.oneCycle(1, 110), 0, 0.04, 16, 0.52, 32, 1, 70.5, 0.5 + 2e-6, 109, 4e-6, 200, 4e-6);
    }

    @Test
    void badNumbersAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Schedules.step(1, 0, 0.5));
        assertThrows(IllegalArgumentException.class, () -> Schedules.polynomial(1, 0, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> Schedules.cosine(1, 0, -1));
        assertThrows(IllegalArgumentException.class, () -> Schedules.warmUp(0, Schedule.constant(1)));
        assertThrows(IllegalArgumentException.class, () -> Schedules.oneCycle(1, 3));
    }
}
