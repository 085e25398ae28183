package io.tandem.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.tandem.tensor.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The header of a safetensors file.
 *
 * @param entries by name, in the header's order
 * @param metadata text beside the arrays
 */
record SafetensorsHeader(Map<String, Entry> entries, Map<String, String> metadata) {
    static final String METADATA = "__metadata__";

    /** Duplicate names would make the content ambiguous. */
    private static final JsonFactory JSON =
            JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    /**
     * An array.
     *
     * @param dtype the format's name of the element type
     * @param begin of its bytes, counted from the header's end
     * @param end after its last byte
     */
    record Entry(String dtype, Shape shape, long begin, long end) {}

    /**
     * Reads and checks a header.
     *
     * @param name what messages call the file
     * @param dataBytes bytes that follow the header: the arrays must fill them without gap or overlap
     * @throws FormatException if it is not valid
     */
    static SafetensorsHeader parse(String name, String text, long dataBytes) {
        if (!text.startsWith("{")) {
            throw new FormatException(name + " is not a safetensors file: its header does not start with {");
        }
        Map<String, Entry> entries = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        try (JsonParser json = JSON.createParser(text)) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String key = json.currentName();
                json.nextToken();
                if (key.equals(METADATA)) {
                    readMetadata(name, json, metadata);
                } else {
                    entries.put(key, entry(name, key, json));
                }
            }
            if (json.nextToken() != null) {
                throw new FormatException(name + ": there is something after the header's end");
            }
        } catch (JsonProcessingException e) {
            throw new FormatException(name + ": the header is not valid JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new FormatException(name + ": the header cannot be read: " + e.getMessage());
        }
        checkOffsets(name, entries, dataBytes);
        return new SafetensorsHeader(Collections.unmodifiableMap(entries), Collections.unmodifiableMap(metadata));
    }

    private static void readMetadata(String name, JsonParser json, Map<String, String> metadata) throws IOException {
        expect(name, json, JsonToken.START_OBJECT, METADATA + " must be an object of texts");
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String key = json.currentName();
            json.nextToken();
            expect(name, json, JsonToken.VALUE_STRING, METADATA + " must hold texts, '" + key + "' is none");
            metadata.put(key, json.getText());
        }
    }

    private static Entry entry(String name, String array, JsonParser json) throws IOException {
        String what = "'" + array + "'";
        expect(name, json, JsonToken.START_OBJECT, what + " must be an object");
        String dtype = "";
        Shape shape = Shape.of();
        boolean shaped = false;
        List<Long> offsets = List.of();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String key = json.currentName();
            json.nextToken();
            switch (key) {
                case "dtype" -> {
                    expect(name, json, JsonToken.VALUE_STRING, what + ": dtype must be a text");
                    dtype = json.getText();
                }
                case "shape" -> {
                    shape = shape(name, what, numbers(name, what + ": shape", json));
                    shaped = true;
                }
                case "data_offsets" -> offsets = numbers(name, what + ": data_offsets", json);
                default -> throw new FormatException(name + ": " + what + " has the unknown entry '" + key + "'");
            }
        }
        if (dtype.isEmpty() || !shaped || offsets.size() != 2) {
            throw new FormatException(
                    name + ": " + what + " needs a dtype, a shape and data_offsets with two numbers");
        }
        return new Entry(dtype, shape, offsets.get(0), offsets.get(1));
    }

    private static List<Long> numbers(String name, String what, JsonParser json) throws IOException {
        expect(name, json, JsonToken.START_ARRAY, what + " must be a list of numbers");
        List<Long> numbers = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            expect(name, json, JsonToken.VALUE_NUMBER_INT, what + " must be whole numbers");
            numbers.add(json.getLongValue());
        }
        return numbers;
    }

    private static Shape shape(String name, String what, List<Long> dims) {
        for (long dim : dims) {
            if (dim < 0 || dim > Integer.MAX_VALUE) {
                throw new FormatException(
                        "%s: %s has the size %d; from 0 to %d is possible".formatted(name, what, dim,
                                Integer.MAX_VALUE));
            }
        }
        try {
            return Shape.of(dims.stream().map(Long::intValue).toList());
        } catch (IllegalArgumentException e) {
            throw new FormatException(name + ": " + what + ": " + e.getMessage());
        }
    }

    private static void expect(String name, JsonParser json, JsonToken token, String message) {
        if (json.currentToken() != token) {
            throw new FormatException(name + ": " + message);
        }
    }

    private static void checkOffsets(String name, Map<String, Entry> entries, long dataBytes) {
        List<Map.Entry<String, Entry>> order = new ArrayList<>(entries.entrySet());
        order.sort(Comparator.comparingLong((Map.Entry<String, Entry> e) -> e.getValue().begin())
                .thenComparingLong(e -> e.getValue().end()));
        long at = 0;
        for (Map.Entry<String, Entry> named : order) {
            Entry entry = named.getValue();
            if (entry.begin() != at || entry.end() < entry.begin() || entry.end() > dataBytes) {
                throw new FormatException(
                        ("%s: '%s' lies at bytes %d to %d of %d, but the next free byte is %d: "
                                + "arrays must follow each other without gap or overlap, and end with the file")
                                .formatted(name, named.getKey(), entry.begin(), entry.end(), dataBytes, at));
            }
            OptionalInt bits = bits(entry.dtype());
            if (bits.isEmpty()) {
                throw new FormatException(
                        "%s: '%s' has the unknown element type '%s'".formatted(name, named.getKey(), entry.dtype()));
            }
            // Exact: a shape has at most 2^62 elements, and this compares in units of elements.
            long bytes = entry.end() - entry.begin();
            boolean fits = bits.getAsInt() >= 8
                    ? bytes % (bits.getAsInt() / 8) == 0
                            && bytes / (bits.getAsInt() / 8) == entry.shape().size()
                    : bytes == Math.ceilDiv(entry.shape().size(), 8 / bits.getAsInt());
            if (!fits) {
                throw new FormatException("%s: '%s' has %d bytes, which do not fit %s of %s"
                        .formatted(name, named.getKey(), bytes, entry.dtype(), entry.shape()));
            }
            at = entry.end();
        }
        if (at != dataBytes) {
            throw new FormatException(
                    "%s: the arrays end at byte %d of %d, so the header does not fit the file".formatted(name, at,
                            dataBytes));
        }
    }

    /** The size of an element in the format, also of types that Tandem does not have. */
    private static OptionalInt bits(String dtype) {
        return switch (dtype) {
            case "F64", "I64", "U64", "C64" -> OptionalInt.of(64);
            case "F32", "I32", "U32" -> OptionalInt.of(32);
            case "F16", "BF16", "I16", "U16" -> OptionalInt.of(16);
            case "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0" -> OptionalInt.of(8);
            case "F4" -> OptionalInt.of(4);
            default -> OptionalInt.empty();
        };
    }
}
