package io.tandem.train;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tandem.io.Checksum;
import io.tandem.io.FormatException;
import io.tandem.io.Safetensors;
import io.tandem.io.SafetensorsFile;
import io.tandem.tensor.NDArray;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Checkpoints as safetensors files: the state's entries under their paths, other arrays with a prefix, everything else as
 * metadata. A checksum covers all of it.
 */
final class CheckpointFormat {
    private static final String FORMAT = "tandem.checkpoint";
    private static final String CHECKSUM = "sha256";
    private static final String FIGURE = "figure:";
    private static final String MEMORY = "memory:";
    private static final String FACT = "fact:";
    private static final JsonFactory JSON = new JsonFactory();

    private CheckpointFormat() {}

    static void write(Path file, Checkpoint checkpoint) {
        Map<String, NDArray> arrays = new LinkedHashMap<>(checkpoint.values());
        checkpoint.figures().forEach((path, value) -> arrays.put(FIGURE + path, value));
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("format", FORMAT);
        texts.put("version", Integer.toString(Checkpoint.VERSION));
        texts.put("step", Long.toString(checkpoint.step()));
        texts.put("epoch", Integer.toString(checkpoint.position().epoch()));
        texts.put("batch", Integer.toString(checkpoint.position().batch()));
        texts.put("seconds", Double.toString(checkpoint.position().seconds()));
        texts.put("waiting_seconds", Double.toString(checkpoint.position().waitingSeconds()));
        texts.put("epochs", epochs(checkpoint.epochs()));
        checkpoint.facts().forEach((name, fact) -> texts.put(FACT + name, fact));
        checkpoint.memories().forEach((name, memory) -> {
            memory.values().forEach((key, value) -> texts.put(MEMORY + name + ":" + key, value));
            memory.arrays().forEach((key, value) -> arrays.put(MEMORY + name + ":" + key, value));
        });
        texts.put(CHECKSUM, Checksum.sha256(arrays, texts));
        Safetensors.write(file, arrays, texts);
    }

    /** The facts of a checkpoint, without its arrays and without a look at its checksum. */
    static Map<String, String> facts(Path file) {
        try (SafetensorsFile open = Safetensors.open(file)) {
            requireFormat(file, open.metadata());
            return prefixed(open.metadata(), FACT);
        }
    }

    /** Whether a safetensors file is a checkpoint, of any version. */
    static boolean isCheckpoint(Path file) {
        try (SafetensorsFile open = Safetensors.open(file)) {
            return FORMAT.equals(open.metadata().get("format"));
        }
    }

    static Checkpoint read(Path file) {
        try (SafetensorsFile open = Safetensors.open(file)) {
            Map<String, String> texts = new LinkedHashMap<>(open.metadata());
            requireFormat(file, texts);
            Map<String, NDArray> arrays = open.copies();
            String expected = texts.remove(CHECKSUM);
            if (!Checksum.sha256(arrays, texts).equals(expected)) {
                throw new FormatException("the checkpoint " + file
                        + " is damaged: its checksum is wrong; use another one, or start again");
            }
            return parse(arrays, texts);
        } catch (NumberFormatException | IOException e) {
            throw new FormatException("the checkpoint " + file + " is not valid: " + e.getMessage());
        }
    }

    private static void requireFormat(Path file, Map<String, String> texts) {
        if (!FORMAT.equals(texts.get("format"))) {
            throw new FormatException(file + " is a safetensors file, but no checkpoint of a training run;"
                    + " weights alone can be loaded with WeightFile");
        }
        String version = texts.getOrDefault("version", "");
        if (!version.equals(Integer.toString(Checkpoint.VERSION))) {
            throw new FormatException("the checkpoint %s has format version '%s', this Tandem reads version %d; %s"
                    .formatted(file, version, Checkpoint.VERSION, "use the Tandem that wrote it, or a newer one"));
        }
    }

    private static Checkpoint parse(Map<String, NDArray> arrays, Map<String, String> texts) throws IOException {
        Map<String, NDArray> values = new LinkedHashMap<>();
        arrays.forEach((name, array) -> {
            if (!name.startsWith(FIGURE) && !name.startsWith(MEMORY)) {
                values.put(name, array);
            }
        });
        Checkpoint.Position position = new Checkpoint.Position(
                Integer.parseInt(texts.getOrDefault("epoch", "")),
                Integer.parseInt(texts.getOrDefault("batch", "")),
                Double.parseDouble(texts.getOrDefault("seconds", "0")),
                Double.parseDouble(texts.getOrDefault("waiting_seconds", "0")));
        return new Checkpoint(
                values,
                prefixed(arrays, FIGURE),
                position,
                epochs(texts.getOrDefault("epochs", "[]")),
                memories(prefixed(texts, MEMORY), prefixed(arrays, MEMORY)),
                prefixed(texts, FACT));
    }

    private static <T> Map<String, T> prefixed(Map<String, T> map, String prefix) {
        Map<String, T> chosen = new LinkedHashMap<>();
        map.forEach((key, value) -> {
            if (key.startsWith(prefix)) {
                chosen.put(key.substring(prefix.length()), value);
            }
        });
        return chosen;
    }

    /** From {@code name:key} to one memory per name; names may hold colons, keys may not. */
    private static Map<String, Callback.Memory> memories(Map<String, String> texts, Map<String, NDArray> arrays) {
        Map<String, Map<String, String>> values = split(texts);
        Map<String, Map<String, NDArray>> tensors = split(arrays);
        Map<String, Callback.Memory> memories = new LinkedHashMap<>();
        values.forEach(
                (name, value) -> memories.put(name, new Callback.Memory(value, tensors.getOrDefault(name, Map.of()))));
        tensors.forEach((name, value) -> memories.putIfAbsent(name, new Callback.Memory(Map.of(), value)));
        return memories;
    }

    private static <T> Map<String, Map<String, T>> split(Map<String, T> map) {
        Map<String, Map<String, T>> parts = new LinkedHashMap<>();
        map.forEach((key, value) -> {
            int colon = Math.max(0, key.lastIndexOf(':'));
            parts.computeIfAbsent(key.substring(0, colon), name -> new LinkedHashMap<>())
                    .put(key.substring(colon + 1), value);
        });
        return parts;
    }

    private static String epochs(List<Epoch> epochs) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartArray();
            for (Epoch epoch : epochs) {
                json.writeStartObject();
                json.writeNumberField("number", epoch.number());
                json.writeStringField("seconds", Double.toString(epoch.seconds()));
                json.writeNumberField("samples", epoch.samples());
                json.writeStringField("waiting", Double.toString(epoch.waitingShare()));
                figures(json, "training", epoch.training());
                figures(json, "validation", epoch.validation());
                json.writeEndObject();
            }
            json.writeEndArray();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write epochs as JSON", e);
        }
        return text.toString();
    }

    /** Figures as text: JSON has no NaN, and text keeps every bit. */
    private static void figures(JsonGenerator json, String name, Map<String, Double> figures) throws IOException {
        json.writeObjectFieldStart(name);
        for (Map.Entry<String, Double> figure : figures.entrySet()) {
            json.writeStringField(figure.getKey(), figure.getValue().toString());
        }
        json.writeEndObject();
    }

    private static List<Epoch> epochs(String text) throws IOException {
        List<Epoch> epochs = new ArrayList<>();
        try (JsonParser json = JSON.createParser(text)) {
            json.nextToken();
            while (json.nextToken() == JsonToken.START_OBJECT) {
                Map<String, String> fields = new LinkedHashMap<>();
                Map<String, Map<String, Double>> figures = new LinkedHashMap<>();
                while (json.nextToken() == JsonToken.FIELD_NAME) {
                    String name = json.currentName();
                    if (json.nextToken() == JsonToken.START_OBJECT) {
                        figures.put(name, figures(json));
                    } else {
                        fields.put(name, json.getText());
                    }
                }
                epochs.add(new Epoch(
                        Integer.parseInt(fields.getOrDefault("number", "")),
                        figures.getOrDefault("training", Map.of()),
                        figures.getOrDefault("validation", Map.of()),
                        Double.parseDouble(fields.getOrDefault("seconds", "")),
                        Long.parseLong(fields.getOrDefault("samples", "")),
                        Double.parseDouble(fields.getOrDefault("waiting", ""))));
            }
        }
        return epochs;
    }

    private static Map<String, Double> figures(JsonParser json) throws IOException {
        Map<String, Double> figures = new LinkedHashMap<>();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            json.nextToken();
            figures.put(name, Double.parseDouble(json.getText()));
        }
        return figures;
    }
}
