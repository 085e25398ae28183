extern "C" __global__ void __launch_bounds__(256) rows_99631061d814(const float* __restrict__ x0, float* __restrict__ y0) {
    const int part = threadIdx.y;
    const unsigned place = blockIdx.x * (unsigned) 32 + threadIdx.x;
    const bool active = place < 128u;
    const unsigned row = active ? place : 127u;
    const int a0 = (int) row;
    float s1 = 0.0f;
    #pragma unroll 4
    for (unsigned e = part; e < 64u; e += 8u) {
        const int a1 = (int) e;
        const float v0 = x0[a0 + a1 * 128];
        s1 = s1 + (float) v0;
    }
    __shared__ float w1[256];
    w1[part * 32 + threadIdx.x] = s1;
    __syncthreads();
    if (part < 4) {
        s1 = s1 + (float) w1[(part + 4) * 32 + threadIdx.x];
        w1[part * 32 + threadIdx.x] = s1;
    }
    __syncthreads();
    if (part < 2) {
        s1 = s1 + (float) w1[(part + 2) * 32 + threadIdx.x];
        w1[part * 32 + threadIdx.x] = s1;
    }
    __syncthreads();
    if (part < 1) {
        s1 = s1 + (float) w1[(part + 1) * 32 + threadIdx.x];
        w1[part * 32 + threadIdx.x] = s1;
    }
    __syncthreads();
    s1 = w1[threadIdx.x];
    const float v1 = s1;
    if (part == 0 && active) {
        y0[a0] = v1;
    }
}
// rows_99631061d814 <<<(4, 1, 1), (32, 8, 1), 0>>>
