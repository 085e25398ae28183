// The order in which scatter_sorted adds: numbers of the updates by destination, then by position. Keys with the
// destination above the position are sorted by a bitonic network (Batcher, 1968); equal ones do not occur, so the order
// is the same in each run. A block of 512 threads holds 1024 keys; steps that reach further are launches of their own.
extern "C" __global__ void __launch_bounds__(256) scatter_keys_$name(
        const $I* __restrict__ indices, unsigned long long* __restrict__ keys, int count, int padded, int size,
        long long* fault, int site) {
    const int i = (int) (blockIdx.x * 256u + threadIdx.x);
    if (i >= padded) return;
    if (i >= count) {
        keys[i] = ~0ull;
        return;
    }
    const long long index = indices[i];
    const long long place = index < 0 ? 0 : index >= size ? size - 1 : index;
    if (place != index && atomicCAS((int*) fault, 0, site) == 0) {
        fault[1] = index;
        fault[2] = i;
    }
    keys[i] = (unsigned long long) place << 32 | (unsigned) i;
}

static __device__ __forceinline__ void exchange(unsigned long long& x, unsigned long long& y, bool rising) {
    if ((x > y) == rising) {
        const unsigned long long held = x;
        x = y;
        y = held;
    }
}

// Sorts runs of up to 1024 keys from scratch (from == 2), or ends the merging of runs of `to` keys (from == to).
extern "C" __global__ void __launch_bounds__(512) scatter_merge_$name(
        unsigned long long* __restrict__ keys, unsigned from, unsigned to) {
    __shared__ unsigned long long held[1024];
    const int start = (int) (blockIdx.x * 1024u), t = threadIdx.x;
    held[t] = keys[start + t];
    held[t + 512] = keys[start + t + 512];
    for (unsigned run = from; run <= to; run *= 2) {
        for (int step = run / 2 < 512 ? (int) (run / 2) : 512; step > 0; step /= 2) {
            __syncthreads();
            const int low = t / step * 2 * step + t % step;
            exchange(held[low], held[low + step], ((start + low) & run) == 0);
        }
    }
    __syncthreads();
    keys[start + t] = held[t];
    keys[start + t + 512] = held[t + 512];
}

// One step between keys that are `step` apart, in runs of `run`.
extern "C" __global__ void __launch_bounds__(256) scatter_step_$name(
        unsigned long long* __restrict__ keys, int pairs, unsigned run, int step) {
    const int t = (int) (blockIdx.x * 256u + threadIdx.x);
    if (t >= pairs) return;
    const int low = t / step * 2 * step + t % step;
    unsigned long long x = keys[low], y = keys[low + step];
    exchange(x, y, (low & run) == 0);
    keys[low] = x;
    keys[low + step] = y;
}
