package io.tandem.cpu.onednn;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.CRC32;

/**
 * A native library on the class path, with what is needed to recognise a copy of it.
 *
 * @param file file name
 * @param location where it is read from
 * @param size its bytes
 * @param checksum CRC-32 of its bytes. From a jar it is read from the jar's directory, without unpacking; the check is
 *     against damage, the folder's permissions are what keeps others from writing to it
 */
record NativeResource(String file, URL location, long size, long checksum) {

    static NativeResource of(String file, URL location) throws IOException {
        URLConnection connection = location.openConnection();
        connection.setUseCaches(false);
        if (connection instanceof JarURLConnection jarConnection) {
            try (JarFile jar = jarConnection.getJarFile()) {
                JarEntry entry = jar.getJarEntry(jarConnection.getEntryName());
                if (entry != null && entry.getSize() >= 0 && entry.getCrc() >= 0) {
                    return new NativeResource(file, location, entry.getSize(), entry.getCrc());
                }
            }
        }
        try (InputStream in = open(location)) {
            CRC32 crc = new CRC32();
            long size = sum(in, crc);
            return new NativeResource(file, location, size, crc.getValue());
        }
    }

    InputStream open() throws IOException {
        return open(location);
    }

    /** Whether a file holds exactly this library. */
    boolean matches(Path copy) throws IOException {
        if (!Files.isRegularFile(copy) || Files.size(copy) != size) {
            return false;
        }
        try (InputStream in = Files.newInputStream(copy)) {
            CRC32 crc = new CRC32();
            return sum(in, crc) == size && crc.getValue() == checksum;
        }
    }

    private static InputStream open(URL location) throws IOException {
        URLConnection connection = location.openConnection();
        connection.setUseCaches(false);
        return connection.getInputStream();
    }

    private static long sum(InputStream in, CRC32 crc) throws IOException {
        byte[] buffer = new byte[1 << 18];
        long size = 0;
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            crc.update(buffer, 0, n);
            size += n;
        }
        return size;
    }
}
