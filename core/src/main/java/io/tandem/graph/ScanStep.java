package io.tandem.graph;

import java.util.List;

/**
 * What one iteration of a scan sees.
 *
 * @param carries the carried values
 * @param scanned this iteration's slices
 * @param fixed the fixed values
 * @param index the iteration as an int64 scalar
 */
public record ScanStep(List<Tensor> carries, List<Tensor> scanned, List<Tensor> fixed, Tensor index) {
    /** One carried value. */
    public Tensor carry(int i) {
        return carries.get(i);
    }

    /** One slice. */
    public Tensor scanned(int i) {
        return scanned.get(i);
    }

    /** One fixed value. */
    public Tensor fixed(int i) {
        return fixed.get(i);
    }

    /**
     * What one iteration yields.
     *
     * @param carries the next values of the carries
     * @param stacked values to stack along a new axis 0
     */
    public record Next(List<Tensor> carries, List<Tensor> stacked) {}
}
