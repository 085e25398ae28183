// Runs of memory from one pitch to another, in units of $T.
extern "C" __global__ void __launch_bounds__(256) copy_rows_$name(
        const $T* __restrict__ x, $T* __restrict__ y, long long rows, long long run, long long from, long long to) {
    const long long row = blockIdx.x * (long long) blockDim.y + threadIdx.y;
    if (row >= rows) return;
    for (long long k = threadIdx.x; k < run; k += blockDim.x) y[row * to + k] = x[row * from + k];
}
