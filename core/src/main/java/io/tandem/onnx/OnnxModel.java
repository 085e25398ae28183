package io.tandem.onnx;

import io.tandem.graph.GraphException;
import io.tandem.io.ProtobufMessage;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;

/**
 * The content of a file ({@code onnx.ModelProto}).
 *
 * @param graph the graph, complete
 * @param description what the file says of itself
 */
record OnnxModel(OnnxGraph graph, String description) {
    private static final int GRAPH = 7;
    private static final long ROOM_FOR_HEAD = 1 << 16;

    /** Checks the size. */
    OnnxModel {
        long bytes = graph.bytes();
        if (bytes > Integer.MAX_VALUE - ROOM_FOR_HEAD) {
            throw new GraphException(String.format(
                    Locale.ROOT,
                    "onnx: the model needs %,d bytes, %,d of them for parameters and constants; an ONNX file holds 2 GB at"
                            + " most",
                    bytes,
                    graph.initializerBytes()));
        }
    }

    void write(OutputStream out) throws IOException {
        byte[] operators = ProtobufMessage.of(set -> set.writeInt64(2, OnnxExport.OPERATOR_SET));
        out.write(ProtobufMessage.of(head -> {
            head.writeInt64(1, OnnxExport.IR_VERSION);
            head.writeString(2, "Tandem");
            head.writeString(6, description);
            head.writeByteArray(8, operators);
            head.writeTag(GRAPH, 2);
            head.writeUInt64NoTag(graph.bytes());
        }));
        graph.write(out);
    }
}
