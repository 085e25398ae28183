package io.tandem.cpu;

import io.tandem.compile.Plan;
import io.tandem.cpu.kernel.NativeMemory;
import io.tandem.cpu.kernel.Place;
import io.tandem.cpu.kernel.StepKernel;
import io.tandem.cpu.kernel.StepPlaces;
import io.tandem.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Runs a program once per iteration, on slices of the scanned values. Carries go through two places in turn; the last
 * ones
 * go straight to the results.
 */
final class LoopKernel implements StepKernel {
    private final Plan.Loop loop;
    private final Program body;
    private final List<Place> operands;
    private final List<Place> results;
    private final List<Place> scratch;
    private final int stacked;
    private final long[] carry;
    private final Arena arena = Arena.ofShared();
    private final long index;

    LoopKernel(Plan.Loop loop, StepPlaces places, Program body) {
        this.loop = loop;
        this.body = body;
        this.operands = places.operands();
        this.results = places.results();
        this.scratch = places.scratch();
        this.stacked = loop.stacked();
        this.carry = new long[loop.carries()];
        this.index = arena.allocate(ValueLayout.JAVA_LONG).address();
    }

    long workspaceEnd() {
        return body.workspaceBytes();
    }

    void bindWorkspace(long address) {
        body.bindWorkspace(address);
    }

    @Override
    public void run() {
        int carries = loop.carries();
        for (int i = 0; i < carries; i++) {
            carry[i] = operands.get(i).address();
        }
        int inputs = operands.size() + 1;
        for (int i = carries + loop.scanned(); i < operands.size(); i++) {
            body.bindArgument(i, operands.get(i).address());
        }
        body.bindArgument(inputs - 1, index);
        for (int iteration = 0; iteration < loop.length(); iteration++) {
            int at = loop.reverse() ? loop.length() - 1 - iteration : iteration;
            NativeMemory.ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, index, at);
            for (int i = carries; i < carries + loop.scanned(); i++) {
                body.bindArgument(i, row(operands.get(i), at));
            }
            for (int result = carries + stacked; result < results.size(); result++) {
                int history = loop.produced().get(result) - carries - stacked;
                NativeMemory.copy(carry[history], row(results.get(result), at), rowBytes(results.get(result).type()));
            }
            for (int i = 0; i < carries; i++) {
                body.bindArgument(i, carry[i]);
                boolean last = iteration == loop.length() - 1;
                carry[i] = last ? results.get(i).address() : scratch.get(2 * i + iteration % 2).address();
                body.bindArgument(inputs + i, carry[i]);
            }
            for (int i = carries; i < carries + stacked; i++) {
                body.bindArgument(inputs + i, row(results.get(i), at));
            }
            body.run();
        }
        if (loop.length() == 0) {
            for (int i = 0; i < carries; i++) {
                NativeMemory.copy(carry[i], results.get(i).address(), results.get(i).type().bytes());
            }
        }
    }

    private static long row(Place stack, int index) {
        return stack.address() + index * rowBytes(stack.type());
    }

    private static long rowBytes(TensorType type) {
        return type.bytes() / Math.max(1, type.shape().dim(0));
    }

    @Override
    public String label() {
        return "loop";
    }

    @Override
    public void close() {
        body.close();
        arena.close();
    }
}
