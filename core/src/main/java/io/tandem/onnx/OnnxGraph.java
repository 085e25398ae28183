package io.tandem.onnx;

import com.google.protobuf.CodedOutputStream;
import io.tandem.io.ProtobufMessage;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A graph of a file as it grows ({@code onnx.GraphProto}). The body of a loop is a graph of its own that sees the names of
 * those around it; values known beforehand are all in the outermost one.
 */
final class OnnxGraph {
    private static final int INITIALIZER = 5;

    private final Optional<OnnxGraph> outer;
    private final String name;
    private final ByteArrayOutputStream fields = new ByteArrayOutputStream();
    private final Set<String> produced = new HashSet<>();

    // Of the outermost graph:
    private final Set<String> names = new HashSet<>();
    private final List<Initializer> initializers = new ArrayList<>();
    private final Map<NDArray, String> constants = new HashMap<>();
    private final Map<List<Dim>, String> sizes = new HashMap<>();
    private Optional<String> batchInput = Optional.empty();
    private Optional<String> batch = Optional.empty();

    private OnnxGraph(Optional<OnnxGraph> outer, String name) {
        this.outer = outer;
        this.name = name;
    }

    static OnnxGraph of(String name) {
        return new OnnxGraph(Optional.empty(), name);
    }

    /** A new graph inside of this one. */
    OnnxGraph body(String bodyName) {
        return new OnnxGraph(Optional.of(this), bodyName);
    }

    private OnnxGraph outermost() {
        return outer.map(OnnxGraph::outermost).orElse(this);
    }

    /** A name that no value has yet: the wanted one if it is free, else one with a number. */
    String fresh(String wanted) {
        Set<String> taken = outermost().names;
        String free = wanted;
        for (int i = 1; !taken.add(free); i++) {
            free = wanted + "_" + i;
        }
        return free;
    }

    /** Adds an input. */
    void input(String input, DType dtype, Optional<List<Dim>> shape) {
        outermost().names.add(input);
        field(11, valueInfo(input, dtype, shape));
    }

    /** Names a value as output. */
    void output(String output, DType dtype, Optional<List<Dim>> shape) {
        field(12, valueInfo(output, dtype, shape));
    }

    /** Adds a value known beforehand, under a name that is free. */
    void initializer(Initializer initializer) {
        OnnxGraph top = outermost();
        top.names.add(initializer.name());
        top.initializers.add(initializer);
    }

    /** A constant. */
    String constant(NDArray value) {
        OnnxGraph top = outermost();
        return top.constants.computeIfAbsent(value, v -> {
            String constant = top.fresh("constant");
            top.initializers.add(new Initializer(constant, v.type(), () -> v));
            return constant;
        });
    }

    /** A scalar constant. */
    String scalar(DType dtype, double value) {
        return constant(NDArray.scalar(dtype, value));
    }

    /** A row of int64 constants: what shapes, axes and the like are given as. */
    String row(List<Long> values) {
        return constant(NDArray.ofLongs(
                Shape.of(values.size()), values.stream().mapToLong(Long::longValue).toArray()));
    }

    /** Sizes as a row of int64, computed from the batch size where they follow it. */
    String sizes(List<Dim> dims) {
        if (dims.stream().allMatch(Dim::isFixed)) {
            return row(dims.stream().map(Dim::constant).toList());
        }
        OnnxGraph top = outermost();
        String known = top.sizes.get(dims);
        if (known == null) {
            List<String> parts = dims.stream().map(top::size).toList();
            known = parts.size() == 1
                    ? parts.getFirst()
                    : top.node("sizes", "Concat", parts, Attribute.integer("axis", 0));
            top.sizes.put(dims, known);
        }
        return known;
    }

    private String size(Dim dim) {
        if (dim.isFixed()) {
            return row(List.of(dim.constant()));
        }
        String value = batch();
        if (dim.perBatch() != 1) {
            value = node("sizes", "Mul", List.of(value, row(List.of(dim.perBatch()))));
        }
        return dim.constant() == 0 ? value : node("sizes", "Add", List.of(value, row(List.of(dim.constant()))));
    }

    /** Lets the batch size be that of the first axis of an input. */
    void batchOf(String input) {
        batchInput = Optional.of(input);
    }

    private String batch() {
        if (batch.isEmpty()) {
            batch = Optional.of(node(
                    "batch", "Shape", List.of(batchInput.orElseThrow()), Attribute.integer("start", 0),
                    Attribute.integer("end", 1)));
        }
        return batch.get();
    }

    /** Adds a node with one result. */
    String node(String scope, String operation, List<String> operands, Attribute... attributes) {
        return node(scope, operation, operands, 1, List.of(attributes)).getFirst();
    }

    /** Adds a node. */
    List<String> node(
            String scope, String operation, List<String> operands, int results, List<Attribute> attributes) {
        String wanted = scope.isEmpty() ? operation : scope + "/" + operation;
        List<String> names = new ArrayList<>();
        for (int i = 0; i < results; i++) {
            names.add(fresh(i == 0 ? wanted : wanted + "." + i));
        }
        nodeTo(operation, operands, names, attributes);
        return names;
    }

    /** Adds a node whose results have given names. */
    void nodeTo(String operation, List<String> operands, List<String> results, List<Attribute> attributes) {
        produced.addAll(results);
        field(1, ProtobufMessage.of(out -> {
            for (String operand : operands) {
                out.writeString(1, operand);
            }
            for (String result : results) {
                out.writeString(2, result);
            }
            out.writeString(3, results.getFirst());
            out.writeString(4, operation);
            for (Attribute attribute : attributes) {
                out.writeByteArray(5, attribute.message());
            }
        }));
    }

    /** Whether a node of this very graph yields the value of that name. */
    boolean produces(String value) {
        return produced.contains(value);
    }

    private void field(int number, byte[] message) {
        fields.writeBytes(ProtobufMessage.of(out -> out.writeByteArray(number, message)));
    }

    private static byte[] valueInfo(String name, DType dtype, Optional<List<Dim>> shape) {
        byte[] tensor = ProtobufMessage.of(out -> {
            out.writeEnum(1, Initializer.code(dtype));
            if (shape.isPresent()) {
                out.writeByteArray(2, ProtobufMessage.of(dims -> {
                    for (Dim dim : shape.get()) {
                        dims.writeByteArray(1, ProtobufMessage.of(size -> write(size, dim)));
                    }
                }));
            }
        });
        return ProtobufMessage.of(out -> {
            out.writeString(1, name);
            out.writeByteArray(2, ProtobufMessage.of(type -> type.writeByteArray(1, tensor)));
        });
    }

    /** A size that follows the batch size but does not equal it is left open. */
    private static void write(CodedOutputStream out, Dim dim) throws IOException {
        if (dim.isFixed()) {
            out.writeInt64(1, dim.constant());
        } else if (dim.isBatch()) {
            out.writeString(2, "batch");
        }
    }

    /** The size of the encoded message. */
    long bytes() {
        long bytes = (long) head().length + fields.size();
        for (Initializer initializer : initializers) {
            long size = initializer.bytes();
            bytes += CodedOutputStream.computeTagSize(INITIALIZER) + CodedOutputStream.computeUInt64SizeNoTag(size)
                    + size;
        }
        return bytes;
    }

    /** Writes the message. */
    void write(OutputStream out) throws IOException {
        out.write(head());
        fields.writeTo(out);
        for (Initializer initializer : initializers) {
            out.write(ProtobufMessage.of(message -> {
                message.writeTag(INITIALIZER, 2);
                message.writeUInt64NoTag(initializer.bytes());
            }));
            initializer.write(out);
        }
    }

    /** The message of the body of a loop. */
    byte[] message() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            write(out);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("cannot write to memory", e);
        }
        return out.toByteArray();
    }

    private byte[] head() {
        return ProtobufMessage.of(out -> out.writeString(2, name));
    }

    /** The types of what is known beforehand, for messages. */
    long initializerBytes() {
        return initializers.stream().map(Initializer::type).mapToLong(TensorType::bytes).sum();
    }
}
