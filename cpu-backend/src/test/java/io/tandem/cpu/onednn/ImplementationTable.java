package io.tandem.cpu.onednn;

import io.tandem.cpu.threads.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Prints which implementation oneDNN chooses for many shapes and layouts, to find those that plain loops compute. */
public final class ImplementationTable {
    private static final Engine ENGINE = OneDnn.require().engine();

    private ImplementationTable() {}

    /** No arguments. */
    public static void main(String[] arguments) {
        try (Workers workers = Workers.open(2)) {
            System.out.println(OneDnn.explanation() + ", " + workers);
            products();
            for (int axes = 1; axes <= 3; axes++) {
                for (FormatTag tag : FormatTag.values()) {
                    convolutions(axes, tag);
                    if (tag != FormatTag.ANY) {
                        poolings(axes, tag);
                        normalizations(axes, tag);
                    }
                }
            }
            rows();
        }
    }

    private static PrimitiveDescriptor describe(String what, Supplier<Operation> operation) {
        PrimitiveDescriptor descriptor = ENGINE.describe(operation.get());
        System.out.println(String.format("%-4s %-70s %s", descriptor.isReference() ? "REF" : "", what,
                descriptor.implementation()));
        return descriptor;
    }

    private static void attempt(String what, Runnable listing) {
        try {
            listing.run();
        } catch (OneDnnException e) {
            System.out.println(String.format("%-4s %-70s %s", "NONE", what, e.status()));
        }
    }

    private static void products() {
        long[][] sizes = {{1, 1, 1}, {1, 7, 1}, {7, 1, 13}, {1, 128, 10}, {128, 784, 128}, {784, 128, 128}, {3, 3, 3},
            {1000, 1, 1000}, {1, 1000, 1}};
        for (long[] s : sizes) {
            for (int turned = 0; turned < 8; turned++) {
                int flags = turned;
                String what = "matmul " + Arrays.toString(s) + ((flags & 1) != 0 ? " src^T" : "")
                        + ((flags & 2) != 0 ? " weights^T" : "") + ((flags & 4) != 0 ? " dst^T" : "");
                attempt(what, () -> describe(what, () -> MatMul.of(matrix(s[0], s[1], (flags & 1) != 0),
                        matrix(s[1], s[2], (flags & 2) != 0), matrix(s[0], s[2], (flags & 4) != 0))).close());
            }
        }
        MemoryDescriptor x = MemoryDescriptor.of(DataType.F32, 2, 3, 5, 7);
        MemoryDescriptor w = MemoryDescriptor.of(DataType.F32, 1, 3, 7, 4);
        MemoryDescriptor y = MemoryDescriptor.of(DataType.F32, 2, 3, 5, 4);
        attempt("batched", () -> describe("matmul batched, weights broadcast over one axis",
                () -> MatMul.of(x, w, y)).close());
        attempt("batched", () -> describe("matmul batched, src broadcast over both axes",
                () -> MatMul.of(MemoryDescriptor.of(DataType.F32, 1, 1, 5, 7),
                        MemoryDescriptor.of(DataType.F32, 2, 3, 7, 4), y))
                .close());
        attempt("batched", () -> describe("matmul, columns two apart", () -> MatMul.of(
                MemoryDescriptor.strided(DataType.F32, new long[] {16, 16}, new long[] {64, 2}),
                MemoryDescriptor.of(DataType.F32, 16, 16), MemoryDescriptor.of(DataType.F32, 16, 16))).close());
        attempt("bias", () -> describe("matmul, bias of the result's size", () -> new MatMul(
                MemoryDescriptor.of(DataType.F32, 5, 7), MemoryDescriptor.of(DataType.F32, 7, 4),
                Optional.of(MemoryDescriptor.of(DataType.F32, 5, 4)), MemoryDescriptor.of(DataType.F32, 5, 4)))
                .close());
        attempt("bias", () -> describe("matmul, bias per row", () -> new MatMul(
                MemoryDescriptor.of(DataType.F32, 5, 7), MemoryDescriptor.of(DataType.F32, 7, 4),
                Optional.of(MemoryDescriptor.of(DataType.F32, 5, 1)), MemoryDescriptor.of(DataType.F32, 5, 4)))
                .close());
    }

    private static MemoryDescriptor matrix(long rows, long columns, boolean turned) {
        return MemoryDescriptor.permuted(DataType.F32, new long[] {rows, columns}, turned ? 1 : 0, turned ? 0 : 1);
    }

    private static MemoryDescriptor activations(FormatTag tag, long batch, long channels, int axes, long size) {
        long[] dims = new long[axes + 2];
        Arrays.fill(dims, size);
        dims[0] = batch;
        dims[1] = channels;
        return MemoryDescriptor.of(DataType.F32, tag, dims);
    }

    private static void convolutions(int axes, FormatTag tag) {
        // Groups, inputs and outputs per group, window, stride, dilation.
        long[][] cases = {{1, 1, 8, 3, 1, 1}, {1, 3, 16, 3, 1, 1}, {1, 3, 16, 5, 2, 1}, {1, 16, 16, 3, 1, 1},
            {1, 17, 13, 3, 1, 1}, {1, 32, 64, 1, 1, 1}, {1, 32, 64, 1, 2, 1}, {1, 16, 16, 3, 1, 2}, {1, 16, 1, 3, 1, 1},
            {16, 1, 1, 3, 1, 1}, {17, 1, 1, 3, 2, 1}, {16, 1, 2, 3, 1, 1}, {2, 16, 16, 3, 1, 1}, {4, 3, 5, 3, 1, 1},
            {1, 16, 16, 7, 3, 1}};
        for (long[] c : cases) {
            int pad = (int) (c[3] / 2 * c[5]);
            List<Integer> padding = Collections.nCopies(axes, pad);
            WindowGeometry geometry = new WindowGeometry(Collections.nCopies(axes, (int) c[4]),
                    Collections.nCopies(axes, (int) c[5]), padding, padding);
            long size = 10;
            MemoryDescriptor src = activations(tag, 4, c[0] * c[1], axes, size);
            MemoryDescriptor dst = activations(tag, 4, c[0] * c[2], axes, geometry.outputSize(0, size, c[3]));
            long[] dims = new long[axes + (c[0] == 1 ? 2 : 3)];
            Arrays.fill(dims, c[3]);
            int first = c[0] == 1 ? 0 : 1;
            dims[0] = c[0];
            dims[first] = c[2];
            dims[first + 1] = c[1];
            MemoryDescriptor weights = MemoryDescriptor.any(DataType.F32, dims);
            String what = axes + "d conv " + tag + " groups " + c[0] + " " + c[1] + "->" + c[2] + " window " + c[3]
                    + " stride " + c[4] + " dilation " + c[5];
            attempt(what, () -> {
                PrimitiveDescriptor forward = describe(what + " fwd", () -> new Convolution.Forward(
                        Propagation.TRAINING, src, weights, Optional.empty(), dst, geometry));
                attempt(what + " bwd data", () -> describe(what + " bwd data",
                        () -> new Convolution.BackwardData(src, weights, dst, geometry, forward)).close());
                attempt(what + " bwd weights", () -> describe(what + " bwd weights",
                        () -> new Convolution.BackwardWeights(src, weights, Optional.empty(), dst, geometry, forward))
                        .close());
                forward.close();
            });
        }
    }

    private static void poolings(int axes, FormatTag tag) {
        for (Pooling.Kind kind : Pooling.Kind.values()) {
            for (int channels : new int[] {1, 3, 16, 17}) {
                for (int dilation : new int[] {1, 2}) {
                    List<Integer> none = Collections.nCopies(axes, 0);
                    WindowGeometry geometry = new WindowGeometry(Collections.nCopies(axes, 2),
                            Collections.nCopies(axes, dilation), none, none);
                    List<Integer> window = Collections.nCopies(axes, 2);
                    MemoryDescriptor src = activations(tag, 4, channels, axes, 8);
                    MemoryDescriptor dst = activations(tag, 4, channels, axes, geometry.outputSize(0, 8, 2));
                    String what =
                            axes + "d pool " + kind + " " + tag + " channels " + channels + " dilation " + dilation;
                    attempt(what, () -> {
                        PrimitiveDescriptor forward = describe(what + " fwd", () -> new Pooling.Forward(
                                Propagation.TRAINING, kind, src, dst, window, geometry));
                        attempt(what + " bwd", () -> describe(what + " bwd",
                                () -> new Pooling.Backward(kind, src, dst, window, geometry, forward)).close());
                        forward.close();
                    });
                }
            }
        }
    }

    private static void normalizations(int axes, FormatTag tag) {
        for (int channels : new int[] {1, 3, 16, 17, 64}) {
            for (boolean relu : new boolean[] {false, true}) {
                MemoryDescriptor x = activations(tag, 4, channels, axes, 8);
                String what = axes + "d batch norm " + tag + " channels " + channels + (relu ? " relu" : "");
                Set<BatchNormalization.Flag> flags = relu
                        ? Set.of(BatchNormalization.Flag.SCALE, BatchNormalization.Flag.SHIFT,
                                BatchNormalization.Flag.RELU)
                        : Set.of(BatchNormalization.Flag.SCALE, BatchNormalization.Flag.SHIFT);
                attempt(what, () -> {
                    PrimitiveDescriptor forward = describe(what + " fwd",
                            () -> new BatchNormalization.Forward(Propagation.TRAINING, x, x, 1e-5f, flags));
                    attempt(what + " bwd", () -> describe(what + " bwd",
                            () -> new BatchNormalization.Backward(x, x, x, 1e-5f, flags, forward)).close());
                    forward.close();
                });
            }
        }
    }

    private static void rows() {
        for (long[] dims : new long[][] {{1, 1}, {128, 10}, {4, 8, 64, 64}, {4, 64, 8, 8}}) {
            for (int axis = 0; axis < dims.length; axis++) {
                int along = axis;
                MemoryDescriptor x = MemoryDescriptor.of(DataType.F32, dims);
                for (Softmax.Kind kind : Softmax.Kind.values()) {
                    String what = kind + " " + Arrays.toString(dims) + " axis " + axis;
                    PrimitiveDescriptor forward = describe(what + " fwd",
                            () -> new Softmax.Forward(Propagation.TRAINING, kind, x, x, along));
                    describe(what + " bwd", () -> new Softmax.Backward(kind, x, x, x, along, forward)).close();
                    forward.close();
                }
            }
            MemoryDescriptor x = MemoryDescriptor.of(DataType.F32, dims);
            MemoryDescriptor statistics = MemoryDescriptor.of(DataType.F32, Arrays.copyOf(dims, dims.length - 1));
            Set<LayerNormalization.Flag> flags =
                    Set.of(LayerNormalization.Flag.SCALE, LayerNormalization.Flag.SHIFT);
            String what = "layer norm " + Arrays.toString(dims);
            PrimitiveDescriptor forward = describe(what + " fwd",
                    () -> new LayerNormalization.Forward(Propagation.TRAINING, x, x, statistics, 1e-5f, flags));
            describe(what + " bwd", () -> new LayerNormalization.Backward(x, x, x, statistics, 1e-5f, flags, forward))
                    .close();
            forward.close();
        }
        List<MemoryDescriptor> layouts = new ArrayList<>();
        for (FormatTag tag : FormatTag.values()) {
            if (tag != FormatTag.ANY) {
                layouts.add(activations(tag, 4, 17, 2, 9));
            }
        }
        layouts.add(MemoryDescriptor.permuted(DataType.F32, new long[] {4, 17, 9, 9}, 3, 2, 1, 0));
        for (MemoryDescriptor from : layouts) {
            for (MemoryDescriptor to : layouts) {
                attempt("reorder",
                        () -> describe("reorder " + from + " -> " + to, () -> new Reorder(from, to)).close());
            }
        }
        for (Direction direction : Direction.values()) {
            Lstm.Tensors lstm = Lstm.Tensors.of(5, 3, 7, 13);
            describe("lstm " + direction, () -> new Lstm.Forward(Propagation.TRAINING, direction, lstm)).close();
            describe("lstm inference " + direction,
                    () -> new Lstm.Forward(Propagation.INFERENCE, direction, lstm)).close();
            RecurrentTensors gru = Gru.tensors(5, 3, 7, 13);
            describe("gru " + direction, () -> new Gru.Forward(Propagation.TRAINING, direction, gru)).close();
        }
    }
}
