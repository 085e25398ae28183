package io.tandem.cpu.winograd;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where the tiles of a batch of images are: for each tile an entry with its offset from the image memory's start (of
 * channel block 0), and for each of its columns and rows whether it lies in the image. Images are
 * [N, channels / 16, height, width, 16].
 */
final class TileGrid {
    // an entry, in bytes
    static final int OFFSET = 0;
    /** A mask of 16 lanes per column. */
    static final int COLUMNS = 8;
    /** Two bytes per row. */
    static final int ROWS = COLUMNS + 2 * Transform.POINTS;

    static final int ENTRY_BYTES = 32;

    /** Code may look at the entry this many tiles further on, also behind the last one. */
    static final int AHEAD = 2;

    /** Bytes of one pixel of one channel block. */
    static final int PIXEL_BYTES = 64;

    private final MemorySegment entries;
    private final int tiles;

    private TileGrid(MemorySegment entries, int tiles) {
        this.entries = entries;
        this.tiles = tiles;
    }

    /**
     * The sizes of a batch of images in memory.
     *
     * @param blocks channels / 16
     */
    record Images(int count, int blocks, int height, int width) {
        long rowBytes() {
            return (long) width * PIXEL_BYTES;
        }

        /** The distance of channel blocks. */
        long blockBytes() {
            return height * rowBytes();
        }
    }

    /**
     * A grid of squares over each image.
     *
     * @param size rows and columns of a square
     * @param down number of squares above each other; one begins {@link Transform#RESULTS} rows below the other
     * @param across number of squares side by side
     * @param top rows of the first square that lie above the image; may be negative
     * @param left columns of the first square that lie left of the image; may be negative
     */
    static TileGrid of(Arena arena, Images images, int size, int down, int across, int top, int left) {
        int tiles = Math.multiplyExact(images.count, down * across);
        MemorySegment entries = arena.allocate((tiles + (long) AHEAD) * ENTRY_BYTES, 64);
        long at = 0;
        for (int n = 0; n < images.count; n++) {
            for (int i = 0; i < down; i++) {
                for (int j = 0; j < across; j++) {
                    long row = (long) i * Transform.RESULTS - top;
                    long column = (long) j * Transform.RESULTS - left;
                    long offset = n * images.blocks * images.blockBytes()
                            + row * images.rowBytes()
                            + column * PIXEL_BYTES;
                    entries.set(ValueLayout.JAVA_LONG, at + OFFSET, offset);
                    for (int k = 0; k < size; k++) {
                        boolean inside = column + k >= 0 && column + k < images.width;
                        entries.set(ValueLayout.JAVA_SHORT, at + COLUMNS + 2L * k, (short) (inside ? -1 : 0));
                        boolean below = row + k >= 0 && row + k < images.height;
                        entries.set(ValueLayout.JAVA_SHORT, at + ROWS + 2L * k, (short) (below ? -1 : 0));
                    }
                    at += ENTRY_BYTES;
                }
            }
        }
        return new TileGrid(entries, tiles);
    }

    /** The number of tiles of all images. */
    int tiles() {
        return tiles;
    }

    /** The address of a tile's entry. */
    long entry(int tile) {
        return entries.address() + (long) tile * ENTRY_BYTES;
    }
}
