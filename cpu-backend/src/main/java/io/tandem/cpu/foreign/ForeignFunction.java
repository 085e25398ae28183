package io.tandem.cpu.foreign;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/**
 * A C function of at most {@value #MOST} integers, enumerations, handles and addresses, which returns one of these or
 * nothing. All travel as {@code long}: they take the same register or slot in each calling convention that is met here,
 * and what a function returns in fewer bits is the lower part of the result.
 *
 * <p>A function does not look at arguments that it does not have, and the caller clears them away, so zeros fill up each
 * call to one of two lengths. That matters at the start of a process: the JDK makes nine classes to link the first
 * function of a kind, which takes about 5 ms, and none for further ones.
 *
 * @param name the function's name, for messages
 * @param address the function's code, which must stay loaded
 */
public record ForeignFunction(String name, MemorySegment address) {
    /** The largest number of arguments. */
    public static final int MOST = 30;

    private static final int FEW = 6;

    private static final MethodHandle OF_FEW = handle(FEW);

    private static final class OfMany {
        static final MethodHandle HANDLE = handle(MOST);
    }

    private static MethodHandle handle(int arguments) {
        MemoryLayout[] layouts = new MemoryLayout[arguments];
        Arrays.fill(layouts, ValueLayout.JAVA_LONG);
        return Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(ValueLayout.JAVA_LONG, layouts));
    }

    /** Calls a function without arguments; returns its result, whose upper bits may be undefined. */
    public long call() {
        return few(0, 0, 0, 0, 0, 0);
    }

    /** Calls a function of four arguments, without allocating. */
    public long call(long first, long second, long third, long fourth) {
        return few(first, second, third, fourth, 0, 0);
    }

    /**
     * Calls the function. What addresses stand for must be alive, and is not checked.
     *
     * @param arguments all of the function's arguments, in its order
     * @return the result, whose upper bits may be undefined
     * @throws IllegalArgumentException if there are more than {@value #MOST}
     */
    public long call(long... arguments) {
        if (arguments.length > MOST) {
            throw new IllegalArgumentException(name + ": " + arguments.length + " arguments, at most " + MOST);
        }
        long[] a = Arrays.copyOf(arguments, arguments.length <= FEW ? FEW : MOST);
        return a.length == FEW ? few(a[0], a[1], a[2], a[3], a[4], a[5]) : many(a);
    }

    private long few(long a, long b, long c, long d, long e, long f) {
        try {
            return (long) OF_FEW.invokeExact(address, a, b, c, d, e, f);
        } catch (RuntimeException | Error thrown) {
            throw thrown;
        } catch (Throwable thrown) {
            throw new IllegalStateException(name + " cannot be called", thrown);
        }
    }

    private long many(long[] a) {
        try {
            return (long) OfMany.HANDLE.invokeExact(address, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9],
                    a[10], a[11], a[12], a[13], a[14], a[15], a[16], a[17], a[18], a[19], a[20], a[21], a[22], a[23],
                    a[24], a[25], a[26], a[27], a[28], a[29]);
        } catch (RuntimeException | Error thrown) {
            throw thrown;
        } catch (Throwable thrown) {
            throw new IllegalStateException(name + " cannot be called", thrown);
        }
    }
}
