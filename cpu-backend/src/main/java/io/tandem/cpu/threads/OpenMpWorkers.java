package io.tandem.cpu.threads;

import io.tandem.cpu.foreign.ForeignFunction;
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
        new ForeignFunction("omp_set_num_threads", function).call(threads);
    }

    /** Constants, so that calls through them are compiled to direct calls. */
    private static final class Handles {
        static final ForeignFunction PARALLEL = function("GOMP_parallel");
        static final ForeignFunction THREAD = function("omp_get_thread_num");
        static final ForeignFunction TEAM = function("omp_get_num_threads");
        static final MethodHandle RUN_PARTS = runParts();

        private static ForeignFunction function(String name) {
            return new ForeignFunction(name, NativeLibraries.require().find(name).orElseThrow());
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
        Handles.PARALLEL.call(region, 0, threads(), 0);
        VarHandle.acquireFence();
    }

    /** The region's body, on each thread of the team. The team may be smaller than asked for (OMP_THREAD_LIMIT). */
    @SuppressWarnings("unused") // called by native code
    private void runParts(long data) {
        VarHandle.acquireFence();
        int thread = (int) Handles.THREAD.call();
        int team = (int) Handles.TEAM.call();
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
