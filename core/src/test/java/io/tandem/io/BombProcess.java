package io.tandem.io;

import io.tandem.data.Cifar10Reader;
import io.tandem.data.CsvTable;
import io.tandem.data.DataException;
import io.tandem.data.IdxReader;
import io.tandem.data.TextCorpus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Reads files in a process with little memory, and prints for each what became of it. */
final class BombProcess {
    private BombProcess() {}

    /** Reads all files of a folder; their names' endings choose the reader. */
    public static void main(String[] arguments) throws IOException {
        try (Stream<Path> files = Files.list(Path.of(arguments[0]))) {
            files.sorted().forEach(file -> System.out.println(file.getFileName() + ": " + read(file)));
        }
    }

    private static String read(Path file) {
        String name = file.getFileName().toString();
        try {
            switch (name.substring(name.indexOf('.') + 1)) {
                case "npy" -> Npy.read(file);
                case "npz" -> Npz.read(file);
                case "safetensors" -> Safetensors.read(file);
                case "idx.gz" -> IdxReader.read(file);
                case "bin.gz" -> Cifar10Reader.read(file);
                case "txt.gz" -> TextCorpus.read(file);
                case "numbers.gz" -> CsvTable.withoutHeader(file).numbers("0");
                case "names.gz" -> CsvTable.withoutHeader(file).classes("0");
                case "wide.gz" -> CsvTable.withoutHeader(file);
                default -> throw new IllegalStateException("no reader for " + name);
            }
            return "read";
        } catch (FormatException | DataException e) {
            return "refused: " + e.getMessage();
        }
    }
}
