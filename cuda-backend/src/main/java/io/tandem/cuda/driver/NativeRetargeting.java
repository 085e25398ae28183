package io.tandem.cuda.driver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Points a 64-bit ELF library at another major version of the libraries that it needs, in a copy.
 *
 * <p>JCuda's natives ask for {@code libcublas.so.12} and {@code libnvrtc.so.12}. CUDA 13 has every function that they
 * call, under new library names. The names lie in the string table of the dynamic section; versioned symbols also name
 * the library's version tag, by string and by the ELF hash of the string. Old and new names have the same length, so
 * nothing moves: two bytes of each name, and four of each hash, change (System V ABI, "Dynamic Linking"; symbol
 * versioning after the LSB core specification).
 */
final class NativeRetargeting {

    private static final int PROGRAM_LOAD = 1;
    private static final int PROGRAM_DYNAMIC = 2;
    private static final int SECTION_DYNAMIC_SYMBOLS = 11;
    private static final long NEEDED = 1;
    private static final long STRING_TABLE = 5;
    private static final long SONAME = 14;
    private static final long RPATH = 15;
    private static final long RUNPATH = 29;
    private static final long VERSION_NEEDED = 0x6FFFFFFEL;
    private static final long VERSION_NEEDED_COUNT = 0x6FFFFFFFL;

    private final ByteBuffer file;
    private final List<long[]> segments = new ArrayList<>();
    private final List<long[]> dynamic = new ArrayList<>();
    private final int strings;

    private NativeRetargeting(byte[] content) {
        file = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        if (content.length < 64 || file.getInt(0) != 0x464C457F || file.get(4) != 2 || file.get(5) != 1) {
            throw new IllegalArgumentException("not a 64-bit little-endian ELF file");
        }
        int headers = (int) file.getLong(32);
        int headerSize = file.getShort(54);
        int headerCount = file.getShort(56);
        int dynamicAt = -1;
        int dynamicBytes = 0;
        for (int i = 0; i < headerCount; i++) {
            int at = headers + i * headerSize;
            if (file.getInt(at) == PROGRAM_LOAD) {
                segments.add(new long[] {file.getLong(at + 16), file.getLong(at + 8), file.getLong(at + 32)});
            } else if (file.getInt(at) == PROGRAM_DYNAMIC) {
                dynamicAt = (int) file.getLong(at + 8);
                dynamicBytes = (int) file.getLong(at + 32);
            }
        }
        if (dynamicAt < 0) {
            throw new IllegalArgumentException("an ELF file without a dynamic section");
        }
        for (int at = dynamicAt; at < dynamicAt + dynamicBytes && file.getLong(at) != 0; at += 16) {
            dynamic.add(new long[] {file.getLong(at), file.getLong(at + 8)});
        }
        strings = offset(dynamicValue(STRING_TABLE));
    }

    /**
     * Renames libraries.
     *
     * @param content the library file, unchanged
     * @param names   old and new names of equal length
     * @return a copy; equal to the content if it needs none of the libraries
     * @throws IllegalArgumentException if the file is not as expected, or a name's bytes serve something else as well
     */
    static byte[] retarget(byte[] content, Map<String, String> names) {
        names.forEach((old, renamed) -> {
            if (old.length() != renamed.length()) {
                throw new IllegalArgumentException(old + " and " + renamed + " differ in length");
            }
        });
        byte[] copy = content.clone();
        new NativeRetargeting(copy).rename(names);
        return copy;
    }

    /** Names of the libraries that a file needs. */
    static List<String> needed(byte[] content) {
        NativeRetargeting elf = new NativeRetargeting(content);
        return elf.dynamic.stream()
                .filter(entry -> entry[0] == NEEDED)
                .map(entry -> elf.string((int) entry[1]))
                .toList();
    }

    private long dynamicValue(long tag) {
        return dynamic.stream()
                .filter(entry -> entry[0] == tag)
                .mapToLong(entry -> entry[1])
                .findFirst()
                .orElse(0);
    }

    private int offset(long address) {
        for (long[] segment : segments) {
            if (address >= segment[0] && address < segment[0] + segment[2]) {
                return (int) (address - segment[0] + segment[1]);
            }
        }
        throw new IllegalArgumentException("address 0x" + Long.toHexString(address) + " lies in no segment");
    }

    private String string(int index) {
        int end = strings + index;
        while (file.get(end) != 0) {
            end++;
        }
        byte[] bytes = new byte[end - strings - index];
        file.get(strings + index, bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private void rename(Map<String, String> names) {
        Map<Integer, String> used = new HashMap<>();
        Map<Integer, String> hashes = new HashMap<>();
        for (long[] entry : dynamic) {
            String name = entry[0] == NEEDED ? string((int) entry[1]) : "";
            if (names.containsKey(name)) {
                used.put((int) entry[1], name);
            }
        }
        collectVersions(names, used, hashes);
        Set<Integer> others = otherStrings(names);
        used.forEach((index, old) -> {
            for (int other : others) {
                if (other >= index && other < index + old.length()) {
                    throw new IllegalArgumentException("the bytes of " + old + " are part of another string");
                }
            }
        });
        used.forEach((index, old) -> file.put(
                strings + index, names.get(old).getBytes(StandardCharsets.ISO_8859_1)));
        hashes.forEach((at, tag) -> file.putInt(at, hash(names.get(tag))));
    }

    /** Finds the version tags of the libraries: where their names and their hashes lie. */
    private void collectVersions(Map<String, String> names, Map<Integer, String> used, Map<Integer, String> hashes) {
        long count = dynamicValue(VERSION_NEEDED_COUNT);
        int at = count == 0 ? 0 : offset(dynamicValue(VERSION_NEEDED));
        for (long i = 0; i < count; i++) {
            int library = file.getInt(at + 4);
            if (names.containsKey(string(library))) {
                used.put(library, string(library));
                int tag = at + file.getInt(at + 8);
                for (int j = 0; j < file.getShort(at + 2); j++) {
                    String name = string(file.getInt(tag + 8));
                    if (names.containsKey(name)) {
                        if (file.getInt(tag) != hash(name)) {
                            throw new IllegalArgumentException("the version hash of " + name + " is wrong");
                        }
                        used.put(file.getInt(tag + 8), name);
                        hashes.put(tag, name);
                    }
                    tag += file.getInt(tag + 12);
                }
            }
            at += file.getInt(at + 12);
        }
    }

    /** Places in the string table that something else uses; string tables may share tails. */
    private Set<Integer> otherStrings(Map<String, String> names) {
        Set<Integer> others = new HashSet<>();
        for (long[] entry : dynamic) {
            boolean path = entry[0] == SONAME || entry[0] == RPATH || entry[0] == RUNPATH;
            if (path || entry[0] == NEEDED && !names.containsKey(string((int) entry[1]))) {
                others.add((int) entry[1]);
            }
        }
        int sections = (int) file.getLong(40);
        int sectionSize = file.getShort(58);
        int sectionCount = sections == 0 ? 0 : file.getShort(60);
        for (int i = 0; i < sectionCount; i++) {
            int at = sections + i * sectionSize;
            if (file.getInt(at + 4) == SECTION_DYNAMIC_SYMBOLS) {
                int from = (int) file.getLong(at + 24);
                for (int symbol = from; symbol < from + file.getLong(at + 32); symbol += 24) {
                    others.add(file.getInt(symbol));
                }
            }
        }
        return others;
    }

    /** The hash of the System V ABI. */
    static int hash(String name) {
        int h = 0;
        for (int i = 0; i < name.length(); i++) {
            h = (h << 4) + name.charAt(i);
            int high = h & 0xF0000000;
            h ^= high >>> 24;
            h &= ~high;
        }
        return h;
    }
}
