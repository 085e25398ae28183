package io.tandem.onnx;

import com.google.protobuf.CodedOutputStream;
import io.tandem.io.ProtobufMessage;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Supplier;

/**
 * A value in a file, as {@code onnx.TensorProto}.
 *
 * @param name what nodes call it
 * @param type element type and shape
 * @param value the value, asked for when it is written
 */
record Initializer(String name, TensorType type, Supplier<NDArray> value) {
    private static final int RAW_DATA = 9;
    private static final int CHUNK = 1 << 16;

    /** The number of an element type in {@code onnx.TensorProto.DataType}. */
    static int code(DType dtype) {
        return switch (dtype) {
            case F32 -> 1;
            case U8 -> 2;
            case I32 -> 6;
            case I64 -> 7;
            case BOOL -> 9;
            case F16 -> 10;
            case F64 -> 11;
            case BF16 -> 16;
        };
    }

    /** The size of the encoded message. */
    long bytes() {
        long data = type.bytes();
        return header().length + CodedOutputStream.computeTagSize(RAW_DATA)
                + CodedOutputStream.computeUInt64SizeNoTag(data) + data;
    }

    void write(OutputStream out) throws IOException {
        out.write(header());
        out.write(ProtobufMessage.of(message -> {
            message.writeTag(RAW_DATA, 2);
            message.writeUInt64NoTag(type.bytes());
        }));
        MemorySegment data = value.get().segment();
        byte[] chunk = new byte[CHUNK];
        for (long at = 0; at < data.byteSize(); at += chunk.length) {
            int size = (int) Math.min(chunk.length, data.byteSize() - at);
            MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, chunk, 0, size);
            out.write(chunk, 0, size);
        }
    }

    private byte[] header() {
        return ProtobufMessage.of(out -> {
            for (int dim : type.shape().dims()) {
                out.writeInt64(1, dim);
            }
            out.writeEnum(2, code(type.dtype()));
            out.writeString(8, name);
        });
    }
}
