package io.tandem.cpu.codegen;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/** What machine code calls back for functions of doubles, which Java computes one by one. */
final class ScalarCalls {
    private static final int LANES = 8;

    /** Distance of the two vectors of arguments, in bytes. */
    private static final int VECTOR = 64;

    private ScalarCalls() {}

    private static final class Holder {
        static final MemorySegment STUB = stub();
    }

    /** The address of a function of a number of a {@link LaneFunction}, an address of arguments, and a mask. */
    static long address() {
        return Holder.STUB.address();
    }

    private static MemorySegment stub() {
        try {
            MethodType type = MethodType.methodType(void.class, long.class, long.class, long.class);
            // one for all programs, for as long as there may be any
            return Linker.nativeLinker()
                    .upcallStub(
                            MethodHandles.lookup().findStatic(ScalarCalls.class, "call", type),
                            FunctionDescriptor.ofVoid(
                                    ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG),
                            Arena.global());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("machine code cannot call Java: " + e, e);
        }
    }

    /** Replaces the first arguments by results, in the lanes that the mask names. */
    static void call(long function, long address, long mask) {
        MemorySegment memory = MemorySegment.ofAddress(address).reinterpret(2 * VECTOR);
        LaneFunction called = LaneFunction.of(function);
        for (int lane = 0; lane < LANES; lane++) {
            if ((mask >> lane & 1) != 0) {
                double x = memory.getAtIndex(ValueLayout.JAVA_DOUBLE, lane);
                double result = called.arity() == 1
                        ? ScalarFunctions.apply(called, x)
                        : ScalarFunctions.apply(
                                called, x, memory.getAtIndex(ValueLayout.JAVA_DOUBLE, LANES + lane));
                memory.setAtIndex(ValueLayout.JAVA_DOUBLE, lane, result);
            }
        }
    }
}
