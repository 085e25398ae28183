package io.tandem.cpu.onednn;

/**
 * Layouts of activations, for any number of spatial axes from 1 to 3; axis 0 is the batch, axis 1 the channels. Other
 * layouts of plain memory are described by strides.
 */
public enum FormatTag {
    /** Left to oneDNN; the primitive descriptor tells what it chose. */
    ANY,
    /** Row-major: nchw and its relatives. */
    PLAIN,
    /** Channels last: nhwc and its relatives. */
    CHANNELS_LAST,
    /** Blocks of 8 channels, innermost: nChw8c and its relatives. The channels are padded to a multiple of 8. */
    BLOCKED_8,
    /** Blocks of 16 channels, innermost: nChw16c and its relatives. The channels are padded to a multiple of 16. */
    BLOCKED_16;

    /** The code of this layout for tensors of a rank. */
    int code(int rank) {
        return switch (this) {
            case ANY -> 1;
            case PLAIN -> {
                if (rank < 1 || rank > 12) {
                    throw new IllegalArgumentException("rank " + rank + " is not from 1 to 12");
                }
                yield 1 + rank;
            }
            case CHANNELS_LAST -> spatial(rank, 15, 22, 33);
            case BLOCKED_8 -> spatial(rank, 69, 102, 142);
            case BLOCKED_16 -> spatial(rank, 56, 78, 121);
        };
    }

    private int spatial(int rank, int one, int two, int three) {
        return switch (rank) {
            case 3 -> one;
            case 4 -> two;
            case 5 -> three;
            default -> throw new IllegalArgumentException(
                    this + " needs a batch, channels and one to three spatial axes, not rank " + rank);
        };
    }
}
