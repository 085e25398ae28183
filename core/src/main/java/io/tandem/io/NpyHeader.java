package io.tandem.io;

import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The dictionary at the start of an npy file.
 *
 * @param type element type and shape
 * @param bigEndian whether elements are stored with their highest byte first
 * @param fortranOrder whether the first axis varies fastest
 */
record NpyHeader(TensorType type, boolean bigEndian, boolean fortranOrder) {
    private static final Pattern DESCR = entry("descr", "(['\"])([^'\"]*)\\1");
    private static final Pattern ORDER = entry("fortran_order", "(True|False)");
    private static final Pattern SHAPE = entry("shape", "\\(([^()]*)\\)");

    private static Pattern entry(String key, String value) {
        return Pattern.compile("(?:[{,]|^)\\s*(?:'" + key + "'|\"" + key + "\")\\s*:\\s*" + value);
    }

    /** Reads a dictionary such as {@code {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }}. */
    static NpyHeader parse(String name, String text) {
        String trimmed = text.strip();
        if (!trimmed.startsWith("{") || !trimmed.endsWith("}")) {
            throw new FormatException("%s: the header is not a dictionary: %s".formatted(name, shortened(trimmed)));
        }
        Matcher descr = find(name, "descr", DESCR, trimmed);
        Matcher order = find(name, "fortran_order", ORDER, trimmed);
        Matcher shape = find(name, "shape", SHAPE, trimmed);
        String code = descr.group(2);
        DType dtype = dtype(code)
                .orElseThrow(() -> new FormatException("%s: elements of type '%s' are not supported; these are: %s"
                        .formatted(
                                name,
                                shortened(code),
                                List.of(DType.values()).stream()
                                        .flatMap(d -> code(d).stream())
                                        .collect(Collectors.joining(", ")))));
        return new NpyHeader(
                new TensorType(dtype, shape(name, shape.group(1))),
                code.charAt(0) == '>' && dtype.bytes() > 1,
                order.group(1).equals("True"));
    }

    private static Matcher find(String name, String key, Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.find()) {
            throw new FormatException(
                    "%s: the header has no valid entry '%s': %s".formatted(name, key, shortened(text)));
        }
        return matcher;
    }

    private static Shape shape(String name, String text) {
        List<Integer> dims = new ArrayList<>();
        for (String part : text.split(",")) {
            String number = part.strip();
            if (number.isEmpty()) {
                continue;
            }
            try {
                dims.add(Integer.parseInt(number));
            } catch (NumberFormatException e) {
                throw new FormatException("%s: size '%s' in the shape (%s) is not a number up to %,d"
                        .formatted(name, shortened(number), shortened(text), Integer.MAX_VALUE));
            }
        }
        try {
            return Shape.of(dims);
        } catch (IllegalArgumentException e) {
            throw new FormatException(name + ": " + e.getMessage());
        }
    }

    /** The header's text, without the padding that follows it. */
    static String text(TensorType type) {
        String code = code(type.dtype())
                .orElseThrow(() -> new FormatException(
                        "npy has no element type for " + type + "; cast the array to f32 before writing"));
        String dims = type.shape().dims().stream().map(d -> d + ",").collect(Collectors.joining(" "));
        String tuple = type.shape().rank() > 1 ? dims.substring(0, dims.length() - 1) : dims;
        return "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }".formatted(code, tuple);
    }

    private static Optional<DType> dtype(String code) {
        if (code.length() != 3) {
            return Optional.empty();
        }
        for (DType dtype : DType.values()) {
            Optional<String> known = code(dtype);
            boolean sameKind = known.isPresent() && known.get().substring(1).equals(code.substring(1));
            boolean order = "<>=".indexOf(code.charAt(0)) >= 0 || dtype.bytes() == 1 && code.charAt(0) == '|';
            if (sameKind && order) {
                return Optional.of(dtype);
            }
        }
        return Optional.empty();
    }

    private static Optional<String> code(DType dtype) {
        return switch (dtype) {
            case F64 -> Optional.of("<f8");
            case F32 -> Optional.of("<f4");
            case F16 -> Optional.of("<f2");
            case BF16 -> Optional.empty();
            case I64 -> Optional.of("<i8");
            case I32 -> Optional.of("<i4");
            case U8 -> Optional.of("|u1");
            case BOOL -> Optional.of("|b1");
        };
    }

    private static String shortened(String text) {
        return text.length() <= 80 ? text : text.substring(0, 80) + "...";
    }
}
