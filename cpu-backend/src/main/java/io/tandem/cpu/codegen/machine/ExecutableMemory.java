package io.tandem.cpu.codegen.machine;

import io.tandem.cpu.foreign.ForeignFunction;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
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
        long allocate(long bytes);

        /** Makes memory executable and read-only; returns whether that worked. */
        boolean seal(long address, long bytes);

        void free(long address, long bytes);
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
        long address = pages.allocate(bytes);
        if (address <= 0) {
            throw new ExecutableMemoryException("the system gives no memory for code");
        }
        MemorySegment memory = MemorySegment.ofAddress(address)
                .reinterpret(bytes, Arena.ofAuto(), unused -> pages.free(address, bytes));
        MemorySegment.copy(code, 0, memory, ValueLayout.JAVA_BYTE, 0, code.length);
        if (!pages.seal(address, bytes)) {
            throw new ExecutableMemoryException("the system does not let this process make memory executable");
        }
        return memory;
    }

    private static ForeignFunction find(SymbolLookup lookup, String name) {
        return new ForeignFunction(name, lookup.findOrThrow(name));
    }

    /** Linux and macOS. */
    private static final class PosixPages implements Pages {
        private final SymbolLookup lookup = Linker.nativeLinker().defaultLookup();
        private final ForeignFunction mmap = find(lookup, "mmap");
        private final ForeignFunction mprotect = find(lookup, "mprotect");
        private final ForeignFunction munmap = find(lookup, "munmap");

        @Override
        public long allocate(long bytes) {
            boolean mac = System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("mac");
            long flags = mac ? PRIVATE_ANONYMOUS_MAC : PRIVATE_ANONYMOUS_LINUX;
            return mmap.call(0, bytes, READ_WRITE, flags, -1, 0);
        }

        @Override
        public boolean seal(long address, long bytes) {
            return (int) mprotect.call(address, bytes, READ_EXECUTE) == 0;
        }

        @Override
        public void free(long address, long bytes) {
            long unused = munmap.call(address, bytes);
        }
    }

    private static final class WindowsPages implements Pages {
        private final SymbolLookup lookup = SymbolLookup.libraryLookup("kernel32", Arena.global());
        private final ForeignFunction allocate = find(lookup, "VirtualAlloc");
        private final ForeignFunction protect = find(lookup, "VirtualProtect");
        private final ForeignFunction free = find(lookup, "VirtualFree");

        @Override
        public long allocate(long bytes) {
            return allocate.call(0, bytes, COMMIT_RESERVE, PAGE_READ_WRITE);
        }

        @Override
        public boolean seal(long address, long bytes) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment before = arena.allocate(ValueLayout.JAVA_INT);
                return (int) protect.call(address, bytes, PAGE_EXECUTE_READ, before.address()) != 0;
            }
        }

        @Override
        public void free(long address, long bytes) {
            long unused = free.call(address, 0L, RELEASE);
        }
    }
}
