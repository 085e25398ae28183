package io.tandem.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The native memory of this process, as the system sees it. */
final class ResidentMemory {
    private static final int CHUNK = 1 << 20;

    private ResidentMemory() {}

    /** Uses all of the heap that the JVM has taken so far, so that its first use later is not mistaken for growth. */
    static void touchHeap() {
        List<byte[]> chunks = new ArrayList<>();
        while (Runtime.getRuntime().freeMemory() > 8L * CHUNK) {
            chunks.add(new byte[CHUNK]);
        }
    }

    /** Bytes in main memory beside the heap; 0 on systems that do not tell it in a file. */
    static long bytes() {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        try {
            return Files.readAllLines(status).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024
                            - Runtime.getRuntime().totalMemory())
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }
}
