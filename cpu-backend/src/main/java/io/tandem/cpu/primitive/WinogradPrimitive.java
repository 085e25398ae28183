package io.tandem.cpu.primitive;

import io.tandem.compile.ChannelBlocks;
import io.tandem.compile.Plan;
import io.tandem.cpu.kernel.Place;
import io.tandem.cpu.kernel.StepKernel;
import io.tandem.cpu.kernel.StepPlaces;

import io.tandem.cpu.onednn.DataType;
import io.tandem.cpu.onednn.FilterTag;
import io.tandem.cpu.onednn.FormatTag;
import io.tandem.cpu.onednn.Memory;
import io.tandem.cpu.onednn.MemoryDescriptor;
import io.tandem.cpu.winograd.WinogradCode;
import io.tandem.cpu.winograd.WinogradConvolution;
import io.tandem.cpu.winograd.WinogradFilterGradient;
import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.Op;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.List;
import java.util.Optional;

/**
 * Convolutions in Winograd's form, where that is faster than oneDNN's: filters of 3x3, no strides, channels in whole blocks of
 * 16, enough pixels. oneDNN brings filters, and images that are not in blocks, into the layouts that this needs.
 */
final class WinogradPrimitive {
    private static final int LANES = 16;

    /** In clock cycles per 16 filters: what their transforms and reorders cost. */
    private static final double FILTER_COST = 230;

    /** In clock cycles per tile of 16 channels: what the transform of inputs costs. */
    private static final double INPUT_COST = 250;

    /** In clock cycles per tile of 16 channels: what the transform of results costs. */
    private static final double RESULT_COST = 200;

    private static final String LABEL = "Winograd 4x4, 3x3";

    private final OneDnnContext context;
    private final WinogradCode code;
    private final Team team;

    WinogradPrimitive(OneDnnContext context, WinogradCode code, Team team) {
        this.context = context;
        this.code = code;
        this.team = team;
    }

    Optional<StepKernel> forward(Op.Convolution op, Optional<Plan.Epilogue> epilogue, StepPlaces places) {
        Place x = places.operands().get(0);
        Place w = places.operands().get(1);
        Place y = places.result();
        if (!pays(op.geometry(), x, w, y, y)) {
            return Optional.empty();
        }
        boolean bias = epilogue.map(Plan.Epilogue::bias).orElse(false);
        boolean relu = epilogue.flatMap(Plan.Epilogue::activation).isPresent();
        WinogradConvolution.Task task = new WinogradConvolution.Task(
                dims(x), dims(y), op.geometry().padLow().get(0), op.geometry().padLow().get(1), false, bias, relu);
        return convolution(task, x, w, bias ? Optional.of(places.operands().get(2)) : Optional.empty(), y);
    }

    Optional<StepKernel> inputGradient(Op.ConvolutionInputGradient op, StepPlaces places) {
        Place w = places.operands().get(0);
        Place dy = places.operands().get(1);
        Place dx = places.result();
        if (!pays(op.geometry(), dx, w, dy, dx)) {
            return Optional.empty();
        }
        WinogradConvolution.Task task = new WinogradConvolution.Task(
                dims(dy),
                dims(dx),
                2 - op.geometry().padLow().get(0),
                2 - op.geometry().padLow().get(1),
                true,
                false,
                false);
        return convolution(task, dy, w, Optional.empty(), dx);
    }

    private Optional<StepKernel> convolution(
            WinogradConvolution.Task task, Place from, Place w, Optional<Place> bias, Place to) {
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context)) {
            WinogradConvolution convolution =
                    builder.owns(new WinogradConvolution(code, task, team.threads()));
            Memory source = builder.operand(from, OneDnnLayout.at(from), images(from));
            Memory filter = builder.operand(
                    w,
                    OneDnnLayout.at(w),
                    filter(w, task.turned() ? FilterTag.INPUTS_INNERMOST : FilterTag.RESULTS_INNERMOST));
            PrimitiveKernel.Results results = new PrimitiveKernel.Results(builder);
            Memory target = results.at(to, OneDnnLayout.at(to), images(to));
            Memory workspace = workspace(builder, convolution.workspaceBytes());
            builder.then(() -> convolution.run(
                    team,
                    address(source),
                    address(filter),
                    bias.map(Place::address).orElse(0L),
                    address(target),
                    address(workspace)));
            results.finish();
            return Optional.of(builder.label(LABEL).build());
        }
    }

    Optional<StepKernel> filterGradient(Op.ConvolutionFilterGradient op, StepPlaces places) {
        Place x = places.operands().get(0);
        Place dy = places.operands().get(1);
        Place dw = places.result();
        if (!pays(op.geometry(), x, dw, dy, dy)) {
            return Optional.empty();
        }
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context)) {
            WinogradFilterGradient gradient = builder.owns(new WinogradFilterGradient(
                    code,
                    dims(x),
                    dims(dy),
                    op.geometry().padLow().get(0),
                    op.geometry().padLow().get(1),
                    team.threads()));
            Memory input = builder.operand(x, OneDnnLayout.at(x), images(x));
            Memory cotangent = builder.operand(dy, OneDnnLayout.at(dy), images(dy));
            PrimitiveKernel.Results results = new PrimitiveKernel.Results(builder);
            Memory target = results.at(dw, OneDnnLayout.at(dw), filter(dw, FilterTag.RESULTS_INNERMOST));
            Memory workspace = workspace(builder, gradient.workspaceBytes());
            builder.then(
                    () -> gradient.run(team, address(input), address(cotangent), address(target), address(workspace)));
            results.finish();
            return Optional.of(builder.label(LABEL).build());
        }
    }

    private static Memory workspace(PrimitiveKernel.Builder builder, long bytes) {
        return builder.temporary(MemoryDescriptor.of(DataType.F32, Math.ceilDiv(bytes, Float.BYTES)));
    }

    private static long address(Memory memory) {
        return memory.segment().address();
    }

    private static long[] dims(Place place) {
        return OneDnnLayout.dims(place.type().shape());
    }

    private static MemoryDescriptor images(Place place) {
        return MemoryDescriptor.of(DataType.F32, FormatTag.BLOCKED_16, dims(place));
    }

    private static MemoryDescriptor filter(Place place, FilterTag tag) {
        return MemoryDescriptor.filter(DataType.F32, tag, dims(place));
    }

    /** @param tiled the images whose tiles are computed */
    private boolean pays(ConvolutionGeometry geometry, Place x, Place w, Place y, Place tiled) {
        Shape filter = w.type().shape();
        boolean possible = geometry.axes() == 2
                && geometry.groups() == 1
                && geometry.stride().equals(List.of(1, 1))
                && geometry.dilation().equals(List.of(1, 1))
                && filter.dim(2) == 3
                && filter.dim(3) == 3
                && filter.dim(0) % LANES == 0
                && filter.dim(1) % LANES == 0
                && isFloat(x)
                && isFloat(w)
                && isFloat(y)
                && isInBlocksOrRowMajor(x)
                && isInBlocksOrRowMajor(y)
                && context.factor(DataType.F32) == DataType.F32;
        return possible && isFaster(filter, y.type().shape(), tiled.type().shape());
    }

    private static boolean isFloat(Place place) {
        return place.type().dtype() == DType.F32 && place.type().bytes() > 0;
    }

    private static boolean isInBlocksOrRowMajor(Place place) {
        return switch (place.layout()) {
            case Plan.RowMajor row -> true;
            case ChannelBlocks blocks -> blocks.block() == LANES;
            default -> false;
        };
    }

    /** Compares costs per 16 filters, in clock cycles of 16 products each. */
    private static boolean isFaster(Shape filter, Shape y, Shape tiled) {
        double pixels = (double) y.dim(0) * y.dim(2) * y.dim(3);
        double tiles = (double) tiled.dim(0) * Math.ceilDiv(tiled.dim(2), 4) * Math.ceilDiv(tiled.dim(3), 4);
        double transforms = INPUT_COST / filter.dim(0) + RESULT_COST / filter.dim(1);
        return tiles * (36 + transforms) + FILTER_COST < 0.9 * 9 * pixels;
    }
}
