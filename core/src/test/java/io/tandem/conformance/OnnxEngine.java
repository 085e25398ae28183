package io.tandem.conformance;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;

/** An ONNX file in ONNX Runtime, which knows nothing of Tandem. */
public final class OnnxEngine implements AutoCloseable {
    private final OrtEnvironment environment;
    private final OrtSession session;

    private OnnxEngine(OrtEnvironment environment, OrtSession session) {
        this.environment = environment;
        this.session = session;
    }

    /** Skips the test, and says why, where ONNX Runtime has no native library for this machine. */
    public static void require() {
        try {
            OrtEnvironment.getEnvironment();
        } catch (UnsatisfiedLinkError | NoClassDefFoundError | ExceptionInInitializerError | IllegalStateException e) {
            Assumptions.abort("ONNX Runtime cannot be loaded here: " + e);
        }
    }

    /** Reads a file. */
    public static OnnxEngine of(byte[] file) throws OrtException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setSessionLogLevel(ai.onnxruntime.OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
            return new OnnxEngine(environment, environment.createSession(file, options));
        }
    }

    /** The names of the inputs. */
    public Set<String> inputs() {
        return session.getInputNames();
    }

    /** The outputs by name. */
    public Map<String, NDArray> run(Map<String, NDArray> inputs) throws OrtException {
        Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
        try {
            for (Map.Entry<String, NDArray> input : inputs.entrySet()) {
                tensors.put(input.getKey(), tensor(input.getValue()));
            }
            Map<String, NDArray> outputs = new LinkedHashMap<>();
            try (OrtSession.Result result = session.run(tensors)) {
                for (Map.Entry<String, OnnxValue> output : result) {
                    outputs.put(output.getKey(), array((OnnxTensor) output.getValue()));
                }
            }
            return outputs;
        } finally {
            tensors.values().forEach(OnnxTensor::close);
        }
    }

    private OnnxTensor tensor(NDArray value) throws OrtException {
        ByteBuffer data = ByteBuffer.allocateDirect(Math.toIntExact(value.type().bytes()))
                .order(ByteOrder.LITTLE_ENDIAN);
        MemorySegment.ofBuffer(data).copyFrom(value.segment());
        long[] shape = Arrays.stream(value.shape().toArray()).asLongStream().toArray();
        return OnnxTensor.createTensor(environment, data, shape, javaType(value.dtype()));
    }

    private static NDArray array(OnnxTensor tensor) {
        int[] dims = Arrays.stream(tensor.getInfo().getShape()).mapToInt(Math::toIntExact).toArray();
        TensorType type = new TensorType(dtype(tensor.getInfo().type), Shape.of(dims));
        MemorySegment copy = NDArray.allocate(type);
        copy.copyFrom(MemorySegment.ofBuffer(tensor.getByteBuffer()).asSlice(0, type.bytes()));
        return NDArray.wrap(type, copy);
    }

    private static OnnxJavaType javaType(DType dtype) {
        return switch (dtype) {
            case F64 -> OnnxJavaType.DOUBLE;
            case F32 -> OnnxJavaType.FLOAT;
            case F16 -> OnnxJavaType.FLOAT16;
            case BF16 -> OnnxJavaType.BFLOAT16;
            case I64 -> OnnxJavaType.INT64;
            case I32 -> OnnxJavaType.INT32;
            case U8 -> OnnxJavaType.UINT8;
            case BOOL -> OnnxJavaType.BOOL;
        };
    }

    private static DType dtype(OnnxJavaType type) {
        return Arrays.stream(DType.values())
                .filter(dtype -> javaType(dtype) == type)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no element type for " + type));
    }

    @Override
    public void close() throws OrtException {
        session.close();
    }
}
