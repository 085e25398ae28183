package io.tandem.onnx;

import com.google.protobuf.CodedOutputStream;
import io.tandem.io.ProtobufMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * An attribute of a node, encoded as {@code onnx.AttributeProto}.
 *
 * @param message the encoded message
 */
record Attribute(byte[] message) {
    private static final int FLOAT = 1;
    private static final int INT = 2;
    private static final int STRING = 3;
    private static final int GRAPH = 5;
    private static final int INTS = 7;

    static Attribute integer(String name, long value) {
        return of(name, INT, out -> out.writeInt64(3, value));
    }

    static Attribute integers(String name, List<Integer> values) {
        return of(name, INTS, out -> {
            for (int value : values) {
                out.writeInt64(8, value);
            }
        });
    }

    static Attribute real(String name, double value) {
        return of(name, FLOAT, out -> out.writeFloat(2, (float) value));
    }

    static Attribute text(String name, String value) {
        return of(name, STRING, out -> out.writeByteArray(4, value.getBytes(StandardCharsets.UTF_8)));
    }

    /** A graph, encoded as {@code onnx.GraphProto}. */
    static Attribute graph(String name, byte[] graph) {
        return of(name, GRAPH, out -> out.writeByteArray(6, graph));
    }

    private static Attribute of(String name, int type, ProtobufMessage.Fields value) {
        return new Attribute(ProtobufMessage.of(out -> write(out, name, type, value)));
    }

    private static void write(CodedOutputStream out, String name, int type, ProtobufMessage.Fields value)
            throws IOException {
        out.writeString(1, name);
        value.write(out);
        out.writeEnum(20, type);
    }
}
