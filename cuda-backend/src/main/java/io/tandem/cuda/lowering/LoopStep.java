package io.tandem.cuda.lowering;

import io.tandem.compile.Plan;
import io.tandem.cuda.driver.CudaStream;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Runs a plan for each iteration, unrolled: each time its arguments move. Carries are written straight to where the
 * next iteration and the results want them.
 */
final class LoopStep implements StepKernel {
    private final Plan.Loop loop;
    private final StepPlaces places;
    private final CudaStream stream;
    private final int carries;
    private final int stacked;
    private final Region indices;
    private final List<Region> arguments = new ArrayList<>();
    private final Program body;

    /**
     * Prepares a loop.
     *
     * @param base where the body's values start in the workspace
     */
    LoopStep(Plan.Loop loop, StepPlaces places, StepFactory factory, ConstantPool constants, long base) {
        this.loop = loop;
        this.places = places;
        this.stream = factory.context().stream();
        this.carries = loop.carries();
        this.stacked = loop.stacked();
        this.indices = constants.region(NDArray.ofLongs(
                Shape.of(loop.length()), LongStream.range(0, loop.length()).toArray()));
        for (int i = 0; i < loop.body().arguments().size(); i++) {
            arguments.add(new Region(alignment(i)));
        }
        this.body = new Program(loop.body(), factory, constants, base, arguments);
    }

    Program body() {
        return body;
    }

    // ---- where the body's arguments lie: carries, slices, fixed values, index; next carries, values to stack

    private int inputs() {
        return places.operands().size() + 1;
    }

    private long alignment(int argument) {
        if (argument < carries) {
            return carryAlignment(argument);
        }
        if (argument < carries + loop.scanned()) {
            return rowAlignment(places.operand(argument));
        }
        if (argument < inputs() - 1) {
            return places.operand(argument).alignment();
        }
        if (argument == inputs() - 1) {
            return Long.BYTES;
        }
        int output = argument - inputs();
        return output < carries ? carryAlignment(output) : rowAlignment(places.result(output));
    }

    private long carryAlignment(int carry) {
        long alignment = Math.min(places.operand(carry).alignment(), places.result(carry).alignment());
        alignment = Math.min(alignment, places.scratch().get(2 * carry).alignment());
        alignment = Math.min(alignment, places.scratch().get(2 * carry + 1).alignment());
        int history = history(carry);
        return history < 0 ? alignment : Math.min(alignment, rowAlignment(places.result(history)));
    }

    private static long rowBytes(Place stack) {
        return stack.shape().dim(0) == 0 ? 0 : stack.bytes() / stack.shape().dim(0);
    }

    private static long rowAlignment(Place stack) {
        long row = rowBytes(stack);
        return row == 0 ? stack.alignment() : Math.min(stack.alignment(), Long.lowestOneBit(row));
    }

    private static long row(Place stack, int index) {
        return stack.address() + index * rowBytes(stack);
    }

    /** The number of the step's result that holds a carry before each iteration, or -1. */
    private int history(int carry) {
        return loop.produced().indexOf(carries + stacked + carry);
    }

    private int at(int iteration) {
        return loop.reverse() ? loop.length() - 1 - iteration : iteration;
    }

    @Override
    public void issue() {
        long[] current = new long[carries];
        for (int i = 0; i < carries; i++) {
            current[i] = places.operand(i).address();
            if (loop.length() == 0) {
                stream.copy(places.result(i).address(), current[i], places.result(i).bytes());
            } else if (history(i) >= 0) {
                stream.copy(row(places.result(history(i)), at(0)), current[i], places.operand(i).bytes());
            }
        }
        for (int iteration = 0; iteration < loop.length(); iteration++) {
            long[] next = new long[carries];
            for (int i = 0; i < carries; i++) {
                next[i] = next(i, iteration);
            }
            bind(iteration, current, next);
            body.issue(step -> {});
            current = next;
        }
    }

    private long next(int carry, int iteration) {
        if (iteration == loop.length() - 1) {
            return places.result(carry).address();
        }
        int history = history(carry);
        return history >= 0
                ? row(places.result(history), at(iteration + 1))
                : places.scratch().get(2 * carry + iteration % 2).address();
    }

    private void bind(int iteration, long[] current, long[] next) {
        int at = at(iteration);
        int argument = 0;
        for (int i = 0; i < carries; i++) {
            arguments.get(argument++).moveTo(current[i]);
        }
        for (int i = carries; i < carries + loop.scanned(); i++) {
            arguments.get(argument++).moveTo(row(places.operand(i), at));
        }
        for (int i = carries + loop.scanned(); i < places.operands().size(); i++) {
            arguments.get(argument++).moveTo(places.operand(i).address());
        }
        arguments.get(argument++).moveTo(indices.address() + (long) Long.BYTES * at);
        for (int i = 0; i < carries; i++) {
            arguments.get(argument++).moveTo(next[i]);
        }
        for (int i = 0; i < stacked; i++) {
            arguments.get(argument++).moveTo(row(places.result(carries + i), at));
        }
    }

    @Override
    public long scratchBytes() {
        return body.scratchBytes();
    }

    @Override
    public int launches() {
        return loop.length() * body.launches();
    }

    @Override
    public String label() {
        return "loop of " + body.launches() + " launches";
    }

}
