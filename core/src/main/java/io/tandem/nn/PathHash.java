package io.tandem.nn;

/** A 64-bit hash of paths (FNV-1a; Fowler, Noll and Vo, 1991), the same on every machine and in every version. */
final class PathHash {
    private PathHash() {}

    static long of(String path) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < path.length(); i++) {
            hash = (hash ^ path.charAt(i)) * 0x100000001b3L;
        }
        return hash;
    }
}
