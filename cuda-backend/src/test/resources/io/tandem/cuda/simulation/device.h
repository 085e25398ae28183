// The part of CUDA C++ that kernels of this project use, on the host. Included before every kernel source.
#pragma once
#include "fibers.h"
#include <math.h>

#define __global__ static
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __constant__ static const
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __grid_constant__
#define __CUDA_ARCH__ 800
#define __CUDACC__ 1

#define threadIdx (sim::thread_index)
#define blockIdx (sim::block_index)
#define blockDim (sim::block_size)
#define gridDim (sim::grid_size)
#define warpSize 32

// ---- vectors

#define SIM_VECTORS(T, name, a2, a4) \
    struct alignas(a2) name##2 { T x, y; }; \
    struct name##3 { T x, y, z; }; \
    struct alignas(a4) name##4 { T x, y, z, w; }; \
    static inline name##2 make_##name##2(T x, T y) { return {x, y}; } \
    static inline name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; } \
    static inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }
SIM_VECTORS(float, float, 8, 16)
SIM_VECTORS(int, int, 8, 16)
SIM_VECTORS(unsigned, uint, 8, 16)
SIM_VECTORS(short, short, 4, 8)
SIM_VECTORS(unsigned short, ushort, 4, 8)
SIM_VECTORS(signed char, char, 2, 4)
SIM_VECTORS(unsigned char, uchar, 2, 4)
SIM_VECTORS(double, double, 16, 16)
SIM_VECTORS(long long, longlong, 16, 16)
SIM_VECTORS(unsigned long long, ulonglong, 16, 16)

// ---- bits

template<class To, class From> static inline To sim_bits(From v) {
    static_assert(sizeof(To) == sizeof(From), "sizes differ");
    To r;
    __builtin_memcpy(&r, &v, sizeof r);
    return r;
}
static inline int __float_as_int(float v) { return sim_bits<int>(v); }
static inline unsigned __float_as_uint(float v) { return sim_bits<unsigned>(v); }
static inline float __int_as_float(int v) { return sim_bits<float>(v); }
static inline float __uint_as_float(unsigned v) { return sim_bits<float>(v); }
static inline long long __double_as_longlong(double v) { return sim_bits<long long>(v); }
static inline double __longlong_as_double(long long v) { return sim_bits<double>(v); }
static inline int __clz(int v) { return v ? __builtin_clz((unsigned) v) : 32; }
static inline int __clzll(long long v) { return v ? __builtin_clzll((unsigned long long) v) : 64; }
static inline int __popc(unsigned v) { return __builtin_popcount(v); }
static inline int __popcll(unsigned long long v) { return __builtin_popcountll(v); }
static inline int __ffs(int v) { return __builtin_ffs(v); }
static inline int __ffsll(long long v) { return __builtin_ffsll(v); }
static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned) ((unsigned long long) a * b >> 32); }
static inline int __mulhi(int a, int b) { return (int) ((long long) a * b >> 32); }
static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return (unsigned long long) ((unsigned __int128) a * b >> 64);
}
static inline unsigned __brev(unsigned v) {
    unsigned r = 0;
    for (int i = 0; i < 32; i++) r |= (v >> i & 1) << (31 - i);
    return r;
}
static inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned n) {
    return n % 32 ? high << n % 32 | low >> (32 - n % 32) : high;
}
static inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned n) {
    return n % 32 ? low >> n % 32 | high << (32 - n % 32) : low;
}

// ---- arithmetic

#define SIM_MIN_MAX(T) \
    static inline T min(T a, T b) { return b < a ? b : a; } \
    static inline T max(T a, T b) { return a < b ? b : a; }
SIM_MIN_MAX(int) SIM_MIN_MAX(unsigned) SIM_MIN_MAX(long) SIM_MIN_MAX(unsigned long) SIM_MIN_MAX(long long)
SIM_MIN_MAX(unsigned long long)
static inline float min(float a, float b) { return fminf(a, b); }
static inline float max(float a, float b) { return fmaxf(a, b); }
static inline double min(double a, double b) { return fmin(a, b); }
static inline double max(double a, double b) { return fmax(a, b); }
static inline float rsqrtf(float v) { return (float) (1.0 / sqrt((double) v)); }
static inline double rsqrt(double v) { return 1.0 / sqrt(v); }
static inline float rcbrtf(float v) { return 1.0f / cbrtf(v); }
static inline float normcdff(float v) { return 0.5f * erfcf(-v * 0.70710678118654752f); }
static inline double normcdf(double v) { return 0.5 * erfc(-v * 0.70710678118654752); }
static inline float sinpif(float v) { return (float) sin(3.14159265358979323846 * (double) v); }
static inline float cospif(float v) { return (float) cos(3.14159265358979323846 * (double) v); }
static inline float __saturatef(float v) { return fminf(fmaxf(v, 0.0f), 1.0f); }
static inline float __fdividef(float a, float b) { return a / b; }
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fsub_rn(float a, float b) { return a - b; }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fdiv_rn(float a, float b) { return a / b; }
static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static inline float __fsqrt_rn(float a) { return sqrtf(a); }
static inline float __frcp_rn(float a) { return 1.0f / a; }
static inline double __dadd_rn(double a, double b) { return a + b; }
static inline double __dsub_rn(double a, double b) { return a - b; }
static inline double __dmul_rn(double a, double b) { return a * b; }
static inline double __ddiv_rn(double a, double b) { return a / b; }
static inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }
static inline double __dsqrt_rn(double a) { return sqrt(a); }
#define __expf(v) expf(v)
#define __exp10f(v) exp10f(v)
#define __logf(v) logf(v)
#define __log2f(v) log2f(v)
#define __sinf(v) sinf(v)
#define __cosf(v) cosf(v)
#define __powf(a, b) powf(a, b)

// conversions saturate, as on the device; NaN becomes 0
template<class To, class From> static inline To sim_convert(From rounded, double low, double high, To least, To most) {
    if (rounded != rounded) return 0;
    return rounded <= low ? least : rounded >= high ? most : (To) rounded;
}
#define SIM_CONVERT(mode, function) \
    static inline int __float2int_##mode(float v) { \
        return sim_convert<int>(function((double) v), -2147483648.0, 2147483647.0, -2147483647 - 1, 2147483647); } \
    static inline unsigned __float2uint_##mode(float v) { \
        return sim_convert<unsigned>(function((double) v), 0.0, 4294967295.0, 0u, 4294967295u); } \
    static inline long long __float2ll_##mode(float v) { \
        return sim_convert<long long>(function((double) v), -9223372036854775808.0, 9223372036854775808.0, \
            -9223372036854775807ll - 1, 9223372036854775807ll); } \
    static inline int __double2int_##mode(double v) { \
        return sim_convert<int>(function(v), -2147483648.0, 2147483647.0, -2147483647 - 1, 2147483647); } \
    static inline long long __double2ll_##mode(double v) { \
        return sim_convert<long long>(function(v), -9223372036854775808.0, 9223372036854775808.0, \
            -9223372036854775807ll - 1, 9223372036854775807ll); }
SIM_CONVERT(rn, rint) SIM_CONVERT(rz, trunc) SIM_CONVERT(rd, floor) SIM_CONVERT(ru, ceil)
static inline float __int2float_rn(int v) { return (float) v; }
static inline float __uint2float_rn(unsigned v) { return (float) v; }
static inline float __ll2float_rn(long long v) { return (float) v; }
static inline float __ull2float_rn(unsigned long long v) { return (float) v; }
static inline float __double2float_rn(double v) { return (float) v; }

// ---- 16-bit floating point: the bits are kept, arithmetic is done in float

struct __nv_bfloat16 { unsigned short __x; };
static inline float __bfloat162float(__nv_bfloat16 v) { return __uint_as_float((unsigned) v.__x << 16); }
static inline __nv_bfloat16 __float2bfloat16_rn(float v) {
    unsigned u = __float_as_uint(v);
    if ((u & 0x7FFFFFFFu) > 0x7F800000u) return {0x7FFF};
    return {(unsigned short) ((u + 0x7FFFu + (u >> 16 & 1)) >> 16)};
}
static inline __nv_bfloat16 __float2bfloat16(float v) { return __float2bfloat16_rn(v); }
static inline unsigned short __bfloat16_as_ushort(__nv_bfloat16 v) { return v.__x; }
static inline __nv_bfloat16 __ushort_as_bfloat16(unsigned short v) { return {v}; }

struct __half { unsigned short __x; };
static inline float __half2float(__half v) {
    unsigned sign = (unsigned) (v.__x & 0x8000) << 16, exponent = v.__x >> 10 & 31, fraction = v.__x & 1023;
    if (exponent == 31) return __uint_as_float(sign | 0x7F800000u | fraction << 13);
    float magnitude = exponent ? ldexpf((float) (1024 + fraction), (int) exponent - 25) : ldexpf((float) fraction, -24);
    return sign ? -magnitude : magnitude;
}
static inline __half __float2half_rn(float v) {
    unsigned u = __float_as_uint(v), sign = u >> 16 & 0x8000, a = u & 0x7FFFFFFFu;
    if (a > 0x7F800000u) return {0x7FFF};
    if (a >= 0x477FF000u) return {(unsigned short) (sign | 0x7C00)};            // rounds beyond 65504
    int shift = a >= 0x38800000u ? 13 : 126 - (int) (a >> 23);                   // below 2^-14: subnormal
    if (shift > 24) return {(unsigned short) sign};
    unsigned fraction = shift == 13 ? a - 0x38000000u : (a & 0x7FFFFFu) | 0x800000u;
    unsigned result = fraction >> shift, rest = fraction & ((1u << shift) - 1), half = 1u << (shift - 1);
    if (rest > half || (rest == half && (result & 1))) result++;
    return {(unsigned short) (sign | result)};
}
static inline __half __float2half(float v) { return __float2half_rn(v); }
static inline unsigned short __half_as_ushort(__half v) { return v.__x; }
static inline __half __ushort_as_half(unsigned short v) { return {v}; }

// ---- memory

template<class T> static inline T __ldg(const T* p) { return *p; }
template<class T> static inline T __ldcs(const T* p) { return *p; }
template<class T> static inline T __ldcg(const T* p) { return *p; }
template<class T> static inline void __stcs(T* p, T v) { *p = v; }
template<class T> static inline void __stcg(T* p, T v) { *p = v; }
static inline void __threadfence() {}
static inline void __threadfence_block() {}
#define __trap() sim::fail(sim::TRAPPED, "__trap() was called", 0)

// one thread of the host runs all of the device: plain operations are atomic
template<class T> struct sim_same { typedef T type; };
#define SIM_ATOMIC(name, expression) \
    template<class T> static inline T name(T* p, typename sim_same<T>::type v) { \
        T old = *p; \
        *p = (T) (expression); \
        return old; \
    }
SIM_ATOMIC(atomicAdd, old + v)
SIM_ATOMIC(atomicSub, old - v)
SIM_ATOMIC(atomicExch, v)
SIM_ATOMIC(atomicMin, v < old ? v : old)
SIM_ATOMIC(atomicMax, old < v ? v : old)
SIM_ATOMIC(atomicAnd, old & v)
SIM_ATOMIC(atomicOr, old | v)
SIM_ATOMIC(atomicXor, old ^ v)
static inline unsigned atomicInc(unsigned* p, unsigned v) {
    unsigned old = *p;
    *p = old >= v ? 0 : old + 1;
    return old;
}
template<class T> static inline T atomicCAS(T* p, typename sim_same<T>::type expected, typename sim_same<T>::type v) {
    T old = *p;
    if (old == expected) *p = v;
    return old;
}

// ---- barriers and warps

#define __syncthreads() ((void) sim::barrier(__LINE__))
#define __syncthreads_count(p) (sim::barrier(__LINE__, (p) != 0), (int) sim::votes())
#define __syncthreads_or(p) (sim::barrier(__LINE__, (p) != 0), (int) (sim::votes() != 0))
#define __syncthreads_and(p) (sim::barrier(__LINE__, (p) == 0), (int) (sim::votes() == 0))
#define __syncwarp(...) sim::warp_sync(__LINE__ __VA_OPT__(,) __VA_ARGS__)
#define __activemask() sim::active_mask()
#define __ballot_sync(mask, p) sim::ballot(mask, (p) != 0, __LINE__)
#define __any_sync(mask, p) ((int) (sim::ballot(mask, (p) != 0, __LINE__) != 0))
#define __all_sync(mask, p) ((int) (sim::ballot(mask, (p) == 0, __LINE__) == 0))
#define __shfl_sync(...) sim::shuffle(__LINE__, __VA_ARGS__)
#define __shfl_up_sync(...) sim::shuffle_up(__LINE__, __VA_ARGS__)
#define __shfl_down_sync(...) sim::shuffle_down(__LINE__, __VA_ARGS__)
#define __shfl_xor_sync(...) sim::shuffle_xor(__LINE__, __VA_ARGS__)

namespace sim {

SIM_PLAIN static unsigned votes() { return block->votes; }
SIM_PLAIN static unsigned char* dynamic_shared() { return block->dynamic_memory; }
SIM_PLAIN static void warp_sync(int line, unsigned mask = 0xFFFFFFFFu) { warp_wait(mask, line); }
SIM_PLAIN static unsigned active_mask() {
    unsigned first = block->current / WARP * WARP, bits = 0;
    for (unsigned i = 0; i < WARP && first + i < block->threads; i++) {
        bits |= (unsigned) (block->fibers[first + i].state != RETURNED) << i;
    }
    return bits;
}
template<class T> SIM_PLAIN static T shuffle(int line, unsigned mask, T v, int from, int width = 32) {
    unsigned me = lane();
    return exchange(mask, v, (me & ~(unsigned) (width - 1)) | ((unsigned) from & (unsigned) (width - 1)), line);
}
template<class T> SIM_PLAIN static T shuffle_up(int line, unsigned mask, T v, unsigned by, int width = 32) {
    unsigned me = lane(), first = me & ~(unsigned) (width - 1);
    return exchange(mask, v, me - first >= by ? me - by : me, line);
}
template<class T> SIM_PLAIN static T shuffle_down(int line, unsigned mask, T v, unsigned by, int width = 32) {
    unsigned me = lane(), last = me | (unsigned) (width - 1);
    return exchange(mask, v, me + by <= last ? me + by : me, line);
}
template<class T> SIM_PLAIN static T shuffle_xor(int line, unsigned mask, T v, int bits, int width = 32) {
    unsigned me = lane(), last = me | (unsigned) (width - 1), from = me ^ (unsigned) bits;
    return exchange(mask, v, from <= last ? from : me, line);
}

} // namespace sim
