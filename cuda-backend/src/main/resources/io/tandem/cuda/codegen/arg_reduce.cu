// Index of the first largest or smallest element along an axis; NaN counts as largest.
static __device__ __forceinline__ $C arg_read($T element) { return $READ; }
static __device__ __forceinline__ bool arg_above($C x, $C y) { return x > y || (x != x && y == y); }
static __device__ __forceinline__ bool arg_beats($C x, $C y) { return $LARGEST ? arg_above(x, y) : arg_above(y, x); }

// A thread per result: neighbouring threads read neighbouring elements where the axis is not the last one.
extern "C" __global__ void __launch_bounds__(256) arg_reduce_$name(
        const $T* __restrict__ x, int* __restrict__ y, long long results, int size, long long inner) {
    const long long i = blockIdx.x * 256ll + threadIdx.x;
    if (i >= results) return;
    const $T* from = x + i / inner * size * inner + i % inner;
    $C best = arg_read(from[0]);
    int at = 0;
    for (int k = 1; k < size; k++) {
        const $C value = arg_read(from[k * inner]);
        if (arg_beats(value, best)) {
            best = value;
            at = k;
        }
    }
    y[i] = at;
}

// A warp per result, for long rows along the last axis.
extern "C" __global__ void __launch_bounds__(256) arg_reduce_rows_$name(
        const $T* __restrict__ x, int* __restrict__ y, long long results, int size) {
    const long long place = blockIdx.x * 8ll + (threadIdx.x >> 5);
    const long long i = place < results ? place : results - 1;
    const int lane = threadIdx.x & 31;
    const $T* from = x + i * size;
    int at = lane < size ? lane : 0;
    $C best = arg_read(from[at]);
    for (int k = lane + 32; k < size; k += 32) {
        const $C value = arg_read(from[k]);
        if (arg_beats(value, best)) {
            best = value;
            at = k;
        }
    }
    #pragma unroll
    for (int step = 16; step > 0; step /= 2) {
        const $C value = __shfl_xor_sync(0xffffffffu, best, step);
        const int other = __shfl_xor_sync(0xffffffffu, at, step);
        if (arg_beats(value, best) || (!arg_beats(best, value) && other < at)) {
            best = value;
            at = other;
        }
    }
    if (lane == 0 && place < results) y[place] = at;
}
