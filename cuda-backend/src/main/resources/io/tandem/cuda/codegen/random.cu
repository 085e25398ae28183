// Philox 4x32-10 (Salmon, Moraes, Dror and Shaw, 2011). A thread draws one block of four words, for four elements.
// DRAW: 0 bits, 1 uniform, 2 normal.
extern "C" __global__ void __launch_bounds__(256) random_$name(
        const long long* __restrict__ seed, const long long* __restrict__ counter, $T* __restrict__ y,
        unsigned long long mixed, long long n) {
    const unsigned long long block = blockIdx.x * 256ull + threadIdx.x;
    if (block * 4 >= (unsigned long long) n) return;
    const unsigned long long key = (unsigned long long) *seed ^ mixed, high = (unsigned long long) *counter;
    unsigned c0 = (unsigned) block, c1 = (unsigned) (block >> 32), c2 = (unsigned) high, c3 = (unsigned) (high >> 32);
    unsigned k0 = (unsigned) key, k1 = (unsigned) (key >> 32);
    #pragma unroll
    for (int round = 0; round < 10; round++) {
        const unsigned high0 = __umulhi(0xD2511F53u, c0), low0 = 0xD2511F53u * c0;
        const unsigned high1 = __umulhi(0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    $T values[4];
#if $DRAW == 0
    values[0] = (int) c0;
    values[1] = (int) c1;
    values[2] = (int) c2;
    values[3] = (int) c3;
#elif $DRAW == 1
    values[0] = (c0 >> 8) * 5.9604644775390625e-8f;
    values[1] = (c1 >> 8) * 5.9604644775390625e-8f;
    values[2] = (c2 >> 8) * 5.9604644775390625e-8f;
    values[3] = (c3 >> 8) * 5.9604644775390625e-8f;
#else
    // Box and Muller (1958); the angle is a multiple of pi, so that its reduction is exact.
    const float r0 = sqrtf(-2.0f * logf(((c0 >> 8) + 1u) * 5.9604644775390625e-8f));
    const float r1 = sqrtf(-2.0f * logf(((c2 >> 8) + 1u) * 5.9604644775390625e-8f));
    const float t0 = (c1 >> 8) * 1.1920928955078125e-7f, t1 = (c3 >> 8) * 1.1920928955078125e-7f;
    values[0] = r0 * cospif(t0);
    values[1] = r0 * sinpif(t0);
    values[2] = r1 * cospif(t1);
    values[3] = r1 * sinpif(t1);
#endif
    #pragma unroll
    for (int i = 0; i < 4; i++) {
        if ((long long) (block * 4 + i) < n) y[block * 4 + i] = values[i];
    }
}
