// Sums of updates by destination over zeros, in the order of the updates. `keys` are sorted: the destination above the
// update's number. The threads of a row take one key; if it is the first of its destination they add all of them.
extern "C" __global__ void __launch_bounds__(256) scatter_sorted_$name(
        const unsigned long long* __restrict__ keys, const $T* __restrict__ updates, $T* __restrict__ y,
        long long rows, int count, int size, int inner) {
    const long long row = blockIdx.x * (long long) blockDim.y + threadIdx.y;
    if (row >= rows) return;
    const long long outer = row / count;
    const int first = (int) (row % count);
    const unsigned destination = (unsigned) (keys[first] >> 32);
    if (first > 0 && (unsigned) (keys[first - 1] >> 32) == destination) return;
    for (int k = threadIdx.x; k < inner; k += blockDim.x) {
        $A sum = 0;
        for (int at = first; at < count && (unsigned) (keys[at] >> 32) == destination; at++) {
            const $T update = updates[(outer * count + (unsigned) keys[at]) * inner + k];
            sum = $ADD;
        }
        y[(outer * size + destination) * inner + k] = $STORE;
    }
}
