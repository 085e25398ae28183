package io.tandem.cpu.codegen.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.Locale;

/**
 * Memory that code runs in. It is written first and made executable afterwards, never both at once. Each piece of code
 * has pages of its own, so that no page ever changes under running code, and gives them back when nothing refers to it
 * any more: the lifetime is that of the compiled kernels that use it, and no close method can pull it away from under a
 * call.
 */
final class ExecutableMemory {
    private static final int PAGE = 4096;
    /** Of mmap and mprotect. */
    private static final long READ_WRITE = 3;

    private static final long READ_EXECUTE = 5;
    private static final long PRIVATE_ANONYMOUS_LINUX = 0x22;
    private static final long PRIVATE_ANONYMOUS_MAC = 0x1002;

    /** Of VirtualAlloc, VirtualProtect and VirtualFree. */
    private static final long COMMIT_RESERVE = 0x3000;

    private static final long RELEASE = 0x8000;
    private static final long PAGE_READ_WRITE = 4;
    private static final long PAGE_EXECUTE_READ = 0x20;

    private ExecutableMemory() {}

    /** How a system hands out memory. */
    private interface Pages {
        /** The address of readable and writable memory, or a number below 1. */
        long allocate(long bytes) throws Throwable;

        /** Makes memory executable and read-only; returns whether that worked. */
        boolean seal(long address, long bytes) throws Throwable;

        void free(long address, long bytes) throws Throwable;
    }

    private static final class Holder {
        static final Pages PAGES = isWindows() ? new WindowsPages() : new PosixPages();
    }

    static boolean isWindows() {
        return System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");
    }

    /** Copies code to executable memory, which is freed when the segment is unreachable. */
    static MemorySegment load(byte[] code) {
        long bytes = (code.length + PAGE - 1L) & -PAGE;
        Pages pages = Holder.PAGES;
        try {
            long address = pages.allocate(bytes);
            if (address <= 0) {
                throw new ExecutableMemoryException("the system gives no memory for code");
            }
            MemorySegment memory = MemorySegment.ofAddress(address)
                    .reinterpret(bytes, Arena.ofAuto(), unused -> free(pages, address, bytes));
            MemorySegment.copy(code, 0, memory, ValueLayout.JAVA_BYTE, 0, code.length);
            if (!pages.seal(address, bytes)) {
                throw new ExecutableMemoryException("the system does not let this process make memory executable");
            }
            return memory;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("memory for code could not be allocated: " + e, e);
        }
    }

    private static void free(Pages pages, long address, long bytes) {
        try {
            pages.free(address, bytes);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("memory for code could not be freed: " + e, e);
        }
    }

    /**
     * A function whose arguments and result all travel as 64-bit numbers, of which it reads as much as it needs: functions
     * of one kind share what is made to call them.
     */
    private static MethodHandle find(SymbolLookup lookup, String name, int arguments) {
        MemoryLayout[] layouts = new MemoryLayout[arguments];
        Arrays.fill(layouts, ValueLayout.JAVA_LONG);
        return Linker.nativeLinker()
                .downcallHandle(lookup.findOrThrow(name), FunctionDescriptor.of(ValueLayout.JAVA_LONG, layouts));
    }

    /** Linux and macOS. */
    private static final class PosixPages implements Pages {
        private final SymbolLookup lookup = Linker.nativeLinker().defaultLookup();
        private final MethodHandle mmap = find(lookup, "mmap", 6);
        private final MethodHandle mprotect = find(lookup, "mprotect", 3);
        private final MethodHandle munmap = find(lookup, "munmap", 2);

        @Override
        public long allocate(long bytes) throws Throwable {
            boolean mac = System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("mac");
            long flags = mac ? PRIVATE_ANONYMOUS_MAC : PRIVATE_ANONYMOUS_LINUX;
            return (long) mmap.invokeExact(0L, bytes, READ_WRITE, flags, -1L, 0L);
        }

        @Override
        public boolean seal(long address, long bytes) throws Throwable {
            return (int) (long) mprotect.invokeExact(address, bytes, READ_EXECUTE) == 0;
        }

        @Override
        public void free(long address, long bytes) throws Throwable {
            long unused = (long) munmap.invokeExact(address, bytes);
        }
    }

    private static final class WindowsPages implements Pages {
        private final SymbolLookup lookup = SymbolLookup.libraryLookup("kernel32", Arena.global());
        private final MethodHandle allocate = find(lookup, "VirtualAlloc", 4);
        private final MethodHandle protect = find(lookup, "VirtualProtect", 4);
        private final MethodHandle free = find(lookup, "VirtualFree", 3);

        @Override
        public long allocate(long bytes) throws Throwable {
            return (long) allocate.invokeExact(0L, bytes, COMMIT_RESERVE, PAGE_READ_WRITE);
        }

        @Override
        public boolean seal(long address, long bytes) throws Throwable {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment before = arena.allocate(ValueLayout.JAVA_INT);
                return (int) (long) protect.invokeExact(address, bytes, PAGE_EXECUTE_READ, before.address()) != 0;
            }
        }

        @Override
        public void free(long address, long bytes) throws Throwable {
            long unused = (long) free.invokeExact(address, 0L, RELEASE);
        }
    }
}
