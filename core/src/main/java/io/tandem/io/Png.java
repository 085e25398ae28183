package io.tandem.io;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/** Encodes arrays as PNG pictures (ISO/IEC 15948), so that no desktop library is needed for it. */
final class Png {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

    private Png() {}

    /** Encodes [channels, height, width] with 1, 3 or 4 channels; bytes, or floats from 0 to 1. */
    static byte[] encode(NDArray image) {
        if (!EventFile.isImage(image)) {
            throw new IllegalArgumentException(
                    "a picture is [channels, height, width] with 1, 3 or 4 channels of bytes or floats, got "
                            + image.type());
        }
        int channels = image.shape().dim(0);
        int height = image.shape().dim(1);
        int width = image.shape().dim(2);
        byte[] rows = new byte[height * (1 + width * channels)];
        int at = 0;
        for (int y = 0; y < height; y++) {
            // Each row begins with its filter: none.
            at++;
            for (int x = 0; x < width; x++) {
                for (int c = 0; c < channels; c++) {
                    rows[at++] = (byte) level(image, ((long) c * height + y) * width + x);
                }
            }
        }
        int colour = channels == 1 ? 0 : channels == 3 ? 2 : 6;
        byte[] header = ByteBuffer.allocate(13)
                .putInt(width)
                .putInt(height)
                .put((byte) 8)
                .put((byte) colour)
                .array();
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        png.writeBytes(SIGNATURE);
        chunk(png, "IHDR", header);
        chunk(png, "IDAT", deflated(rows));
        chunk(png, "IEND", new byte[0]);
        return png.toByteArray();
    }

    private static int level(NDArray image, long index) {
        double value = image.getDouble(index);
        return image.dtype() == DType.U8 ? (int) value : (int) Math.round(255 * Math.clamp(value, 0, 1));
    }

    private static byte[] deflated(byte[] rows) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Deflater deflater = new Deflater();
        try (DeflaterOutputStream out = new DeflaterOutputStream(bytes, deflater)) {
            out.write(rows);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException("cannot write to memory", e);
        } finally {
            deflater.end();
        }
        return bytes.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream png, String type, byte[] data) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(data);
        png.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
        png.writeBytes(name);
        png.writeBytes(data);
        png.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }
}
