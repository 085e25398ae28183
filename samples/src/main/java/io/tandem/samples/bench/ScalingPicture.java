package io.tandem.samples.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tandem.samples.plot.SpeedChart;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * Speed against batch size and against width, a line for each framework. A panel for each workload that was measured with
 * several batch sizes at width 1, and one for each that was measured with several widths at one batch size.
 *
 * @param results what was measured
 */
record ScalingPicture(List<Result> results) {
    private static final String BATCH = "batch size";

    /** One figure. Of figures of the same framework and size the last one counts. */
    private record Result(String peer, String workload, double batch, double width, double rate) {}

    /**
     * Reads result lines; those of workloads without batch size are left out.
     *
     * @throws IllegalArgumentException if a line is no JSON object, or nothing is left
     */
    static ScalingPicture of(List<Path> files) {
        ObjectMapper mapper = new ObjectMapper();
        List<Result> results = new ArrayList<>();
        for (Path file : files) {
            int number = 0;
            for (String line : lines(file)) {
                number++;
                if (!line.startsWith("{")) {
                    continue;
                }
                try {
                    JsonNode node = mapper.readTree(line);
                    if (node.has("samples_per_s") && node.has("step_ms") && node.has("batch")) {
                        results.add(new Result(
                                node.path("peer").asText(),
                                node.path("workload").asText(),
                                node.path("batch").asDouble(),
                                node.path("width").asDouble(1),
                                node.path("samples_per_s").asDouble()));
                    }
                } catch (JsonProcessingException e) {
                    throw new IllegalArgumentException(
                            file + ", line " + number + ": no JSON object: " + e.getOriginalMessage(), e);
                }
            }
        }
        ScalingPicture picture = new ScalingPicture(results);
        if (picture.charts().isEmpty()) {
            throw new IllegalArgumentException(files + " hold no training workload in several sizes; measure some with"
                    + " --json and --batch 1,32,1024 or --width 1,2,4");
        }
        return picture;
    }

    private static List<String> lines(Path file) {
        if (!Files.isReadable(file)) {
            throw new IllegalArgumentException("there is no file " + file + " that can be read");
        }
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private List<SpeedChart> charts() {
        List<SpeedChart> charts = new ArrayList<>();
        Set<String> workloads = new LinkedHashSet<>(results.stream().map(Result::workload).toList());
        for (String workload : workloads) {
            List<Result> all = results.stream().filter(r -> r.workload().equals(workload)).toList();
            add(charts, workload, BATCH, all.stream().filter(r -> r.width() == 1).toList(), Result::batch);
        }
        for (String workload : workloads) {
            List<Result> all = results.stream().filter(r -> r.workload().equals(workload)).toList();
            // The batch size of the runs that vary the width.
            all.stream().filter(r -> r.width() != 1).findFirst().ifPresent(wide -> {
                String axis = "factor of the width, batch size " + (int) wide.batch();
                add(charts, workload, axis, all.stream().filter(r -> r.batch() == wide.batch()).toList(),
                        Result::width);
            });
        }
        return charts;
    }

    private static void add(
            List<SpeedChart> charts, String workload, String axis, List<Result> results,
            ToDoubleFunction<Result> size) {
        if (results.stream().mapToDouble(size).distinct().count() < 2) {
            return;
        }
        SpeedChart chart = new SpeedChart(workload, axis, axis.equals(BATCH));
        for (String peer : new LinkedHashSet<>(results.stream().map(Result::peer).toList())) {
            List<Result> line = new ArrayList<>();
            for (Result result : results) {
                if (result.peer().equals(peer)) {
                    line.removeIf(earlier -> size.applyAsDouble(earlier) == size.applyAsDouble(result));
                    line.add(result);
                }
            }
            line.sort(Comparator.comparingDouble(size));
            chart.line(
                    peer,
                    line.stream().mapToDouble(size).toArray(),
                    line.stream().mapToDouble(Result::rate).toArray());
        }
        charts.add(chart);
    }

    /** Draws a PNG file. */
    void write(Path file) {
        SpeedChart.write(charts(), file);
    }
}
