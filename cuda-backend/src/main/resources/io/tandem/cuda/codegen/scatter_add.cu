// Sums of updates by destination, in the order of the updates, so that equal inputs give equal bits. A block takes one
// destination: it looks for its index a block's width at a time, and all its threads add the rows that were found.
// blockIdx.x: part of a destination's row, destination; y: part of the indices, whose sums are added by scatter_finish.
extern "C" __global__ void __launch_bounds__(256) scatter_add_$name(
        const $I* __restrict__ indices, const $T* __restrict__ updates, $Y* __restrict__ y,
        int count, int size, int inner, int tiles, int chunk, long long results, long long* fault, int site) {
    __shared__ unsigned found[8];
    const unsigned row = blockIdx.x / (unsigned) tiles;
    const long long outer = row / (unsigned) size;
    const int destination = (int) (row % (unsigned) size);
    const int k = (int) (blockIdx.x % (unsigned) tiles * blockDim.x + threadIdx.x);
    const int first = blockIdx.y * chunk, end = count - first < chunk ? count : first + chunk;
    const int warps = (int) (blockDim.x >> 5);
    $A sum = 0;
    for (int base = first; base < end; base += blockDim.x) {
        const int number = base + threadIdx.x;
        bool here = false;
        if (number < end) {
            const long long index = indices[number];
            const long long place = index < 0 ? 0 : index >= size ? size - 1 : index;
            here = place == destination;
            if (here && place != index && atomicCAS((int*) fault, 0, site) == 0) {
                fault[1] = index;
                fault[2] = number;
            }
        }
        const unsigned votes = __ballot_sync(0xffffffffu, here);
        if ((threadIdx.x & 31) == 0) found[threadIdx.x >> 5] = votes;
        __syncthreads();
        if (k < inner) {
            for (int w = 0; w < warps; w++) {
                for (unsigned rest = found[w]; rest != 0; rest &= rest - 1) {
                    const $T update = updates[(outer * count + base + 32 * w + __ffs((int) rest) - 1) * inner + k];
                    sum = $ADD;
                }
            }
        }
        __syncthreads();
    }
    if (k < inner) y[blockIdx.y * results + row * (long long) inner + k] = $STORE;
}
