package io.tandem.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.cpu.threads.Workers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;

class OneDnnTest {

    @Test
    void isFoundAndTellsWhatItIs() {
        OneDnn library = OneDnn.require();
        assertSame(library, OneDnn.find().orElseThrow());
        assertTrue(library.version().startsWith("3."), library.version());
        assertTrue(OneDnn.explanation().contains(library.version()), OneDnn.explanation());
        assertTrue(OneDnn.explanation().contains(library.folder().toString()), OneDnn.explanation());
        assertFalse(library.instructionSet().isBlank());
        assertTrue(Files.isDirectory(library.folder()));
    }

    @Test
    void platformsHaveTheirNames() {
        assertEquals("linux-x86_64", Platform.of("Linux", "amd64").orElseThrow().name());
        assertEquals("linux-arm64", Platform.of("Linux", "aarch64").orElseThrow().name());
        assertEquals("macosx-arm64", Platform.of("Mac OS X", "aarch64").orElseThrow().name());
        assertEquals("macosx-x86_64", Platform.of("Mac OS X", "x86_64").orElseThrow().name());
        assertEquals("windows-x86_64", Platform.of("Windows 11", "amd64").orElseThrow().name());
        assertEquals(Optional.empty(), Platform.of("Windows 11", "aarch64"));
        assertEquals(Optional.empty(), Platform.of("AIX", "ppc64"));
        Platform linux = Platform.of("Linux", "amd64").orElseThrow();
        assertEquals("org/bytedeco/dnnl/linux-x86_64/libdnnl.so.3", linux.resource(linux.libraries().getLast()));
    }

    @Test
    void saysWhatIsMissingWithoutTheNatives(@TempDir Path temp) throws IOException, InterruptedException {
        String without = Fixture.classPathOf(OneDnn.class, OneDnnTest.class, Logger.class);
        Path output = temp.resolve("out");
        Process process = Fixture.start(output, without, Explain.class);
        assertEquals(0, process.waitFor(), Files.readString(output));
        String text = Files.readString(output);
        assertTrue(text.contains("no oneDNN"), text);
        Platform.current().ifPresent(platform -> {
            assertTrue(text.contains("org/bytedeco/dnnl/" + platform.name()), text);
            assertTrue(text.contains("org.bytedeco:dnnl:"), text);
        });
        assertTrue(text.contains("2 Java threads"), text);
    }

    /** Prints why there is no oneDNN, and what loops run on then. */
    static final class Explain {
        private Explain() {}

        /** No arguments. */
        public static void main(String[] arguments) {
            try (Workers workers = Workers.open(2)) {
                byte[] text = (OneDnn.explanation() + "\n" + OneDnn.find() + "\n" + workers)
                        .getBytes(StandardCharsets.UTF_8);
                System.out.write(text, 0, text.length);
                System.out.flush();
            }
        }
    }

    @Test
    void statusesHaveNames() {
        assertEquals(Status.SUCCESS, Status.of(0));
        assertEquals(Status.UNIMPLEMENTED, Status.of(3));
        assertEquals(Status.INVALID_DATA_TYPE, Status.of(10));
        assertEquals(Status.UNKNOWN, Status.of(99));
        assertEquals(Status.UNKNOWN, Status.of(-1));
    }

    @Test
    void anImpossibleOperationIsNamedWithItsStatus() {
        MemoryDescriptor x = MemoryDescriptor.of(DataType.S32, 3, 4);
        BatchNormalization.Forward operation =
                new BatchNormalization.Forward(Propagation.TRAINING, x, x, 1e-5f, Set.of());
        Engine engine = OneDnn.require().engine();
        OneDnnException e = assertThrows(OneDnnException.class, () -> engine.describe(operation));
        assertEquals("dnnl_batch_normalization_forward_primitive_desc_create", e.call());
        assertTrue(List.of(Status.UNIMPLEMENTED, Status.INVALID_ARGUMENTS).contains(e.status()), e.toString());
        assertTrue(e.getMessage().contains(e.status().text()), e.getMessage());
        assertTrue(e.getMessage().contains("s32[3, 4] ab"), e.getMessage());
    }

    @Test
    void aStreamIsRefusedOnceClosed() {
        Engine engine = OneDnn.require().engine();
        MemoryDescriptor x = MemoryDescriptor.of(DataType.F32, 3, 4);
        Stream stream = engine.stream();
        try (Arena arena = Arena.ofConfined();
                Memory src = engine.memory(x, arena.allocate(48, 64));
                Memory dst = engine.memory(x, arena.allocate(48, 64));
                PrimitiveDescriptor descriptor = engine.describe(new Reorder(x, x));
                Primitive primitive = descriptor.primitive();
                BoundPrimitive bound = primitive.bind(stream, Map.of(Argument.SRC, src, Argument.DST, dst))) {
            bound.execute();
            stream.await();
            stream.close();
            stream.close();
            assertTrue(stream.isClosed());
            assertThrows(IllegalStateException.class, bound::execute);
            assertThrows(IllegalStateException.class, stream::await);
        }
    }
}
