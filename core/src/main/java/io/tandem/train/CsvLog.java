package io.tandem.train;

import io.tandem.io.AtomicFile;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/**
 * Writes a line per epoch to a CSV file: number, loss and metrics of training and validation, seconds, samples, share of
 * waiting for data. The file is replaced as a whole, so it is always complete, and after a resume has each epoch once.
 *
 * @param file where to; folders are made
 */
public record CsvLog(Path file) implements Callback {
    private static final CSVFormat FORMAT =
            CSVFormat.RFC4180.builder().setRecordSeparator('\n').get();

    @Override
    public void settled(Run run) {
        // Between epochs, so that an epoch is written once.
        if (run.batch() == 0 && !run.epochs().isEmpty()) {
            write(run.epochs());
        }
    }

    private void write(List<Epoch> epochs) {
        Set<String> training = new LinkedHashSet<>();
        Set<String> validation = new LinkedHashSet<>();
        epochs.forEach(e -> {
            training.addAll(e.training().keySet());
            validation.addAll(e.validation().keySet());
        });
        AtomicFile.write(file, out -> {
            CSVPrinter csv = new CSVPrinter(new OutputStreamWriter(out, StandardCharsets.UTF_8), FORMAT);
            csv.printRecord(Stream.of(
                    Stream.of("epoch"),
                    training.stream().map(name -> "training " + name),
                    validation.stream().map(name -> "validation " + name),
                    Stream.of("seconds", "samples", "waiting share"))
                    .flatMap(s -> s));
            for (Epoch epoch : epochs) {
                // A figure that an epoch does not have is an empty cell.
                csv.print(epoch.number());
                csv.printRecord(Stream.of(
                        training.stream().map(epoch.training()::get),
                        validation.stream().map(epoch.validation()::get),
                        Stream.of(epoch.seconds(), epoch.samples(), epoch.waitingShare()))
                        .flatMap(s -> s));
            }
            csv.flush();
        });
    }
}
