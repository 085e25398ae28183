// Rows of x at indices. A row of threads copies one row of `inner` units; indices outside are clamped and reported
// once.
extern "C" __global__ void __launch_bounds__(256) gather_$name(
        const $T* __restrict__ x, const $I* __restrict__ indices, $T* __restrict__ y,
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
    const $T* from = x + (row / count * size + place) * inner;
    $T* to = y + row * inner;
    for (int k = threadIdx.x; k < inner; k += blockDim.x) to[k] = from[k];
}
