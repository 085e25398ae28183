package io.tandem.io;

import io.tandem.tensor.NDArray;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/** A checksum of named arrays that says whether two sets of values are equal bit for bit. */
public final class Checksum {
    private static final int CHUNK = 1 << 16;

    private Checksum() {}

    /** The SHA-256 of names, types and bytes, in 64 hexadecimal digits; the order of the map does not matter. */
    public static String sha256(Map<String, NDArray> arrays) {
        return sha256(arrays, Map.of());
    }

    /** The SHA-256 of arrays and texts. */
    public static String sha256(Map<String, NDArray> arrays, Map<String, String> texts) {
        MessageDigest digest = digest();
        byte[] chunk = new byte[CHUNK];
        new TreeMap<>(arrays).forEach((name, array) -> {
            add(digest, name);
            add(digest, array.type().toString());
            MemorySegment data = array.segment();
            for (long at = 0; at < data.byteSize(); at += CHUNK) {
                int size = (int) Math.min(CHUNK, data.byteSize() - at);
                MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, chunk, 0, size);
                digest.update(chunk, 0, size);
            }
        });
        new TreeMap<>(texts).forEach((name, text) -> {
            add(digest, name);
            add(digest, text);
        });
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Texts end with a zero, so that their borders count. */
    private static void add(MessageDigest digest, String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
