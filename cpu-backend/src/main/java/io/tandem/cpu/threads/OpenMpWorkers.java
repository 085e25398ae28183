package io.tandem.cpu.threads;

import io.tandem.cpu.onednn.NativeLibraries;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;

/**
 * Loops on the threads of GNU's OpenMP runtime: {@code GOMP_parallel} is what a compiler calls for a parallel region,
 * here with an upcall as the region's body. All threads enter each region, even if it has fewer parts: the runtime
 * ends threads that a smaller team leaves out, and making them again takes longer than waking them.
 */
final class OpenMpWorkers extends Workers {
    private final Arena arena = Arena.ofShared();
    private final NativeLibraries libraries;
    private final long region;

    OpenMpWorkers(int threads, NativeLibraries libraries) {
        super(threads);
        this.libraries = libraries;
        if (!possible(libraries)) {
            throw new IllegalArgumentException("the OpenMP runtime has no GOMP_parallel");
        }
        this.region = Linker.nativeLinker().upcallStub(Handles.RUN_PARTS.bindTo(this),
                FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG), arena).address();
    }

    static boolean possible(NativeLibraries libraries) {
        return libraries.find("GOMP_parallel").isPresent() && libraries.find("omp_get_thread_num").isPresent()
                && libraries.find("omp_get_num_threads").isPresent();
    }

    /** Sets the number of threads of regions that the calling thread starts. */
    static void setThreads(MemorySegment function, int threads) {
        MethodHandle set = Linker.nativeLinker().downcallHandle(function,
                FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
        try {
            set.invokeExact(threads);
        } catch (Throwable e) {
            throw new IllegalStateException("omp_set_num_threads(" + threads + ") cannot be called", e);
        }
    }

    /** Constants, so that calls through them are compiled to direct calls. Numbers travel as long, as oneDNN's do. */
    private static final class Handles {
        static final MethodHandle PARALLEL = bind("GOMP_parallel", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        static final MethodHandle THREAD = bind("omp_get_thread_num", FunctionDescriptor.of(ValueLayout.JAVA_LONG));
        static final MethodHandle TEAM = bind("omp_get_num_threads", FunctionDescriptor.of(ValueLayout.JAVA_LONG));
        static final MethodHandle RUN_PARTS = runParts();

        private static MethodHandle bind(String name, FunctionDescriptor type) {
            return Linker.nativeLinker().downcallHandle(NativeLibraries.require().find(name).orElseThrow(), type);
        }

        private static MethodHandle runParts() {
            try {
                return MethodHandles.lookup().findVirtual(OpenMpWorkers.class, "runParts",
                        MethodType.methodType(void.class, long.class));
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("OpenMpWorkers.runParts(long) is gone", e);
            }
        }
    }

    @Override
    void fork() {
        // The runtime's barriers order memory for the processor; the fences keep the compiler from moving accesses.
        VarHandle.releaseFence();
        try {
            Handles.PARALLEL.invokeExact(region, 0L, threads(), 0);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("GOMP_parallel cannot be called", e);
        }
        VarHandle.acquireFence();
    }

    /** The region's body, on each thread of the team. The team may be smaller than asked for (OMP_THREAD_LIMIT). */
    @SuppressWarnings("unused") // called by native code
    private void runParts(long data) {
        VarHandle.acquireFence();
        int thread;
        int team;
        try {
            thread = (int) (long) Handles.THREAD.invokeExact();
            team = (int) (long) Handles.TEAM.invokeExact();
        } catch (Throwable e) {
            // Without a number this thread cannot know its parts; nothing sensible is left to do.
            throw new IllegalStateException("the OpenMP runtime cannot be called", e);
        }
        for (int part = thread; part < parts(); part += team) {
            runPart(part);
        }
        VarHandle.releaseFence();
    }

    @Override
    void setLibraryThreads(int count) {
        libraries.find("omp_set_num_threads").ifPresent(function -> setThreads(function, count));
    }

    @Override
    void shutDown() {
        arena.close();
    }

    @Override
    public String toString() {
        return threads() + " OpenMP threads";
    }
}
