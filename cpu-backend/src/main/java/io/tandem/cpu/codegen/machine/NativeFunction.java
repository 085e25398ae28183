package io.tandem.cpu.codegen.machine;

import io.tandem.cpu.foreign.ForeignFunction;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Machine code that takes up to three numbers, most of which are addresses. Its memory lives for as long as this object
 * is reachable.
 */
public final class NativeFunction {
    private static final FunctionDescriptor TYPE =
            FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);

    /**
     * Calls without the transition from Java to native code and back, which is right for functions that return within
     * microseconds and never call back.
     */
    private static final MethodHandle CALL =
            Linker.nativeLinker().downcallHandle(TYPE, Linker.Option.critical(false));

    private final MemorySegment code;
    private final boolean callsBack;

    private NativeFunction(MemorySegment code, boolean callsBack) {
        this.code = code;
        this.callsBack = callsBack;
    }

    /**
     * Makes code callable.
     *
     * @param code of a function that keeps the calling convention of this system, see {@link Frames}
     * @throws ExecutableMemoryException if the system has no executable memory for this process
     */
    public static NativeFunction of(byte[] code) {
        return of(code, false);
    }

    /**
     * Makes code callable.
     *
     * @param callsBack whether the code may call Java
     * @throws ExecutableMemoryException if the system has no executable memory for this process
     */
    public static NativeFunction of(byte[] code, boolean callsBack) {
        return new NativeFunction(ExecutableMemory.load(code), callsBack);
    }

    /** Calls the function. What addresses stand for must be alive, and is not checked. */
    public void call(long first, long second, long third) {
        if (callsBack) {
            long unused = new ForeignFunction("machine code", code).call(first, second, third, 0);
            return;
        }
        try {
            CALL.invokeExact(code, first, second, third);
        } catch (Throwable e) {
            throw new IllegalStateException("machine code could not be called: " + e, e);
        }
    }
}
