package io.tandem.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.tandem.data.Cifar10Reader;
import io.tandem.data.CsvTable;
import io.tandem.data.DataException;
import io.tandem.data.IdxReader;
import io.tandem.data.TextCorpus;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.Checkpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each reader gets two thousand files that were valid before a seeded change: it must read them, or name the file in an
 * error, with memory that the file's size bounds.
 */
class MutationTest {
    private static final int MUTATIONS = 2000;
    /** What a reader may ask for beside what follows from the file's size. */
    private static final long SPARE = 8L << 20;

    @TempDir
    Path folder;

    /**
     * A reader under test.
     *
     * @param name the file's name
     * @param valid files that it reads
     * @param read reads a file, and all of its values
     * @param ratio bytes of memory per byte of the file: what unpacking may give
     */
    private record Subject(String name, List<byte[]> valid, Consumer<Path> read, long ratio) {}

    @TestFactory
    Stream<DynamicTest> readers() throws IOException {
        return Stream.of(
                new Subject("array.npy", npy(), file -> use(Npy.read(file)), 50),
                new Subject("arrays.npz", npz(), file -> Npz.read(file).values().forEach(MutationTest::use), 3000),
                new Subject(
                        "arrays.safetensors",
                        safetensors(),
                        file -> Safetensors.read(file).values().forEach(MutationTest::use),
                        200),
                new Subject("run.safetensors", checkpoints(), Checkpoint::read, 500),
                new Subject("images-idx", idx(), file -> use(IdxReader.read(file)), 50),
                new Subject("images-idx.gz", packed(idx()), file -> use(IdxReader.read(file)), 3000),
                new Subject("cifar.bin", cifar(), file -> Cifar10Reader.read(file), 50),
                new Subject("cifar.bin.gz", packed(cifar()), file -> Cifar10Reader.read(file), 3000),
                new Subject("table.csv", csv(), MutationTest::useTable, 2000),
                new Subject("table.csv.gz", packed(csv()), MutationTest::useTable, 3000),
                new Subject("corpus.txt", csv(), TextCorpus::read, 500),
                new Subject("corpus.txt.gz", packed(csv()), TextCorpus::read, 3000))
                .map(subject -> DynamicTest.dynamicTest(subject.name(), () -> check(subject)));
    }

    private void check(Subject subject) throws IOException {
        Path file = folder.resolve(subject.name());
        for (byte[] valid : subject.valid()) {
            subject.read().accept(Files.write(file, valid));
        }
        int refused = 0;
        for (int seed = 0; seed < MUTATIONS; seed++) {
            Random random = new Random(seed);
            byte[] valid = subject.valid().get(random.nextInt(subject.valid().size()));
            byte[] changed = mutated(valid, random);
            Files.write(file, changed);
            boolean[] failed = {false};
            int number = seed;
            long taken = Allocation.of(() -> failed[0] = !read(subject, file, number));
            long limit = SPARE + subject.ratio() * changed.length;
            assertTrue(taken < limit, "mutation " + seed + ": " + taken + " bytes for a file of " + changed.length);
            refused += failed[0] ? 1 : 0;
        }
        assertTrue(refused > MUTATIONS / 100, "only " + refused + " of " + MUTATIONS + " changes were noticed");
    }

    /** Whether the file was read; anything but a clear error is a failure of the test. */
    private static boolean read(Subject subject, Path file, int seed) {
        try {
            subject.read().accept(file);
            return true;
        } catch (FormatException | DataException | UncheckedIOException e) {
            assertTrue(e.getMessage().contains(subject.name()), "mutation " + seed + ": " + e.getMessage());
            assertTrue(e.getMessage().length() < 2000,
                    "mutation " + seed + ": a message of " + e.getMessage().length());
            return false;
        } catch (RuntimeException | Error e) {
            return fail("mutation " + seed + " of " + subject.name() + ": " + e, e);
        }
    }

    private static byte[] mutated(byte[] valid, Random random) {
        byte[] bytes = valid;
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
            bytes = changed(bytes, random);
        }
        return bytes;
    }

    private static byte[] changed(byte[] valid, Random random) {
        byte[] bytes = valid.clone();
        if (bytes.length == 0) {
            return new byte[] {(byte) random.nextInt()};
        }
        // Headers are at the start, so that is where most changes go.
        int range = random.nextBoolean() ? Math.min(bytes.length, 160) : bytes.length;
        int at = random.nextInt(range);
        switch (random.nextInt(8)) {
            case 0 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            case 2 -> bytes[at] = (byte) random.nextInt();
            case 3 -> {
                byte[] number = ByteBuffer.allocate(8)
                        .order(random.nextBoolean() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN)
                        .putLong(random.nextBoolean() ? random.nextLong() : Integer.MAX_VALUE - random.nextInt(3))
                        .array();
                int length = random.nextBoolean() ? 8 : 4;
                System.arraycopy(number, 0, bytes, at, Math.min(length, bytes.length - at));
            }
            case 4 -> bytes = inserted(bytes, at, random);
            case 5 -> {
                int until = Math.min(bytes.length, at + 1 + random.nextInt(16));
                byte[] shorter = Arrays.copyOf(bytes, bytes.length - (until - at));
                System.arraycopy(bytes, until, shorter, at, bytes.length - until);
                bytes = shorter;
            }
            case 6 -> {
                // A digit of a textual header, or of a number in a table.
                for (int i = at; i < bytes.length; i++) {
                    if (bytes[i] >= '0' && bytes[i] <= '9') {
                        bytes[i] = (byte) "0123456789-.eEN".charAt(random.nextInt(15));
                        break;
                    }
                }
            }
            default -> {
                int from = random.nextInt(bytes.length);
                int length = Math.min(random.nextInt(32), bytes.length - Math.max(from, at));
                System.arraycopy(valid, from, bytes, at, length);
            }
        }
        return bytes;
    }

    private static byte[] inserted(byte[] bytes, int at, Random random) {
        String[] texts = {"999999999", "NaN", "-1", "\"", "\n", "{", "[[[[[[", "\u0000", "1e999", ","};
        byte[] text = texts[random.nextInt(texts.length)].getBytes(StandardCharsets.UTF_8);
        byte[] longer = Arrays.copyOf(bytes, bytes.length + text.length);
        System.arraycopy(text, 0, longer, at, text.length);
        System.arraycopy(bytes, at, longer, at + text.length, bytes.length - at);
        return longer;
    }

    private static void useTable(Path file) {
        CsvTable table = CsvTable.withHeader(file);
        use(table.numbers(table.columns().toArray(String[]::new)));
    }

    private static void use(NDArray array) {
        double sum = 0;
        for (double value : array.toDoubles()) {
            sum += value;
        }
        assertEquals(sum, sum + 0.0);
    }

    private static Map<String, NDArray> arrays() {
        Map<String, NDArray> arrays = new LinkedHashMap<>();
        for (DType dtype : DType.values()) {
            if (dtype != DType.BF16) {
                arrays.put("layer." + dtype, NDArray.generate(TensorType.of(dtype, 2, 3), i -> i));
            }
        }
        return arrays;
    }

    private byte[] written(Consumer<Path> write) {
        Path file = folder.resolve("valid");
        write.accept(file);
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<byte[]> npy() {
        List<byte[]> files = new ArrayList<>();
        arrays().values().forEach(array -> files.add(written(file -> Npy.write(file, array))));
        files.add(NpzTest.npy("{'descr': '>f8', 'fortran_order': True, 'shape': (2, 2), }", new byte[32]));
        return files;
    }

    private List<byte[]> npz() throws IOException {
        Map<String, byte[]> deflated = new LinkedHashMap<>();
        deflated.put("a.npy",
                NpzTest.npy("{'descr': '<f4', 'fortran_order': False, 'shape': (50, 20), }", new byte[4000]));
        deflated.put("b.npy", NpzTest.npy("{'descr': '<i8', 'fortran_order': False, 'shape': (), }", new byte[8]));
        return List.of(written(file -> Npz.write(file, arrays())), NpzTest.archive(deflated));
    }

    private List<byte[]> safetensors() {
        return List.of(
                written(file -> Safetensors.write(file, arrays())),
                written(file -> Safetensors.write(file, Map.of("x", NDArray.scalar(1)), Map.of("key", "value"))),
                SafetensorsTest.file(
                        "{\"b\":{\"dtype\":\"I16\",\"shape\":[2],\"data_offsets\":[0,4]},"
                                + "\"c\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[4,6]}}",
                        1, 0, 0xff, 0xff, 0, 1));
    }

    private List<byte[]> checkpoints() {
        Map<String, NDArray> values = new LinkedHashMap<>(arrays());
        values.put("optimizer.step", NDArray.scalar(12));
        Checkpoint checkpoint = new Checkpoint(
                values,
                Map.of("train.loss_sum", NDArray.ofDoubles(Shape.of(2), 3, 4)),
                new Checkpoint.Position(1, 2, 3, 0.5),
                List.of(),
                Map.of(),
                Map.of("device", "reference", "device.threads", "1"));
        return List.of(written(checkpoint::write));
    }

    private static List<byte[]> idx() {
        byte[] images = new byte[16 + 2 * 3 * 4];
        System.arraycopy(new byte[] {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4}, 0, images, 0, 16);
        byte[] floats = new byte[8 + 3 * 4];
        System.arraycopy(new byte[] {0, 0, 0x0d, 1, 0, 0, 0, 3}, 0, floats, 0, 8);
        return List.of(images, floats);
    }

    private static List<byte[]> packed(List<byte[]> files) throws IOException {
        List<byte[]> packed = new ArrayList<>();
        for (byte[] file : files) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (GZIPOutputStream gz = new GZIPOutputStream(bytes)) {
                gz.write(file);
            }
            packed.add(bytes.toByteArray());
        }
        return packed;
    }

    private static List<byte[]> cifar() {
        byte[] two = new byte[2 * 3073];
        two[3073] = 9;
        return List.of(two);
    }

    private static List<byte[]> csv() {
        return List.of(
                "a,b,c\n1,2,3\n4.5,-6e2,7\n8,9,10\n".getBytes(StandardCharsets.UTF_8),
                "\"x, y\",z\r\n1,2\r\n3,\"4\"\r\n".getBytes(StandardCharsets.UTF_8));
    }
}
