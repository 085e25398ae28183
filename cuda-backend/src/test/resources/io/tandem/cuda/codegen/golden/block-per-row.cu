template<class T> static __device__ __forceinline__ T maximum(T x, T y) {
    return x > y || x != x ? x : y;
}
extern "C" __global__ void __launch_bounds__(256) rows_39b8405af039(const float* __restrict__ x0, float* __restrict__ y0) {
    const int part = threadIdx.x;
    const unsigned row = blockIdx.x;
    const bool active = true;
    const int a0 = (int) row;
    float s1 = __int_as_float(0xff800000);
    #pragma unroll 4
    for (unsigned e = part; e < 1000u; e += 256u) {
        const int a1 = (int) e;
        const float v0 = x0[a0 * 1000 + a1];
        s1 = maximum(s1, (float) v0);
    }
    s1 = maximum(s1, (float) __shfl_xor_sync(0xffffffffu, s1, 16));
    s1 = maximum(s1, (float) __shfl_xor_sync(0xffffffffu, s1, 8));
    s1 = maximum(s1, (float) __shfl_xor_sync(0xffffffffu, s1, 4));
    s1 = maximum(s1, (float) __shfl_xor_sync(0xffffffffu, s1, 2));
    s1 = maximum(s1, (float) __shfl_xor_sync(0xffffffffu, s1, 1));
    __shared__ float w1[8];
    if ((part & 31) == 0) w1[part >> 5] = s1;
    __syncthreads();
    s1 = w1[part & 7];
    s1 = maximum(s1, (float) __shfl_xor_sync(0xffffffffu, s1, 4));
    s1 = maximum(s1, (float) __shfl_xor_sync(0xffffffffu, s1, 2));
    s1 = maximum(s1, (float) __shfl_xor_sync(0xffffffffu, s1, 1));
    const float v1 = s1;
    if (part == 0 && active) {
        y0[a0] = v1;
    }
}
// rows_39b8405af039 <<<(64, 1, 1), (256, 1, 1), 0>>>
