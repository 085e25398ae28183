package io.tandem.io;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Protocol buffers written field by field, without generated classes. */
public final class ProtobufMessage {
    private ProtobufMessage() {}

    /** Writes the fields of a message. */
    @FunctionalInterface
    public interface Fields {
        /** Writes everything to the stream, and leaves it open. */
        void write(CodedOutputStream out) throws IOException;
    }

    /** A message with the given fields, encoded. */
    public static byte[] of(Fields fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        try {
            fields.write(out);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write to memory", e);
        }
        return bytes.toByteArray();
    }
}
