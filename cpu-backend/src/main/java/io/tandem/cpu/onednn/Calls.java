package io.tandem.cpu.onednn;

import io.tandem.cpu.foreign.ForeignFunction;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.function.Supplier;

/** Binding and checking of C functions. */
final class Calls {
    private Calls() {}

    /** A call that returns a status. */
    @FunctionalInterface
    interface StatusCall {
        long invoke() throws Throwable;
    }

    /** A function of oneDNN without floating-point arguments. */
    static ForeignFunction function(String name) {
        return new ForeignFunction(name, address(name));
    }

    /**
     * A function with floating-point arguments; integers, addresses and handles travel as {@code long}.
     *
     * @param before number of {@code long} arguments in front of them
     * @param floats number of {@code float} arguments
     * @param after number of {@code long} arguments behind them
     */
    static MethodHandle function(String name, int before, int floats, int after) {
        MemoryLayout[] arguments = new MemoryLayout[before + floats + after];
        Arrays.fill(arguments, ValueLayout.JAVA_LONG);
        Arrays.fill(arguments, before, before + floats, ValueLayout.JAVA_FLOAT);
        return Linker.nativeLinker()
                .downcallHandle(address(name), FunctionDescriptor.of(ValueLayout.JAVA_LONG, arguments));
    }

    private static MemorySegment address(String name) {
        return NativeLibraries.require().find(name).orElseThrow(
                () -> new IllegalStateException("the loaded oneDNN has no function " + name + "; 3.11 is needed"));
    }

    /**
     * Calls a function that returns a status.
     *
     * @param text tells the call's arguments if it fails
     * @throws OneDnnException if it does
     */
    static void check(ForeignFunction function, Supplier<String> text, long... arguments) {
        check(function.name(), text, function.call(arguments));
    }

    static void check(String name, Supplier<String> text, StatusCall call) {
        long status;
        try {
            status = call.invoke();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new OneDnnException(name, text.get(), e);
        }
        check(name, text, status);
    }

    private static void check(String name, Supplier<String> text, long status) {
        if ((int) status != 0) {
            throw new OneDnnException(name, (int) status, text.get());
        }
    }
}
