package io.tandem.cpu.onednn;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.function.Supplier;

/**
 * Binding and checking of C functions. Handles of oneDNN's objects travel as {@code long}: cheaper than segments, and
 * the same registers in each calling convention that oneDNN exists for.
 */
final class Calls {
    private Calls() {}

    /** A call that returns a status. */
    @FunctionalInterface
    interface StatusCall {
        int invoke() throws Throwable;
    }

    /** A call that returns a value. */
    @FunctionalInterface
    interface ValueCall<T> {
        T invoke() throws Throwable;
    }

    /** A function that returns a status. */
    static MethodHandle status(String name, MemoryLayout... arguments) {
        return function(name, ValueLayout.JAVA_INT, arguments);
    }

    static MethodHandle function(String name, MemoryLayout result, MemoryLayout... arguments) {
        MemorySegment address = NativeLibraries.require().find(name).orElseThrow(
                () -> new IllegalStateException("the loaded oneDNN has no function " + name + "; 3.11 is needed"));
        return Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(result, arguments));
    }

    static void check(String name, Supplier<String> arguments, StatusCall call) {
        int status;
        try {
            status = call.invoke();
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
