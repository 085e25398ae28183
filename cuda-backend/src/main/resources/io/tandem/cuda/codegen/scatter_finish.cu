// Adds the parts of scatter_add in order.
extern "C" __global__ void __launch_bounds__(256) scatter_finish_$name(
        const $A* __restrict__ parts, $T* __restrict__ y, int splits, long long results) {
    const long long i = blockIdx.x * 256ll + threadIdx.x;
    if (i >= results) return;
    $A sum = parts[i];
    for (int part = 1; part < splits; part++) {
        const $A update = parts[part * results + i];
        sum = $ADD;
    }
    y[i] = $STORE;
}
