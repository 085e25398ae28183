package io.tandem.cpu.onednn;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * Binding and checking of C functions. Handles of oneDNN's objects, addresses, sizes and enumerations all travel as
 * {@code long}: they take the same register or slot in each calling convention that oneDNN exists for, and a result's
 * upper half is cut off. So functions differ in the number of their arguments alone. That matters at the start, where
 * linking the first function of a kind takes milliseconds and each further one takes little.
 */
final class Calls {
    private Calls() {}

    /** A call that returns a status. */
    @FunctionalInterface
    interface StatusCall {
        long invoke() throws Throwable;
    }

    /** A call that returns a value. */
    @FunctionalInterface
    interface ValueCall<T> {
        T invoke() throws Throwable;
    }

    /** A function of so many integers, addresses and handles; takes and returns {@code long}. */
    static MethodHandle function(String name, int arguments) {
        return function(name, arguments, 0, 0);
    }

    /**
     * A function with floating-point arguments.
     *
     * @param before number of {@code long} arguments in front of them
     * @param floats number of {@code float} arguments
     * @param after number of {@code long} arguments behind them
     */
    static MethodHandle function(String name, int before, int floats, int after) {
        MemoryLayout[] arguments = new MemoryLayout[before + floats + after];
        Arrays.fill(arguments, ValueLayout.JAVA_LONG);
        Arrays.fill(arguments, before, before + floats, ValueLayout.JAVA_FLOAT);
        MemorySegment address = NativeLibraries.require().find(name).orElseThrow(
                () -> new IllegalStateException("the loaded oneDNN has no function " + name + "; 3.11 is needed"));
        return Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(ValueLayout.JAVA_LONG, arguments));
    }

    static void check(String name, Supplier<String> arguments, StatusCall call) {
        int status;
        try {
            status = (int) call.invoke();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new OneDnnException(name, arguments.get(), e);
        }
        if (status != 0) {
            throw new OneDnnException(name, status, arguments.get());
        }
    }

    static <T> T value(String name, ValueCall<T> call) {
        try {
            return call.invoke();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new OneDnnException(name, "", e);
        }
    }
}
