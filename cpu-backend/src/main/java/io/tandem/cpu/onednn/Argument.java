package io.tandem.cpu.onednn;

/**
 * Which operand or result of a primitive a memory is.
 *
 * @param code oneDNN's number
 * @param name for messages
 */
public record Argument(int code, String name) {
    /** Source; of reorders what is copied. */
    public static final Argument SRC = new Argument(1, "src");
    /** Second source of binary operations. */
    public static final Argument SRC_1 = new Argument(2, "src 1");
    /** Destination. */
    public static final Argument DST = new Argument(17, "dst");
    /** Weights; of matmul the second factor. */
    public static final Argument WEIGHTS = new Argument(33, "weights");
    /** Bias. */
    public static final Argument BIAS = new Argument(41, "bias");

    /** Inputs of a recurrent layer, [time, batch, channels]. */
    public static final Argument SRC_LAYER = new Argument(1, "src layer");
    /** Hidden state before the first step. */
    public static final Argument SRC_ITER = new Argument(2, "src iter");
    /** Cell state before the first step. */
    public static final Argument SRC_ITER_C = new Argument(3, "src iter c");
    /** Outputs of a recurrent layer, [time, batch, channels]. */
    public static final Argument DST_LAYER = new Argument(17, "dst layer");
    /** Hidden state after the last step. */
    public static final Argument DST_ITER = new Argument(18, "dst iter");
    /** Cell state after the last step. */
    public static final Argument DST_ITER_C = new Argument(19, "dst iter c");
    /** Input weights of a recurrent layer. */
    public static final Argument WEIGHTS_LAYER = new Argument(33, "weights layer");
    /** Recurrent weights. */
    public static final Argument WEIGHTS_ITER = new Argument(34, "weights iter");

    /** Means of a normalization. */
    public static final Argument MEAN = new Argument(49, "mean");
    /** Variances of a normalization. */
    public static final Argument VARIANCE = new Argument(50, "variance");
    /** Scale of a normalization. */
    public static final Argument SCALE = new Argument(51, "scale");
    /** Shift of a normalization. */
    public static final Argument SHIFT = new Argument(52, "shift");

    /** What a forward primitive leaves for its backward primitive. */
    public static final Argument WORKSPACE = new Argument(64, "workspace");
    /** Memory that the primitive needs while it runs. */
    public static final Argument SCRATCHPAD = new Argument(80, "scratchpad");

    /** Gradient with respect to the source. */
    public static final Argument DIFF_SRC = new Argument(129, "diff src");
    /** Gradient with respect to the destination. */
    public static final Argument DIFF_DST = new Argument(145, "diff dst");
    /** Gradient with respect to the weights. */
    public static final Argument DIFF_WEIGHTS = new Argument(161, "diff weights");
    /** Gradient with respect to the bias. */
    public static final Argument DIFF_BIAS = new Argument(169, "diff bias");
    /** Gradient with respect to the inputs of a recurrent layer. */
    public static final Argument DIFF_SRC_LAYER = new Argument(129, "diff src layer");
    /** Gradient with respect to the first hidden state. */
    public static final Argument DIFF_SRC_ITER = new Argument(130, "diff src iter");
    /** Gradient with respect to the first cell state. */
    public static final Argument DIFF_SRC_ITER_C = new Argument(131, "diff src iter c");
    /** Gradient with respect to the outputs of a recurrent layer. */
    public static final Argument DIFF_DST_LAYER = new Argument(145, "diff dst layer");
    /** Gradient with respect to the last hidden state. */
    public static final Argument DIFF_DST_ITER = new Argument(146, "diff dst iter");
    /** Gradient with respect to the last cell state. */
    public static final Argument DIFF_DST_ITER_C = new Argument(147, "diff dst iter c");
    /** Gradient with respect to the input weights of a recurrent layer. */
    public static final Argument DIFF_WEIGHTS_LAYER = new Argument(161, "diff weights layer");
    /** Gradient with respect to the recurrent weights. */
    public static final Argument DIFF_WEIGHTS_ITER = new Argument(162, "diff weights iter");
    /** Gradient with respect to the scale of a normalization. */
    public static final Argument DIFF_SCALE = new Argument(255, "diff scale");
    /** Gradient with respect to the shift of a normalization. */
    public static final Argument DIFF_SHIFT = new Argument(256, "diff shift");

    private static final int MULTIPLE_SOURCE = 1024;
    private static final int POST_OP = 32768;

    /** The source of a binary post-operation. */
    public static Argument postOpSource(int index) {
        return new Argument(POST_OP * (index + 1) | SRC_1.code, "source of post-operation " + index);
    }

    /** One of the sources of a sum. */
    public static Argument source(int index) {
        return new Argument(MULTIPLE_SOURCE + index, "src " + index);
    }

    @Override
    public String toString() {
        return name;
    }

    /** Whether two arguments have the same number; source and source of a layer, say, are one. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Argument that && code == that.code;
    }

    @Override
    public int hashCode() {
        return code;
    }
}
