// Sums of updates by destination in any order, over zeros. For many destinations, where no equal bits are asked for.
extern "C" __global__ void __launch_bounds__(256) scatter_atomic_$name(
        const $I* __restrict__ indices, const $T* __restrict__ updates, $T* __restrict__ y,
        long long rows, int count, int size, int inner, long long* fault, int site) {
    const long long row = blockIdx.x * (long long) blockDim.y + threadIdx.y;
    if (row >= rows) return;
    const int number = (int) (row % count);
    const long long index = indices[number];
    const long long place = index < 0 ? 0 : index >= size ? size - 1 : index;
    if (place != index && threadIdx.x == 0 && atomicCAS((int*) fault, 0, site) == 0) {
        fault[1] = index;
        fault[2] = number;
    }
    const $T* from = updates + row * inner;
    $T* to = y + (row / count * size + place) * inner;
    for (int k = threadIdx.x; k < inner; k += blockDim.x) atomicAdd(($U*) (to + k), ($U) from[k]);
}
