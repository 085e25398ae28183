package io.tandem.search;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.tandem.io.AtomicFile;
import io.tandem.io.FormatException;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The finished trials of a study in a file of JSON lines. The first line says what was searched with which seed, each further
 * one is a trial. The file is replaced as a whole, so that it is never half written.
 */
final class StudyFile {
    private static final JsonFactory JSON = new JsonFactory();
    private static final int VERSION = 1;

    private final Path file;
    private final String header;
    private final List<String> lines = new ArrayList<>();
    private final List<TrialResult> known = new ArrayList<>();

    private StudyFile(Path file, String header) {
        this.file = file;
        this.header = header;
    }

    /**
     * Opens a study file, or prepares a new one.
     *
     * @throws IllegalArgumentException if the file is of another search space or seed
     * @throws FormatException if it is no study file
     */
    static StudyFile open(Path file, SearchSpace space, long seed) {
        StudyFile study = new StudyFile(file, header(space, seed));
        if (Files.exists(file)) {
            study.read(space, seed);
        }
        return study;
    }

    /** The trials that the file had when it was opened. */
    List<TrialResult> known() {
        return List.copyOf(known);
    }

    /** Adds a trial and writes the file. */
    void add(TrialResult result) {
        lines.add(line(result));
        AtomicFile.write(file, out -> {
            out.write((header + "\n").getBytes(StandardCharsets.UTF_8));
            for (String line : lines) {
                out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            }
        });
    }

    private static String header(SearchSpace space, long seed) {
        return object(json -> {
            json.writeNumberField("study", VERSION);
            json.writeNumberField("seed", seed);
            json.writeArrayFieldStart("space");
            for (Parameter<?> parameter : space.parameters()) {
                json.writeString(parameter.describe());
            }
            json.writeEndArray();
        });
    }

    private static String line(TrialResult result) {
        return object(json -> {
            json.writeNumberField("trial", result.trial().number());
            json.writeNumberField("budget", result.trial().budget());
            json.writeNumberField("seed", result.trial().seed());
            json.writeObjectFieldStart("candidate");
            for (Map.Entry<String, String> label : result.trial().candidate().labels().entrySet()) {
                json.writeStringField(label.getKey(), label.getValue());
            }
            json.writeEndObject();
            if (result.score().isPresent()) {
                // As text, since JSON has neither NaN nor infinity.
                json.writeStringField("loss", Double.toString(result.score().get().loss()));
                json.writeObjectFieldStart("figures");
                for (Map.Entry<String, Double> figure : result.score().get().figures().entrySet()) {
                    json.writeStringField(figure.getKey(), Double.toString(figure.getValue()));
                }
                json.writeEndObject();
            }
            if (result.failure().isPresent()) {
                json.writeStringField("failure", result.failure().get());
            }
            json.writeNumberField("seconds", result.seconds());
        });
    }

    /** Writes the fields of an object. */
    private interface Fields {
        void write(JsonGenerator json) throws IOException;
    }

    private static String object(Fields fields) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            fields.write(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    private void read(SearchSpace space, long seed) {
        List<String> all;
        try {
            all = Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the study " + file + ": " + e.getMessage(), e);
        }
        Map<String, Object> first = parse(all.isEmpty() ? "" : all.getFirst(), 1);
        if (!(first.get("study") instanceof String version)) {
            throw new FormatException(file + " is no study file: its first line does not name a study");
        }
        if (!version.equals(Integer.toString(VERSION))) {
            throw new FormatException(
                    file + " is a study file of version " + version + ", this program reads " + VERSION);
        }
        List<String> described = space.parameters().stream().<String>map(Parameter::describe).toList();
        if (!described.equals(first.get("space"))) {
            throw new IllegalArgumentException(
                    "the study %s is of another search space: %s; this one is %s. Name another file"
                            .formatted(file, first.get("space"), described));
        }
        if (!Long.toString(seed).equals(first.get("seed"))) {
            throw new IllegalArgumentException(
                    "the study %s has seed %s, this one has %d; name another file, or take its seed"
                            .formatted(file, first.get("seed"), seed));
        }
        for (int i = 1; i < all.size(); i++) {
            if (!all.get(i).isBlank()) {
                known.add(result(parse(all.get(i), i + 1), i + 1));
                lines.add(all.get(i));
            }
        }
    }

    private TrialResult result(Map<String, Object> fields, int line) {
        try {
            Map<String, String> candidate = texts(fields.get("candidate"));
            Map<String, Double> figures = new LinkedHashMap<>();
            texts(fields.getOrDefault("figures", Map.of())).forEach((k, v) -> figures.put(k, Double.valueOf(v)));
            return new TrialResult(
                    new Trial(
                            Integer.parseInt(text(fields, "trial")),
                            new Candidate(candidate),
                            Integer.parseInt(text(fields, "budget")),
                            Long.parseLong(text(fields, "seed"))),
                    Optional.ofNullable(fields.get("loss"))
                            .map(loss -> new Score(Double.parseDouble(loss.toString()), figures)),
                    Optional.ofNullable(fields.get("failure")).map(Object::toString),
                    Double.parseDouble(text(fields, "seconds")));
        } catch (NumberFormatException e) {
            throw new FormatException(file + ", line " + line + " is no trial: " + e.getMessage());
        }
    }

    private static String text(Map<String, Object> fields, String name) {
        if (fields.get(name) instanceof String text) {
            return text;
        }
        throw new NumberFormatException("it has no field '" + name + "'");
    }

    private static Map<String, String> texts(Object value) {
        if (!(value instanceof Map<?, ?> map)) {
            throw new NumberFormatException("a field that should be an object is " + value);
        }
        Map<String, String> texts = new LinkedHashMap<>();
        map.forEach((k, v) -> texts.put(k.toString(), v.toString()));
        return texts;
    }

    /** The fields of a line; numbers as text, arrays as lists of text, objects as maps of text. */
    private Map<String, Object> parse(String line, int number) {
        Map<String, Object> fields = new LinkedHashMap<>();
        try (JsonParser json = JSON.createParser(line)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new FormatException(file + " is no study file: line " + number + " is no JSON object");
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                switch (json.nextToken()) {
                    case START_ARRAY -> {
                        List<String> list = new ArrayList<>();
                        while (json.nextToken() != JsonToken.END_ARRAY) {
                            list.add(json.getText());
                        }
                        fields.put(name, list);
                    }
                    case START_OBJECT -> {
                        Map<String, String> map = new LinkedHashMap<>();
                        while (json.nextToken() == JsonToken.FIELD_NAME) {
                            String key = json.currentName();
                            json.nextToken();
                            map.put(key, json.getText());
                        }
                        fields.put(name, map);
                    }
                    default -> fields.put(name, json.getText());
                }
            }
        } catch (JsonProcessingException e) {
            throw new FormatException(file + " is no study file: line " + number + ": " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return fields;
    }
}
