package io.tandem.train;

import io.tandem.io.AtomicFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Writes a line per epoch to a CSV file: number, loss and metrics of training and validation, seconds, samples, share of
 * waiting for data. The file is replaced as a whole, so it is always complete, and after a resume has each epoch once.
 *
 * @param file where to; folders are made
 */
public record CsvLog(Path file) implements Callback {
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
        StringBuilder text = new StringBuilder();
        text.append(line(Stream.of(
                Stream.of("epoch"),
                training.stream().map(name -> "training " + name),
                validation.stream().map(name -> "validation " + name),
                Stream.of("seconds", "samples", "waiting share"))
                .flatMap(s -> s)
                .toList()));
        for (Epoch epoch : epochs) {
            List<String> cells = new ArrayList<>(List.of(Integer.toString(epoch.number())));
            training.forEach(name -> cells.add(number(epoch.training().get(name))));
            validation.forEach(name -> cells.add(number(epoch.validation().get(name))));
            cells.add(Double.toString(epoch.seconds()));
            cells.add(Long.toString(epoch.samples()));
            cells.add(Double.toString(epoch.waitingShare()));
            text.append(line(cells));
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        AtomicFile.write(file, out -> out.write(bytes));
    }

    private static String number(Double value) {
        return value == null ? "" : value.toString();
    }

    private static String line(List<String> cells) {
        return cells.stream()
                .map(c -> c.contains(",") || c.contains("\"") ? '"' + c.replace("\"", "\"\"") + '"' : c)
                .collect(Collectors.joining(","))
                + "\n";
    }
}
