package io.tandem.cuda.codegen;

import io.tandem.cuda.driver.KernelSource;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Device functions that generated code calls, and the naming of sources. */
final class Snippets {
    /** Stands for the hash of the source in the names of kernels. */
    static final String NAME = "$name";

    /**
     * Each operation rounds by itself, as it is defined: multiplications and additions are not contracted. Kernels
     * wait for memory, so this costs nothing.
     */
    private static final List<String> OPTIONS = List.of("--fmad=false");

    private record Snippet(String name, String text) {}

    /** In an order in which each one comes behind what it calls. */
    private static final List<Snippet> ALL = List.of(
            new Snippet("Pack",
                    """
                            template<class T, int N> struct __align__(sizeof(T) * N > 16 ? 16 : sizeof(T) * N) Pack { T at[N]; };
                            """),
            new Snippet("half_to_float",
                    """
                            static __device__ __forceinline__ float half_to_float(unsigned short bits) {
                            #if defined(__CUDACC_RTC__) || defined(__NVCC__)
                                float value;
                                asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
                                return value;
                            #else
                                unsigned magnitude = (unsigned) (bits & 0x7fff) << 13, sign = (unsigned) (bits & 0x8000) << 16;
                                if (magnitude >= 0x0f800000u) return __uint_as_float(sign | 0x7f800000u | (magnitude & 0x7fffffu));
                                float scaled = __uint_as_float(magnitude) * 5.192296858534828e33f;
                                return __uint_as_float(__float_as_uint(scaled) | sign);
                            #endif
                            }
                            """),
            new Snippet("float_to_half",
                    """
                            static __device__ __forceinline__ unsigned short float_to_half(float value) {
                            #if defined(__CUDACC_RTC__) || defined(__NVCC__)
                                unsigned short bits;
                                asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
                                return bits;
                            #else
                                unsigned all = __float_as_uint(value), sign = all >> 16 & 0x8000u, magnitude = all & 0x7fffffffu;
                                if (magnitude > 0x7f800000u) return (unsigned short) 0x7fff;
                                if (magnitude >= 0x477ff000u) return (unsigned short) (sign | 0x7c00u);
                                if (magnitude < 0x38800000u) {
                                    float shifted = __uint_as_float(magnitude) + 0.5f;
                                    return (unsigned short) (sign | (__float_as_uint(shifted) - 0x3f000000u));
                                }
                                unsigned odd = magnitude >> 13 & 1u;
                                return (unsigned short) (sign | ((magnitude - 0x38000000u + 0xfffu + odd) >> 13));
                            #endif
                            }
                            """),
            new Snippet("bfloat16_to_float", """
                    static __device__ __forceinline__ float bfloat16_to_float(unsigned short bits) {
                        return __uint_as_float((unsigned) bits << 16);
                    }
                    """),
            new Snippet("float_to_bfloat16", """
                    static __device__ __forceinline__ unsigned short float_to_bfloat16(float value) {
                        unsigned bits = __float_as_uint(value);
                        if ((bits & 0x7fffffffu) > 0x7f800000u) return (unsigned short) (bits >> 16 | 0x40u);
                        return (unsigned short) ((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
                    }
                    """),
            new Snippet("maximum", """
                    template<class T> static __device__ __forceinline__ T maximum(T x, T y) {
                        return x > y || x != x ? x : y;
                    }
                    """),
            new Snippet("minimum", """
                    template<class T> static __device__ __forceinline__ T minimum(T x, T y) {
                        return x < y || x != x ? x : y;
                    }
                    """),
            new Snippet("quotient", """
                    static __device__ __forceinline__ int quotient(int x, int y) {
                        return y == 0 ? 0 : y == -1 ? (int) (0u - (unsigned) x) : x / y;
                    }
                    static __device__ __forceinline__ long long quotient(long long x, long long y) {
                        return y == 0 ? 0 : y == -1 ? (long long) (0ull - (unsigned long long) x) : x / y;
                    }
                    """),
            new Snippet("remainder_of", """
                    static __device__ __forceinline__ int remainder_of(int x, int y) {
                        return y == 0 || y == -1 ? 0 : x % y;
                    }
                    static __device__ __forceinline__ long long remainder_of(long long x, long long y) {
                        return y == 0 || y == -1 ? 0 : x % y;
                    }
                    """),
            new Snippet("sigmoid_float", """
                    static __device__ __forceinline__ float sigmoid_float(float x) {
                        float e = expf(-fabsf(x));
                        return (x >= 0.0f ? 1.0f : e) / (1.0f + e);
                    }
                    """),
            new Snippet("sigmoid_double", """
                    static __device__ __forceinline__ double sigmoid_double(double x) {
                        double e = exp(-fabs(x));
                        return (x >= 0.0 ? 1.0 : e) / (1.0 + e);
                    }
                    """));

    private Snippets() {}

    /**
     * A source from the text of its kernels: puts the functions that it calls before it, and the hash of it all into
     * the names of its kernels, so that sources can be compiled together.
     *
     * @param label what it computes, for messages
     * @param kernels the kernels, with {@link #NAME} in their names
     */
    static KernelSource source(String label, String kernels) {
        StringBuilder text = new StringBuilder();
        for (Snippet snippet : ALL) {
            if (kernels.contains(snippet.name)) {
                text.append(snippet.text);
            }
        }
        String whole = text.append(kernels).toString();
        return new KernelSource(label + ".cu", whole.replace(NAME, hash(whole)), OPTIONS);
    }

    /** The name that {@link #source} has given to the kernel of a text. */
    static String name(KernelSource source, String prefix) {
        Matcher matcher = Pattern.compile("\\b" + prefix + "_[0-9a-f]{12}(?=\\()").matcher(source.text());
        if (!matcher.find()) {
            throw new IllegalArgumentException("no kernel " + prefix + " in " + source.name());
        }
        return matcher.group();
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 6).toLowerCase(Locale.ROOT);
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException(missing);
        }
    }
}
