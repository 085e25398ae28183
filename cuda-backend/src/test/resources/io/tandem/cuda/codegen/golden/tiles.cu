extern "C" __global__ void __launch_bounds__(256) tiles_980964749873(const float* __restrict__ x0, float* __restrict__ y0) {
    __shared__ float t0[32][33];
    unsigned rest = blockIdx.x;
    const int first2 = (int) (rest % 3u) * 32;
    rest /= 3u;
    const int first1 = (int) (rest % 4u) * 32;
    rest /= 4u;
    const int a0 = (int) (rest % 4u);
    rest /= 4u;
    for (int j = threadIdx.y; j < 32; j += 8) {
        const int a1 = first1 + threadIdx.x, a2 = first2 + j;
        if (a1 >= 100 || a2 >= 70) continue;
        t0[j][threadIdx.x] = x0[a0 * 7000 + a1 + a2 * 100];
    }
    __syncthreads();
    for (int j = threadIdx.y; j < 32; j += 8) {
        const int a2 = first2 + threadIdx.x, a1 = first1 + j;
        if (a2 >= 70 || a1 >= 100) continue;
        const float v0 = t0[threadIdx.x][j];
        const float v1 = expf(v0);
        y0[a0 * 7000 + a1 * 70 + a2] = v1;
    }
}
// tiles_980964749873 <<<(48, 1, 1), (32, 8, 1), 0>>>
