package io.tandem.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.CodedInputStream;
import io.tandem.graph.GraphException;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OnnxModelTest {
    @Test
    void theHeadSaysWhatReadersAskFor() throws IOException {
        OnnxGraph graph = OnnxGraph.of("g");
        NDArray value = NDArray.of(Shape.of(3), 1, 2, 3);
        graph.initializer(new Initializer("0.weight", value.type(), () -> value));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new OnnxModel(graph, "about").write(out);
        CodedInputStream in = CodedInputStream.newInstance(out.toByteArray());
        assertEquals(1 << 3, in.readTag());
        assertEquals(OnnxExport.IR_VERSION, in.readInt64());
        assertEquals(2 << 3 | 2, in.readTag());
        assertEquals("Tandem", in.readString());
        assertEquals(6 << 3 | 2, in.readTag());
        assertEquals("about", in.readString());
        assertEquals(8 << 3 | 2, in.readTag());
        in.readByteArray();
        assertEquals(7 << 3 | 2, in.readTag());
        assertEquals(graph.bytes(), in.readByteArray().length);
        assertTrue(in.isAtEnd());
    }

    @Test
    void twoGigabytesAreTooMuch() {
        OnnxGraph graph = OnnxGraph.of("g");
        graph.initializer(new Initializer("w", TensorType.f32(30_000, 30_000), () -> {
            throw new AssertionError("never asked for");
        }));
        String message = assertThrows(GraphException.class, () -> new OnnxModel(graph, "")).getMessage();
        assertTrue(message.contains("3,600,000,000") && message.contains("2 GB"), message);
    }

    @Test
    void sizesThatFollowTheBatch() {
        List<Integer> batches = List.of(2, 3, 7);
        assertEquals(Optional.of(Dim.fixed(5)), Dim.fit(batches, List.of(5L, 5L, 5L)));
        assertEquals(Optional.of(new Dim(1, 0)), Dim.fit(batches, List.of(2L, 3L, 7L)));
        assertEquals(Optional.of(new Dim(4, -1)), Dim.fit(batches, List.of(7L, 11L, 27L)));
        assertEquals(Optional.empty(), Dim.fit(batches, List.of(4L, 9L, 49L)));
    }
}
