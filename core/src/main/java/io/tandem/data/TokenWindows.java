package io.tandem.data;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Windows of a sequence of tokens for next-token prediction: the first column holds {@code context} tokens, the second
 * the same number of tokens one position later. Both are {@code i32[context]}. Windows are slices of one array, not
 * copies.
 */
public final class TokenWindows implements Dataset {
    private final NDArray tokens;
    private final int context;
    private final int stride;
    private final int size;

    private TokenWindows(NDArray tokens, int context, int stride) {
        if (tokens.dtype() != DType.I32 || tokens.shape().rank() != 1) {
            throw new IllegalArgumentException("tokens must be i32[length], got " + tokens.type());
        }
        if (context < 1 || stride < 1) {
            throw new IllegalArgumentException(
                    "context and stride must be at least 1, are %d and %d".formatted(context, stride));
        }
        int length = tokens.shape().dim(0);
        if (length <= context) {
            throw new IllegalArgumentException(
                    ("%d tokens are too few for one window of %d tokens and the next one; use a "
                            + "shorter context or more text")
                            .formatted(length, context));
        }
        this.tokens = tokens;
        this.context = context;
        this.stride = stride;
        this.size = (length - 1 - context) / stride + 1;
    }

    /**
     * Windows that start at every token, as training wants them.
     *
     * @param tokens {@code i32[length]}, longer than the context
     * @param context tokens per window
     */
    public static TokenWindows sliding(NDArray tokens, int context) {
        return new TokenWindows(tokens, context, 1);
    }

    /** Windows that follow one another without overlap, as evaluation wants them: every token is predicted once. */
    public static TokenWindows consecutive(NDArray tokens, int context) {
        return new TokenWindows(tokens, context, context);
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public List<TensorType> types() {
        TensorType window = TensorType.of(DType.I32, context);
        return List.of(window, window);
    }

    @Override
    public void read(int[] indices, Pass pass, List<MemorySegment> into) {
        ReadArguments.check(this, indices, into);
        long window = 4L * context;
        for (int i = 0; i < indices.length; i++) {
            long from = 4L * indices[i] * stride;
            MemorySegment.copy(tokens.segment(), from, into.get(0), i * window, window);
            MemorySegment.copy(tokens.segment(), from + 4, into.get(1), i * window, window);
        }
    }

    @Override
    public String toString() {
        return "%d windows of %d tokens".formatted(size, context);
    }
}
